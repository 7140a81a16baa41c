import { FormatError } from '../../base/index.ts';
import { FseDistribution, FseTable } from './fse.ts';
import { HuffmanTable } from './huffman.ts';
import { PaddedBytes } from './padded-bytes.ts';
import { literalLengthAlphabet, matchLengthAlphabet, offsetAlphabet, type SequenceAlphabet } from './sequence-codes.ts';

/** First four bytes (little endian) of a dictionary with entropy tables (RFC 8878, 5). */
export const DICTIONARY_MAGIC = 0xec30a437;

/** The decoding tables of a formatted dictionary, parsed once and shared by every frame that is read with it. */
export interface DictionaryEntropy {
  readonly literals: HuffmanTable;
  readonly offsets: FseTable;
  readonly matchLengths: FseTable;
  readonly literalLengths: FseTable;
  /** The three offsets that a frame starts with as its last ones. */
  readonly repeatOffsets: readonly [number, number, number];
}

/** A zstd dictionary, raw content or formatted. */
export interface Dictionary {
  /** As stored. */
  readonly bytes: Uint8Array;
  /** What matches may reach: all bytes of a raw dictionary, those behind the tables of a formatted one. */
  readonly content: Uint8Array;
  /** Dictionary id, 0 for raw content. */
  readonly id: number;
  /** The tables of a formatted dictionary. */
  readonly entropy?: DictionaryEntropy;
}

/** More bytes than the magic, the id, the four tables and the repeat offsets can take (a Huffman tree at most 129, an FSE table about 100). */
const LARGEST_HEADER = 1024;

/**
 * Reads a dictionary: formatted when it starts with the magic number 0xEC30A437, else raw content.
 *
 * @throws FormatError DICTIONARY_INVALID when the magic is there and what follows is malformed
 */
export function readDictionary(bytes: Uint8Array): Dictionary {
  // zstd takes less than 8 bytes as no dictionary or as raw content, never as a formatted one.
  if (bytes.length < 8) return { bytes, content: bytes, id: 0 };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== DICTIONARY_MAGIC) return { bytes, content: bytes, id: 0 };
  try {
    return readFormatted(bytes, view.getUint32(4, true));
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new FormatError('DICTIONARY_INVALID', error.message, {
      details: { ...error.details },
      cause: error,
    });
  }
}

function readFormatted(bytes: Uint8Array, id: number): Dictionary {
  const header = Math.min(bytes.length, LARGEST_HEADER);
  const input = new PaddedBytes(header, 'zstd dictionary');
  input.load(bytes, 0, header);
  const literals = new HuffmanTable();
  let next = literals.read(input, input.start + 8);
  const distribution = new FseDistribution();
  const readTable = (alphabet: SequenceAlphabet): FseTable => {
    next = distribution.read(input, next, alphabet.largestLog, alphabet.codes);
    return new FseTable(alphabet.largestLog).fill(distribution);
  };
  const offsets = readTable(offsetAlphabet);
  const matchLengths = readTable(matchLengthAlphabet);
  const literalLengths = readTable(literalLengthAlphabet);
  input.need(next + 12, 'the repeat offsets');
  const repeatOffsets = [0, 4, 8].map((at) => input.view.getUint32(next + at, true)) as [number, number, number];
  const content = bytes.subarray(next + 12 - input.start);
  for (const offset of repeatOffsets) {
    if (offset === 0 || offset > content.length) {
      input.fail('FRAME_BAD_OFFSET', next, `repeat offset ${offset} does not point into the ${content.length} bytes of content`);
    }
  }
  return { bytes, content, id, entropy: { literals, offsets, matchLengths, literalLengths, repeatOffsets } };
}
