import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import { PlainRowKernels } from '../../../model/kernels/rows/plain-row-kernels.ts';
import { SimdRowKernels } from '../../../model/kernels/rows/simd-row-kernels.ts';
import type { SymbolBatch } from '../../../model/symbols/symbol-batch.ts';
import { HashTables } from '../../../model/tables/hash-tables.ts';
import { RowSparseAdam } from '../../../training/optimizers/row-sparse-adam.ts';
import { randomValues } from '../../model/tiny-model.ts';

const test = suite('row-sparse Adam');

const DIMENSION = 8;
const ROWS = 40;
const OPTIONS = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8 };

/** Chunks of symbols of 1 to 5 positions behind which there is padding; rows below `ROWS / 2`, most of them several times. */
function batchOf(name: string, size: number): SymbolBatch {
  const random = new RandomNumbers(1, name);
  const symbols = 6;
  const places: number[] = [];
  const starts = [0];
  for (let chunk = 0; chunk < size; chunk++) {
    for (let i = 0; i < 1 + random.integer(symbols); i++) {
      places.push(chunk * symbols + i);
      starts.push(starts.at(-1)! + 1 + random.integer(5));
    }
  }
  return {
    size,
    symbols,
    lengths: new Float32Array(size * symbols),
    kinds: new Int32Array(size * symbols),
    places: Int32Array.from(places),
    starts: Int32Array.from(starts),
    rows: [0, 1, 2].map(() => Int32Array.from({ length: starts.at(-1)! }, () => random.integer(ROWS / 2))),
  };
}

/** Tables and moments by their definition in float64; a row without a gradient stands still, moments included. */
class PlainTables {
  readonly values: Float64Array[];
  readonly first: Float64Array[];
  readonly second: Float64Array[];
  sumOfSquares = 0;

  constructor(tables: HashTables) {
    this.values = tables.tables.map((table) => Float64Array.from(table));
    this.first = tables.tables.map((table) => new Float64Array(table.length));
    this.second = tables.tables.map((table) => new Float64Array(table.length));
  }

  step(batches: readonly SymbolBatch[], gradients: readonly Float32Array[], rate: number, scale: number, step: number): void {
    const { beta1, beta2, epsilon } = OPTIONS;
    this.sumOfSquares = 0;
    this.values.forEach((values, table) => {
      const gradientOf = new Map<number, number[]>();
      batches.forEach((batch, number) => {
        batch.places.forEach((place, symbol) => {
          const [from, to] = [batch.starts[symbol]!, batch.starts[symbol + 1]!];
          for (let position = from; position < to; position++) {
            const row = batch.rows[table]![position]!;
            const sum = gradientOf.get(row) ?? new Array<number>(DIMENSION).fill(0);
            gradientOf.set(row, sum);
            for (let c = 0; c < DIMENSION; c++) sum[c]! += gradients[number]![place * DIMENSION + c]! / Math.sqrt(to - from);
          }
        });
      });
      for (const [row, gradient] of gradientOf) {
        gradient.forEach((value, c) => {
          this.sumOfSquares += value * value;
          const i = row * DIMENSION + c;
          const g = value * scale;
          this.first[table]![i] = beta1 * this.first[table]![i]! + (1 - beta1) * g;
          this.second[table]![i] = beta2 * this.second[table]![i]! + (1 - beta2) * g * g;
          const denominator = Math.sqrt(this.second[table]![i]! / (1 - beta2 ** step)) + epsilon;
          values[i]! -= (rate * this.first[table]![i]!) / (1 - beta1 ** step) / denominator;
        });
      }
    });
  }
}

for (const make of [() => new SimdRowKernels(), () => new PlainRowKernels()]) {
  test(`equals its definition over several steps, and leaves other rows alone (${make().name})`, () => {
    const tables = new HashTables(DIMENSION, 2, ROWS, make());
    tables.randomize(1);
    const before = tables.tables.map((table) => table.slice());
    const optimizer = new RowSparseAdam(tables, OPTIONS);
    const plain = new PlainTables(tables);
    for (let step = 1; step <= 5; step++) {
      // Two batches: passages and sentences share rows.
      const batches = [batchOf(`passages/${step}`, 3), batchOf(`sentences/${step}`, 2)];
      const gradients = batches.map((batch, index) =>
        randomValues(batch.size * batch.symbols * DIMENSION, `gradient/${step}/${index}`),
      );
      const [rate, scale] = [0.02 * step, step % 2 === 0 ? 0.25 : 1];
      plain.step(batches, gradients, rate, scale, step);
      const { tables: rowGradients, sumOfSquares } = optimizer.accumulate(batches, gradients);
      assert.ok(Math.abs(sumOfSquares / plain.sumOfSquares - 1) < 1e-5, `${sumOfSquares} for ${plain.sumOfSquares}`);
      for (const { rows } of rowGradients) assert.is(new Set(rows).size, rows.length);
      optimizer.apply(rowGradients, rate, scale, step);
      tables.tables.forEach((table, number) => {
        const pairs = [
          [table, plain.values[number]!],
          [optimizer.firstMoments[number]!, plain.first[number]!],
          [optimizer.secondMoments[number]!, plain.second[number]!],
        ] as const;
        for (const [got, expected] of pairs) {
          expected.forEach((value, i) => {
            if (!(Math.abs(got[i]! - value) < 1e-4 * Math.max(1, Math.abs(value))))
              assert.unreachable(`step ${step}, table ${number} [${i}]: ${got[i]} for ${value}`);
          });
        }
      });
    }
    // No batch had a row of the upper half.
    tables.tables.forEach((table, number) => {
      const untouched = (ROWS / 2) * DIMENSION;
      assert.equal(table.subarray(untouched), before[number]!.subarray(untouched));
      assert.not.equal(table.subarray(0, untouched), before[number]!.subarray(0, untouched));
      assert.ok(optimizer.firstMoments[number]!.subarray(untouched).every((value) => value === 0));
      assert.ok(optimizer.secondMoments[number]!.subarray(untouched).every((value) => value === 0));
    });
  });
}

test('a row that was touched once stands still while others are', () => {
  const tables = new HashTables(DIMENSION, 2, ROWS);
  tables.randomize(1);
  const optimizer = new RowSparseAdam(tables, OPTIONS);
  const single = (row: number): SymbolBatch => ({
    size: 1,
    symbols: 1,
    lengths: Float32Array.of(1),
    kinds: Int32Array.of(1),
    places: Int32Array.of(0),
    starts: Int32Array.of(0, 1),
    rows: [0, 1, 2].map(() => Int32Array.of(row)),
  });
  const touch = (row: number, step: number) => {
    const { tables: gradients } = optimizer.accumulate([single(row)], [randomValues(DIMENSION, `${row}`)]);
    optimizer.apply(gradients, 0.1, 1, step);
  };
  touch(3, 1);
  const rowOf = (arrays: readonly Float32Array[]) => arrays.map((array) => array.slice(3 * DIMENSION, 4 * DIMENSION));
  const kept = [rowOf(tables.tables), rowOf(optimizer.firstMoments), rowOf(optimizer.secondMoments)];
  for (let step = 2; step < 6; step++) touch(5, step);
  assert.equal([rowOf(tables.tables), rowOf(optimizer.firstMoments), rowOf(optimizer.secondMoments)], kept);
});

test.run();
