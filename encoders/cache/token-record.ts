import { fromHalf, toHalf } from '../../base/index.ts';
import type { Token, TokenVectors } from '../groups/token-encoder.ts';

/** What the numbers of cached token vectors are stored as: float16, or a byte each with a float32 scale a token (an error of 0.4% of a token's largest number at most). */
export type TokenPrecision = 'float16' | 'int8';

const HEADER_BYTES = 16;
const LARGEST_CODE = 127;

/*
 * A record, little-endian: tokens (uint32), dimension (uint32), length of the sentence's vector (uint32), bytes of the tokens' JSON (uint32); the sentence's vector, float32;
 * the token vectors, float16, or scales [tokens] float32 and codes [tokens, dimension] int8; the JSON: `[text, flags]` each, flags 1 for `continues` and 2 for `special`.
 */

/** One text's token vectors as bytes. */
export function encodeTokenRecord({ tokens, dimension, vectors, sentence }: TokenVectors, precision: TokenPrecision): Buffer {
  const names = Buffer.from(
    JSON.stringify(tokens.map(({ text, continues, special }) => [text, (continues ? 1 : 0) + (special ? 2 : 0)])),
  );
  const start = HEADER_BYTES + 4 * sentence.length;
  const size = start + vectorBytes(tokens.length, dimension, precision);
  const record = Buffer.alloc(size + names.length);
  [tokens.length, dimension, sentence.length, names.length].forEach((value, place) => {
    record.writeUInt32LE(value, 4 * place);
  });
  sentence.forEach((value, place) => {
    record.writeFloatLE(value, HEADER_BYTES + 4 * place);
  });
  if (precision === 'float16') {
    for (let i = 0; i < vectors.length; i++) record.writeUInt16LE(toHalf(vectors[i]!), start + 2 * i);
  } else {
    const codes = start + 4 * tokens.length;
    for (let token = 0; token < tokens.length; token++) {
      const row = vectors.subarray(token * dimension, (token + 1) * dimension);
      let largest = 0;
      for (const value of row) largest = Math.max(largest, Math.abs(value));
      const scale = Math.fround(largest / LARGEST_CODE);
      record.writeFloatLE(scale, start + 4 * token);
      for (let i = 0; i < dimension; i++)
        record.writeInt8(
          scale === 0 ? 0 : Math.round(Math.max(-LARGEST_CODE, Math.min(LARGEST_CODE, row[i]! / scale))),
          codes + token * dimension + i,
        );
    }
  }
  names.copy(record, size);
  return record;
}

/** The token vectors of a record that is whole. */
export function decodeTokenRecord(record: Buffer, precision: TokenPrecision): TokenVectors {
  const [count, dimension, sentenceLength, nameBytes] = [0, 4, 8, 12].map((place) => record.readUInt32LE(place)) as [
    number,
    number,
    number,
    number,
  ];
  const sentence = Float32Array.from({ length: sentenceLength }, (_, place) => record.readFloatLE(HEADER_BYTES + 4 * place));
  const start = HEADER_BYTES + 4 * sentenceLength;
  const vectors = new Float32Array(count * dimension); // [tokens, dimension]
  if (precision === 'float16') {
    for (let i = 0; i < vectors.length; i++) vectors[i] = halves()[record.readUInt16LE(start + 2 * i)]!;
  } else {
    const codes = start + 4 * count;
    for (let token = 0; token < count; token++) {
      const scale = record.readFloatLE(start + 4 * token);
      for (let i = token * dimension; i < (token + 1) * dimension; i++) vectors[i] = record.readInt8(codes + i) * scale;
    }
  }
  const named = JSON.parse(record.toString('utf8', record.length - nameBytes)) as [string, number][];
  const tokens = named.map(([text, flags]): Token => ({ text, continues: (flags & 1) !== 0, special: (flags & 2) !== 0 }));
  return { tokens, dimension, vectors, sentence };
}

function vectorBytes(tokens: number, dimension: number, precision: TokenPrecision): number {
  return tokens * (precision === 'float16' ? 2 * dimension : 4 + dimension);
}

let table: Float32Array | undefined;

/** The number of each of the 65,536 halves. */
function halves(): Float32Array {
  table ??= Float32Array.from({ length: 65_536 }, (_, half) => fromHalf(half));
  return table;
}
