import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PlainRowKernels } from '../../../model/kernels/rows/plain-row-kernels.ts';
import type { SymbolBatch } from '../../../model/symbols/symbol-batch.ts';
import { HashTables } from '../../../model/tables/hash-tables.ts';

const test = suite('hash tables');

const DIMENSION = 8;
const ROWS = 11;

/** Two chunks of three places: lengths 1, 4, padding; and padding, padding, padding. */
const batch: SymbolBatch = {
  size: 2,
  symbols: 3,
  lengths: Float32Array.of(1, 4, 0, 0, 0, 0),
  kinds: new Int32Array(6),
  places: Int32Array.of(0, 1),
  starts: Int32Array.of(0, 1, 5),
  rows: [Int32Array.of(4, 259, 7, 7, 8), Int32Array.of(0, 10, 3, 3, 10), Int32Array.of(1, 2, 1, 2, 1)],
};

for (const kernels of [undefined, new PlainRowKernels()]) {
  test(`a symbol is the sum of its positions' rows times length^-1/2, padding is zero (${kernels?.name ?? 'chosen'})`, () => {
    const tables = kernels ? new HashTables(DIMENSION, 2, ROWS, kernels) : new HashTables(DIMENSION, 2, ROWS);
    tables.randomize(5);
    const embedded = tables.embed(batch);
    assert.is(embedded.length, 6 * DIMENSION);
    for (let channel = 0; channel < DIMENSION; channel++) {
      let one = 0;
      let four = 0;
      for (let table = 0; table < 3; table++) {
        const at = (position: number) => tables.tables[table]![batch.rows[table]![position]! * DIMENSION + channel]!;
        one += at(0);
        four += (at(1) + at(2) + at(3) + at(4)) / 2;
      }
      assert.ok(Math.abs(embedded[channel]! - one) < 1e-6);
      assert.ok(Math.abs(embedded[DIMENSION + channel]! - four) < 1e-6);
    }
    assert.ok(embedded.subarray(2 * DIMENSION).every((value) => value === 0));
  });
}

test('sizes: 260 byte rows, then the rows of each n-gram size', () => {
  const tables = new HashTables(DIMENSION, 2, ROWS);
  assert.equal(
    tables.tables.map((table) => table.length),
    [260 * DIMENSION, ROWS * DIMENSION, ROWS * DIMENSION],
  );
  assert.is(tables.size, (260 + 2 * ROWS) * DIMENSION);
});

test('rows depend on the seed alone and have the deviation of BLT, dimension^-1/2', () => {
  const make = (seed: number) => {
    const tables = new HashTables(16, 1, 2000);
    tables.randomize(seed);
    return tables.tables.map((table) => table.slice());
  };
  assert.equal(make(1), make(1));
  assert.not.equal(make(1), make(2));
  const values = make(1)[1]!;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  // 0.9866 of it: the normal distribution is cut at 3 sigma.
  assert.ok(Math.abs(deviation - 0.9866 / 4) < 0.005, `${deviation}`);
});

test('a dimension that the kernels cannot hold is refused', () => {
  assert.throws(() => new HashTables(12, 1, 10), /multiple of 8, got 12/);
});

test.run();
