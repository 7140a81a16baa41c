import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ByteSpan, RandomNumbers } from '../../../base/index.ts';
import { symbolCoverage, symbolsWithin } from '../../../eval/encoders/symbol-coverage.ts';
import { createCompressor, parseFrame } from '../../../zpkg/index.ts';

const test = suite('symbols that are read');

test('symbols of spans: as one who looks at every byte counts them', () => {
  const random = new RandomNumbers(5, 'symbols');
  for (let round = 0; round < 200; round++) {
    const lengths = Uint32Array.from({ length: 1 + random.integer(12) }, () => 1 + random.integer(5));
    /** [bytes] the symbol that each byte is of */
    const symbolOf = [...lengths].flatMap((length, symbol) => Array<number>(length).fill(symbol));
    const starts = Array.from({ length: 5 }, () => random.integer(symbolOf.length + 1)).sort((a, b) => a - b);
    const spans = starts.map((start): ByteSpan => ({ start, end: start + random.integer(symbolOf.length - start + 1) }));
    assert.equal(
      symbolsWithin(lengths, spans),
      spans.map(({ start, end }) => new Set(symbolOf.slice(start, end)).size),
    );
  }
});

test('coverage of passages, and of chunks that are their own', async () => {
  const text = Buffer.from(`${'abcdefgh'.repeat(3)}a quick brown fox, and then some more of it`);
  const frame = createCompressor({ level: 3 }).compress(text);
  const { count } = parseFrame(frame);
  const whole = { start: 0, end: text.length };
  const half = { start: 0, end: text.length >> 1 };
  const source = {
    dictionary: new Uint8Array(),
    chunksOf: (id: string) => (id === 'both' ? [0, 1] : [0]),
    compressedChunk: async () => frame,
    passagesOf: async (chunk: number) => (chunk === 1 ? [half, whole] : undefined),
  };
  const [halfCount] = symbolsWithin(parseFrame(frame).lengths.subarray(0, count), [half]);
  const got = await symbolCoverage(source, ['both', 'one'], { maximumSymbols: count - 1, input: 'symbols' });
  // Chunk 0 whole, twice, and chunk 1 as its two passages: three have one symbol more than are read.
  assert.equal(got, {
    chunks: 3,
    passages: 4,
    symbols: 3 * count + halfCount!,
    symbols_read: 3 * (count - 1) + halfCount!,
    largest_passage_symbols: count,
    passages_cut: 3,
  });
  const bytes = await symbolCoverage(source, ['one'], { maximumSymbols: 4096, input: 'bytes' });
  assert.equal([bytes.symbols, bytes.passages], [frame.length, 1]);
});

test.run();
