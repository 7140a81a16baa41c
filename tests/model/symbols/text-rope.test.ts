import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError } from '../../../base/index.ts';
import { cutSymbols } from '../../../model/symbols/cut-symbols.ts';
import { BYTE_ID_OFFSET, NgramHash } from '../../../model/symbols/ngram-hash.ts';
import { resolveRope } from '../../../model/symbols/rope.ts';
import { batchChunks, encodeSymbols } from '../../../model/symbols/symbol-batch.ts';
import { DictionaryRows, passageRows } from '../../../model/symbols/text-rope.ts';
import { HashTables } from '../../../model/tables/hash-tables.ts';
import { createCompressor, type FrameSymbols, parseFrame, readDictionary, trainDictionary } from '../../../zpkg/index.ts';
import { readmePassages } from '../real-texts.ts';
import { CASES, copy, DICTIONARY, execute, frameOf } from './frames.ts';

const test = suite('rope');

const SIZES = [3, 4, 5, 6, 7, 8];
const LONGEST = 8;
const ROWS = 1009;
const TABLE_DIMENSION = 8;
const hash = new NgramHash(SIZES, ROWS);
const tables = new HashTables(TABLE_DIMENSION, SIZES.length, ROWS);
tables.randomize(1);

/** What the plain text says; it exists in these tests only. */
interface Expected {
  readonly text: Uint8Array;
  /** [positions, sizes], hashed from the text itself. */
  readonly rows: Int32Array;
  /** [positions, dimension] sum of the table rows of each position, in float64. */
  readonly sums: Float64Array;
  /** [positions] sum of the rows' magnitudes, of the largest channel. */
  readonly magnitudes: Float64Array;
}

function expectedOf(text: Uint8Array): Expected {
  const ids = Uint16Array.from(text, (byte) => byte + BYTE_ID_OFFSET);
  const rows = new Int32Array(text.length * SIZES.length);
  hash.hash(ids, 0, ids.length, rows);
  const sums = new Float64Array(text.length * TABLE_DIMENSION);
  const magnitudes = new Float64Array(text.length);
  for (let position = 0; position < text.length; position++) {
    for (let channel = 0; channel < TABLE_DIMENSION; channel++) {
      let sum = tables.tables[0]![ids[position]! * TABLE_DIMENSION + channel]!;
      let magnitude = Math.abs(sum);
      for (let column = 0; column < SIZES.length; column++) {
        const value = tables.tables[column + 1]![rows[position * SIZES.length + column]! * TABLE_DIMENSION + channel]!;
        sum += value;
        magnitude += Math.abs(value);
      }
      sums[position * TABLE_DIMENSION + channel] = sum;
      magnitudes[position] = Math.max(magnitudes[position]!, magnitude);
    }
  }
  return { text, rows, sums, magnitudes };
}

const equalArrays = (a: Int32Array, b: Int32Array) => Buffer.compare(Buffer.from(a.buffer), Buffer.from(b.buffer)) === 0;

/** The whole frame as its one passage. */
function encodeFrame(symbols: FrameSymbols, dictionary: DictionaryRows) {
  const passages = cutSymbols(symbols, [{ start: 0, end: symbols.size }], Number.POSITIVE_INFINITY);
  const [rope] = passageRows(resolveRope(symbols, dictionary.ids.length), symbols.literals, passages, dictionary, hash);
  return { rope: rope!, chunk: encodeSymbols(passages[0]!, [rope!], SIZES.length) };
}

/** Compares the symbols of a chunk with its plain text: rows and bytes at every position, then the symbols' embeddings with the sums over their spans. */
function compare(symbols: FrameSymbols, dictionary: DictionaryRows, expected: Expected, name: string): void {
  const { rope, chunk } = encodeFrame(symbols, dictionary);
  assert.is(rope.ids.length, expected.text.length, name);
  for (let position = 0; position < expected.text.length; position++) {
    if (rope.ids[position] !== expected.text[position]! + BYTE_ID_OFFSET) assert.unreachable(`${name}: byte at ${position}`);
  }
  if (!equalArrays(rope.rows, expected.rows)) {
    const wrong = rope.rows.findIndex((row, index) => row !== expected.rows[index]);
    assert.unreachable(`${name}: row ${wrong % SIZES.length} of position ${Math.floor(wrong / SIZES.length)}`);
  }
  assert.ok(rope.joinedBytes <= (LONGEST - 1) * rope.borders, `${name}: ${rope.joinedBytes} joined at ${rope.borders} borders`);

  const embedded = tables.embed(batchChunks([chunk], (longest) => longest));
  let position = 0;
  for (let symbol = 0; symbol < chunk.count; symbol++) {
    const length = chunk.lengths[symbol]!;
    let magnitude = 0;
    for (let i = 0; i < length; i++) magnitude += expected.magnitudes[position + i]!;
    const bound = floatError(length, magnitude);
    for (let channel = 0; channel < TABLE_DIMENSION; channel++) {
      let sum = 0;
      for (let i = 0; i < length; i++) sum += expected.sums[(position + i) * TABLE_DIMENSION + channel]!;
      const error = Math.abs(embedded[symbol * TABLE_DIMENSION + channel]! - sum / Math.sqrt(length));
      if (!(error <= bound))
        assert.unreachable(`${name}: symbol ${symbol} of ${length} bytes is ${error} off, rounding explains ${bound}`);
    }
    position += length;
  }
  assert.is(position, expected.text.length, name);
}

