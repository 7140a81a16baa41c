import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PlainRowKernels } from '../../../model/kernels/rows/plain-row-kernels.ts';
import { SimdRowKernels } from '../../../model/kernels/rows/simd-row-kernels.ts';
import type { EncodedChunk } from '../../../model/symbols/symbol-batch.ts';
import { NgramCounts } from '../../../training/warm-start/ngram-counts.ts';
import { randomValues } from '../../model/tiny-model.ts';

const test = suite('counts of n-grams');

const WIDTH = 8;
const TABLE_ROWS = 20;

function chunk(lengths: readonly number[], rows: readonly (readonly number[])[]): EncodedChunk {
  return {
    count: lengths.length,
    lengths: Uint32Array.from(lengths),
    kinds: new Uint8Array(lengths.length),
    rows: rows.map((own) => Int32Array.from(own)),
  };
}

const chunks = [
  chunk(
    [1, 3],
    [
      [4, 9, 9, 2],
      [19, 0, 0, 0],
    ],
  ),
  chunk([1], [[9], [7]]),
  // Positions of the first text in other symbols.
  chunk(
    [2, 2],
    [
      [4, 9, 9, 2],
      [19, 0, 0, 0],
    ],
  ),
];

/** Of 4, 1 and 4 positions the geometric mean is 16^(1/3). */
const TYPICAL = 16 ** (1 / 3);

/** How often a text names a row, divided by positions^0.8 / typical^0.3: for a text of typical length, by the root of its positions. */
function entry(text: number, table: number, row: number): number {
  const rows = chunks[text]!.rows[table]!;
  return (rows.filter((value) => value === row).length * TYPICAL ** 0.3) / rows.length ** 0.8;
}

for (const kernels of [new SimdRowKernels(), new PlainRowKernels()]) {
  test(`both products are those of the plain matrix (${kernels.name})`, () => {
    const counts = new NgramCounts(chunks, WIDTH, TABLE_ROWS, kernels);
    assert.equal(
      counts.rows.map((rows) => [...rows]),
      [
        [4, 9, 2],
        [19, 0, 7],
      ],
    );
    const unknowns = counts.unknowns();
    unknowns.forEach((values, table) => {
      values.set(randomValues(values.length, `unknowns ${table}`));
    });
    const image = counts.apply(unknowns);
    chunks.forEach((_, text) => {
      for (let c = 0; c < WIDTH; c++) {
        let expected = 0;
        counts.rows.forEach((rows, table) => {
          rows.forEach((row, unknown) => {
            expected += entry(text, table, row) * unknowns[table]![unknown * WIDTH + c]!;
          });
        });
        assert.ok(Math.abs(image[text * WIDTH + c]! - expected) < 1e-5);
      }
    });
    assert.equal(image.slice(0, WIDTH), image.slice(2 * WIDTH), 'the same text, parsed otherwise');

    const equations = randomValues(chunks.length * WIDTH, 'equations');
    const before = equations.slice();
    const gradient = counts.applyTransposed(equations);
    counts.rows.forEach((rows, table) => {
      rows.forEach((row, unknown) => {
        for (let c = 0; c < WIDTH; c++) {
          const expected = chunks.reduce((sum, _, text) => sum + entry(text, table, row) * equations[text * WIDTH + c]!, 0);
          assert.ok(Math.abs(gradient[table]![unknown * WIDTH + c]! - expected) < 1e-5);
        }
      });
    });
    assert.equal(equations, before);
    counts.columnSquares.forEach((squares, table) => {
      squares.forEach((square, unknown) => {
        const row = counts.rows[table]![unknown]!;
        const expected = chunks.reduce((sum, _, text) => sum + entry(text, table, row) ** 2, 0);
        assert.ok(Math.abs(square - expected) < 1e-6);
      });
    });
  });
}

test.run();
