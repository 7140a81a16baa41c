import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cutSymbols } from '../../../model/symbols/cut-symbols.ts';
import { NgramHash } from '../../../model/symbols/ngram-hash.ts';
import { resolveRope } from '../../../model/symbols/rope.ts';
import { batchChunks, encodeSymbols } from '../../../model/symbols/symbol-batch.ts';
import { SYMBOL_KINDS, symbolKind } from '../../../model/symbols/symbol-kinds.ts';
import { DictionaryRows, passageRows } from '../../../model/symbols/text-rope.ts';
import { createCompressor, parseFrame } from '../../../zpkg/index.ts';

const test = suite('symbol batch');

test('kinds: padding 0, literal 1, copies exact to 66 bytes, then by powers of two', () => {
  assert.is(symbolKind(false, 1), 1);
  const exact = Array.from({ length: 66 }, (_, index) => symbolKind(true, index + 1));
  assert.equal(
    exact,
    exact.map((_, index) => 2 + index),
  );
  // 67..131 (below 2 x 66), 132..263, 264..527, …
  for (const [length, kind] of [
    [67, 68],
    [131, 68],
    [132, 69],
    [263, 69],
    [264, 70],
    [2 ** 31, SYMBOL_KINDS - 1],
  ] as const)
    assert.is(symbolKind(true, length), kind, `length ${length}`);
  assert.is(SYMBOL_KINDS, 84);
});

const hash = new NgramHash([3, 5], 97);
const none = new DictionaryRows(new Uint8Array(0), hash);

function encoded(text: string, maximumSymbols = 1000) {
  const symbols = parseFrame(createCompressor({ level: 3 }).compress(Buffer.from(text)));
  const passages = cutSymbols(symbols, [{ start: 0, end: symbols.size }], maximumSymbols);
  return {
    chunk: encodeSymbols(passages[0]!, passageRows(resolveRope(symbols, 0), symbols.literals, passages, none, hash), 2),
    symbols,
  };
}

test('a chunk longer than the maximum is cut between symbols, its rows with it', () => {
  const text = 'abcdefghij'.repeat(3) + 'klmnop'.repeat(4);
  const { chunk: whole, symbols } = encoded(text);
  assert.is(whole.count, symbols.count);
  assert.is(whole.leftOut, undefined);
  assert.is(whole.rows[0]!.length, text.length);
  const { chunk } = encoded(text, 11);
  assert.is(chunk.count, 11);
  const positions = chunk.lengths.reduce((sum, length) => sum + length, 0);
  assert.equal(chunk.leftOut, { symbols: whole.count - 11, bytes: text.length - positions });
  assert.is(chunk.rows.length, 3);
  chunk.rows.forEach((rows, table) => {
    assert.is(rows.length, positions);
    assert.equal([...rows], [...whole.rows[table]!.subarray(0, positions)]);
  });
});

test('chunks lie side by side, padded with zeros, each symbol at its place', () => {
  const chunks = [encoded('a longer text, longer than the others').chunk, encoded('').chunk, encoded('short').chunk];
  const batch = batchChunks(chunks, (longest) => longest + 3);
  assert.is(batch.size, 3);
  assert.is(batch.symbols, chunks[0]!.count + 3);
  assert.is(batch.lengths.length, 3 * batch.symbols);
  let symbol = 0;
  let position = 0;
  chunks.forEach((chunk, index) => {
    for (let i = 0; i < batch.symbols; i++) {
      const place = index * batch.symbols + i;
      assert.is(batch.lengths[place], chunk.lengths[i] ?? 0);
      assert.is(batch.kinds[place], chunk.kinds[i] ?? 0);
      if (i >= chunk.count) continue;
      assert.is(batch.places[symbol], place);
      assert.is(batch.starts[symbol], position);
      position += chunk.lengths[i]!;
      symbol++;
    }
  });
  assert.is(batch.places.length, symbol);
  assert.is(batch.starts.length, symbol + 1);
  assert.is(batch.starts[symbol], position);
  batch.rows.forEach((rows, table) => {
    assert.equal(
      [...rows],
      chunks.flatMap((chunk) => [...chunk.rows[table]!]),
    );
  });
});

test('a batch of empty chunks has padding only', () => {
  const batch = batchChunks([encoded('').chunk, encoded('').chunk], () => 4);
  assert.is(batch.places.length, 0);
  assert.equal([...batch.lengths], Array(8).fill(0));
  assert.equal([...batch.starts], [0]);
});

test('patches: ids by symbol, a mask as wide as the most patches, padding marked', () => {
  const cut = (text: string, ...starts: number[]) => ({ ...encoded(text).chunk, patchStarts: Uint32Array.from(starts) });
  const batch = batchChunks([cut('abcdefgh', 0, 3, 4), cut('', ...[]), cut('xyz', 0)], (longest) => longest + 1);
  assert.is(batch.patches!.count, 3);
  assert.equal(
    [...batch.patches!.ids],
    [0, 0, 0, 1, 2, 2, 2, 2, -1, ...Array<number>(9).fill(-1), 0, 0, 0, ...Array<number>(6).fill(-1)],
  );
  assert.equal([...batch.patches!.mask], [1, 1, 1, 0, 0, 0, 1, 0, 0]);
  assert.is(batchChunks([encoded('abc').chunk], (longest) => longest).patches, undefined);
});

test('patches that do not cover the symbols, and chunks with and without them in one batch, are broken invariants', () => {
  const { chunk } = encoded('abcdefgh');
  const batchOf = (...starts: number[]) =>
    batchChunks([{ ...chunk, patchStarts: Uint32Array.from(starts) }], (longest) => longest);
  for (const starts of [[], [1], [0, 3, 3], [0, 5, 2], [0, 8]])
    assert.throws(() => batchOf(...starts), /patch|symbol/, `${starts}`);
  assert.throws(() => batchChunks([chunk, { ...chunk, patchStarts: Uint32Array.of(0) }], (longest) => longest), /either all/);
});

test.run();