/**
 * The most that rounding makes of it: a float32 sum of n numbers, in whatever order, is off by at most n * 2^-24 * sum of magnitudes (Higham 2002, 4.2); here
 * n = 7 rows a position, and 3 more roundings are in the factor length^-1/2, the product with it, and the result.
 */
function floatError(length: number, magnitude: number): number {
  return ((1 + SIZES.length) * length + 3) * 2 ** -24 * (magnitude / Math.sqrt(length));
}

const passages = readmePassages(1000, 1024);
const chunks = passages.map(expectedOf);
const dictionaries: Record<string, Uint8Array> = {
  'no dictionary': new Uint8Array(0),
  'a raw dictionary': Buffer.concat(readmePassages(1300, 1024).filter((_, index) => index % 20 === 0)),
  'a formatted dictionary': trainDictionary(passages, { size: 32_768, level: 3 }),
};

test('the texts and dictionaries are what they should be', () => {
  assert.is(chunks.length, 1000);
  assert.is(readDictionary(dictionaries['a raw dictionary']!).entropy, undefined);
  assert.ok(readDictionary(dictionaries['a formatted dictionary']!).entropy);
});

for (const [name, bytes] of Object.entries(dictionaries)) {
  for (const level of [1, 3, 19]) {
    test(`1,000 real chunks at level ${level} with ${name}: rows and sums are those of the plain text`, () => {
      const dictionary = readDictionary(bytes);
      const rows = new DictionaryRows(dictionary.content, hash);
      const compressor = createCompressor({ level, dictionary: bytes });
      let copies = 0;
      chunks.forEach((expected, index) => {
        const symbols = parseFrame(compressor.compress(expected.text), dictionary);
        compare(symbols, rows, expected, `chunk ${index}`);
        for (const offset of symbols.offsets) if (offset > 0) copies++;
      });
      assert.ok(copies > 10_000, `${copies} copies`);
    });
  }
}

const TECHDOCS = new URL('../../../../shared/data/techdocs-beir/corpus.jsonl', import.meta.url);

if (!existsSync(TECHDOCS)) {
  console.log('skipped: rope of technical documentation (../shared/data is not beside the checkout)');
} else {
  test('1,000 passages of technical documentation: rows and sums are those of the plain text', async () => {
    const texts: Uint8Array[] = [];
    const lines = createInterface({ input: createReadStream(TECHDOCS) });
    for await (const line of lines) {
      texts.push(Buffer.from((JSON.parse(line) as { text: string }).text));
      if (texts.length === 1000) break;
    }
    lines.close();
    assert.is(texts.length, 1000);
    const bytes = trainDictionary(texts, { size: 32_768, level: 3 });
    const dictionary = readDictionary(bytes);
    const rows = new DictionaryRows(dictionary.content, hash);
    const compressors = [1, 3, 19].map((level) => createCompressor({ level, dictionary: bytes }));
    texts.forEach((text, index) => {
      const expected = expectedOf(text);
      for (const compressor of compressors)
        compare(parseFrame(compressor.compress(text), dictionary), rows, expected, `passage ${index}`);
    });
  });
}

for (const [name, frame, dictionary = DICTIONARY] of CASES) {
  test(`${name}: rows and sums are those of the plain text`, () => {
    const rows = new DictionaryRows(Buffer.from(dictionary), hash);
    compare(frame, rows, expectedOf(execute(frame, dictionary)), name);
  });
}

test('documents of several blocks', () => {
  // zstd's blocks hold at most 128 KiB: 160 KiB of real text are two.
  const text = Buffer.concat(readmePassages(160, 1024));
  for (const level of [1, 19]) {
    const symbols = parseFrame(createCompressor({ level }).compress(text));
    assert.ok(symbols.blockStarts.length >= 2, `${symbols.blockStarts.length} blocks`);
    compare(symbols, new DictionaryRows(new Uint8Array(0), hash), expectedOf(text), `level ${level}`);
  }
});

test('borders are counted: bytes before the first range are none, inside a range nothing is joined', () => {
  const rope = (frame: FrameSymbols) => encodeFrame(frame, new DictionaryRows(Buffer.from(DICTIONARY), hash)).rope;
  const literals = rope(frameOf('only literals, however many'));
  assert.equal([literals.borders, literals.joinedBytes], [0, 0]);
  // literals (10) | dictionary (9) | literals (3): 7 bytes before the second range, 7 before the third.
  const three = rope(frameOf('0123456789', copy(40, 9), 'abc'));
  assert.equal([three.borders, three.joinedBytes], [2, 14]);
  // literals (3) | dictionary (2) | literals (1): all 3, then all 5.
  const short = rope(frameOf('abc', copy(40, 2), 'd'));
  assert.equal([short.borders, short.joinedBytes], [2, 8]);
});

test('a copy without its dictionary is refused, with what to do', () => {
  const frame = frameOf('ab', copy(10, 3));
  for (const dictionary of ['', 'seven b']) {
    try {
      encodeFrame(frame, new DictionaryRows(Buffer.from(dictionary), hash));
      assert.unreachable('it was not refused');
    } catch (error) {
      assert.instance(error, CemError);
      assert.is((error as CemError).code, 'ROPE_WITHOUT_DICTIONARY');
      assert.match((error as CemError).message, /dictionary of its container/);
    }
  }
});

test.run();
