import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import { SimdRowKernels } from '../../../model/kernels/rows/simd-row-kernels.ts';
import type { SymbolBatch } from '../../../model/symbols/symbol-batch.ts';
import { HashTables } from '../../../model/tables/hash-tables.ts';
import {
  createTableOptimizer,
  TABLE_OPTIMIZERS,
  tableOptimizerNumbers,
} from '../../../training/optimizers/create-table-optimizer.ts';
import { RowSparseAdam } from '../../../training/optimizers/row-sparse-adam.ts';
import { RowwiseAdagrad } from '../../../training/optimizers/rowwise-adagrad.ts';
import { randomBatch } from '../../model/random-batch.ts';

const test = suite('memory of tables');

const OPTIONS = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8 };
/** A batch of these tests leaves some 10 MB of garbage; what is never given back would be 200 times that. */
const LARGEST_GROWTH = 50 * 2 ** 20;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function residentMemory(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().rss;
}

for (const kind of TABLE_OPTIMIZERS) {
  for (const [where, make] of [
    ['in one memory', () => new SimdRowKernels()],
    ['outside', () => new SimdRowKernels(0)],
  ] as const) {
    test(`200 steps of ${kind} take no more memory than the first ones, tables ${where}`, () => {
      const rows = 20_000;
      const tables = new HashTables(64, 2, rows, make());
      tables.randomize(1);
      const optimizer = createTableOptimizer(kind, tables, OPTIONS);
      const random = new RandomNumbers(1, 'batches');
      const step = (number: number) => {
        const batch = randomBatch(random, { size: 8, symbols: 100, longestSymbol: 4, rows: [260, rows, rows] });
        optimizer.apply(optimizer.accumulate([batch], [tables.embed(batch)]).tables, 0.01, 1, number);
      };
      for (let number = 1; number <= 30; number++) step(number);
      const before = residentMemory();
      for (let number = 31; number <= 230; number++) step(number);
      const growth = residentMemory() - before;
      assert.ok(growth < LARGEST_GROWTH, `resident memory grew by ${(growth / 2 ** 20).toFixed(1)} MB`);
    });
  }
}

test('tables of BLT, 2 GB each: rows at both ends are found and changed, and only what is touched takes memory', () => {
  const [dimension, rows] = [1024, 500_002];
  const before = residentMemory();
  const tables = new HashTables(dimension, 2, rows);
  const last = rows - 1;
  const batch: SymbolBatch = {
    size: 1,
    symbols: 2,
    lengths: Float32Array.of(1, 1),
    kinds: Int32Array.of(1, 1),
    places: Int32Array.of(0, 1),
    starts: Int32Array.of(0, 1, 2),
    rows: [Int32Array.of(259, 4), Int32Array.of(last, 0), Int32Array.of(0, last)],
  };
  tables.tables[1]!.fill(2, last * dimension);
  tables.tables[2]!.fill(3, last * dimension);
  const embedded = tables.embed(batch);
  assert.equal([embedded[0], embedded[dimension - 1], embedded[dimension], embedded[2 * dimension - 1]], [2, 2, 3, 3]);
  const ones = new Float32Array(2 * dimension).fill(1);
  // Adagrad's numbers fit beside the tables, Adam's do not: their rows are gathered.
  const adagrad = new RowwiseAdagrad(tables, { epsilon: 0 });
  adagrad.apply(adagrad.accumulate([batch], [ones]).tables, 0.5, 1);
  assert.equal([...tables.tables[1]!.subarray(last * dimension)], Array(dimension).fill(1.5));
  assert.equal([...tables.tables[2]!.subarray(0, dimension)], Array(dimension).fill(-0.5));
  const adam = new RowSparseAdam(tables, { ...OPTIONS, epsilon: 0 });
  adam.apply(adam.accumulate([batch], [ones]).tables, 0.25, 1, 1);
  // Adam's first step moves by the rate.
  const moved = tables.tables[1]!.subarray(last * dimension);
  assert.ok(moved.every((value) => Math.abs(value - 1.25) < 1e-5));
  assert.ok(adam.firstMoments[2]!.subarray(last * dimension).every((value) => Math.abs(value - 0.1) < 1e-6));
  assert.is(tables.tables[1]![5 * dimension], 0);
  const growth = residentMemory() - before;
  assert.ok(growth < 2 * LARGEST_GROWTH, `resident memory grew by ${(growth / 2 ** 20).toFixed(0)} MB`);
});

test('the plan of memory counts what optimisers allocate', () => {
  const [dimension, rows] = [16, 300];
  for (const kind of TABLE_OPTIMIZERS) {
    const tables = new HashTables(dimension, 2, rows);
    const { state } = createTableOptimizer(kind, tables, OPTIONS);
    const numbers = [...state.values()].reduce((sum, values) => sum + values.length, 0);
    const expected = [260, rows, rows].reduce((sum, count) => sum + tableOptimizerNumbers(kind, count, dimension), 0);
    assert.is(numbers, expected);
  }
});

test.run();
