import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import { PlainRowKernels } from '../../../model/kernels/rows/plain-row-kernels.ts';
import type { RowKernels } from '../../../model/kernels/rows/row-kernels.ts';
import { SimdRowKernels } from '../../../model/kernels/rows/simd-row-kernels.ts';
import type { SymbolBatch } from '../../../model/symbols/symbol-batch.ts';
import { HashTables } from '../../../model/tables/hash-tables.ts';
import { createTableOptimizer, TABLE_OPTIMIZERS } from '../../../training/optimizers/create-table-optimizer.ts';
import { RowwiseAdagrad } from '../../../training/optimizers/rowwise-adagrad.ts';
import { randomBatch } from '../../model/random-batch.ts';
import { randomValues } from '../../model/tiny-model.ts';

const test = suite('row-wise Adagrad');

const DIMENSION = 16;
const ROWS = 300;
const EPSILON = 1e-6;
const KERNELS: readonly (readonly [string, () => RowKernels])[] = [
  ['plain', () => new PlainRowKernels()],
  ['SIMD', () => new SimdRowKernels()],
  ['SIMD, gathered rows', () => new SimdRowKernels(0)],
  ['SIMD, gathered rows, two at a time', () => new SimdRowKernels(0, 2 * 4 * DIMENSION)],
];

/** Rows of the upper half of each table are never named. */
function batchOf(name: string, size: number): SymbolBatch {
  const rows = [130, ROWS / 2, ROWS / 2];
  return randomBatch(new RandomNumbers(1, name), { size, symbols: 8, longestSymbol: 6, rows });
}

/** Gradients of each named row of a table in float64, by their definition. */
function gradientOf(table: number, batches: readonly SymbolBatch[], gradients: readonly Float32Array[]): Map<number, number[]> {
  const sums = new Map<number, number[]>();
  batches.forEach((batch, number) => {
    batch.places.forEach((place, symbol) => {
      const [from, to] = [batch.starts[symbol]!, batch.starts[symbol + 1]!];
      for (const row of batch.rows[table]!.subarray(from, to)) {
        const sum = sums.get(row) ?? Array<number>(DIMENSION).fill(0);
        sums.set(row, sum);
        for (let d = 0; d < DIMENSION; d++) sum[d]! += gradients[number]![place * DIMENSION + d]! / Math.sqrt(to - from);
      }
    });
  });
  return sums;
}

for (const [name, make] of KERNELS) {
  test(`equals its definition in float64 over several steps, and leaves other rows alone (${name})`, () => {
    const tables = new HashTables(DIMENSION, 2, ROWS, make());
    tables.randomize(1);
    const before = tables.tables.map((table) => table.slice());
    const weights = tables.tables.map((table) => Float64Array.from(table));
    const sums = tables.tables.map((table) => new Float64Array(table.length / DIMENSION));
    const optimizer = new RowwiseAdagrad(tables, { epsilon: EPSILON });
    for (let step = 1; step <= 5; step++) {
      const batches = [batchOf(`passages/${step}`, 3), batchOf(`sentences/${step}`, 2)];
      const gradients = batches.map((batch, i) => randomValues(batch.size * batch.symbols * DIMENSION, `gradient/${step}/${i}`));
      const [rate, scale] = [0.02 * step, step % 2 === 0 ? 0.25 : 1];
      weights.forEach((values, table) => {
        for (const [row, gradient] of gradientOf(table, batches, gradients)) {
          sums[table]![row]! += gradient.reduce((sum, g) => sum + (g * scale) ** 2, 0) / DIMENSION;
          gradient.forEach((g, d) => {
            values[row * DIMENSION + d]! -= (rate * g * scale) / (Math.sqrt(sums[table]![row]!) + EPSILON);
          });
        }
      });
      optimizer.apply(optimizer.accumulate(batches, gradients).tables, rate, scale);
      tables.tables.forEach((table, number) => {
        for (const [got, expected] of [[table, weights[number]!] as const, [optimizer.sums[number]!, sums[number]!] as const]) {
          expected.forEach((value, i) => {
            if (!(Math.abs(got[i]! - value) < 1e-5 * Math.max(1, Math.abs(value))))
              assert.unreachable(`step ${step}, table ${number} [${i}]: ${got[i]} for ${value}`);
          });
        }
      });
    }
    tables.tables.forEach((table, number) => {
      const untouched = (number === 0 ? 130 : ROWS / 2) * DIMENSION;
      assert.equal(table.subarray(untouched), before[number]!.subarray(untouched));
      assert.ok(optimizer.sums[number]!.subarray(untouched / DIMENSION).every((sum) => sum === 0));
      assert.ok(optimizer.sums[number]!.subarray(0, untouched / DIMENSION).some((sum) => sum > 0));
    });
  });

  test(`row gradients are what small changes of the rows do to a loss (${name})`, () => {
    const tables = new HashTables(DIMENSION, 2, ROWS, make());
    tables.randomize(2);
    const batches = [batchOf('first', 3), batchOf('second', 4)];
    const factors = batches.map((batch, i) => randomValues(batch.size * batch.symbols * DIMENSION, `factors/${i}`));
    // sum of factor * tanh(embedding) over everything that is embedded; its gradient is factor * (1 - tanh^2)
    const loss = () =>
      batches.reduce(
        (sum, batch, i) => sum + tables.embed(batch).reduce((inner, value, at) => inner + factors[i]![at]! * Math.tanh(value), 0),
        0,
      );
    const gradients = batches.map((batch, i) =>
      tables.embed(batch).map((value, at) => factors[i]![at]! * (1 - Math.tanh(value) ** 2)),
    );
    const optimizer = new RowwiseAdagrad(tables, { epsilon: EPSILON });
    const rowGradients = optimizer
      .accumulate(batches, gradients)
      .tables.map(({ rows, values }) => ({ rows, values: values.slice() }));
    const random = new RandomNumbers(3, 'entries');
    for (let sample = 0; sample < 60; sample++) {
      const table = sample % 3;
      const { rows, values } = rowGradients[table]!;
      const slot = random.integer(rows.length);
      const d = random.integer(DIMENSION);
      const at = rows[slot]! * DIMENSION + d;
      const weight = tables.tables[table]![at]!;
      const difference = (change: number) => {
        tables.tables[table]![at] = weight + change;
        const value = loss();
        const exact = tables.tables[table]![at]! - weight;
        tables.tables[table]![at] = weight;
        return { value, exact };
      };
      const [up, down] = [difference(5e-3), difference(-5e-3)];
      const numeric = (up.value - down.value) / (up.exact - down.exact);
      const analytic = values[slot * DIMENSION + d]!;
      assert.ok(
        Math.abs(numeric - analytic) < 1e-2 * Math.max(0.1, Math.abs(analytic)),
        `table ${table}, row ${rows[slot]}, ${d}: ${analytic}, differences say ${numeric}`,
      );
    }
  });
}

test('the state of either optimiser, written into another, continues the run bit by bit', () => {
  for (const kind of TABLE_OPTIMIZERS) {
    const start = () => {
      const tables = new HashTables(DIMENSION, 2, ROWS);
      tables.randomize(4);
      return { tables, optimizer: createTableOptimizer(kind, tables, { beta1: 0.9, beta2: 0.95, epsilon: EPSILON }) };
    };
    const run = ({ optimizer }: ReturnType<typeof start>, step: number) => {
      const batches = [batchOf(`${step}`, 4)];
      const gradients = batches.map((batch) => randomValues(batch.size * batch.symbols * DIMENSION, `${step}`));
      optimizer.apply(optimizer.accumulate(batches, gradients).tables, 0.01, 1, step);
    };
    const whole = start();
    for (let step = 1; step <= 4; step++) run(whole, step);
    const broken = start();
    for (let step = 1; step <= 2; step++) run(broken, step);
    const resumed = start();
    resumed.tables.tables.forEach((table, i) => {
      table.set(broken.tables.tables[i]!);
    });
    for (const [name, values] of broken.optimizer.state) resumed.optimizer.state.get(name)!.set(values);
    for (let step = 3; step <= 4; step++) run(resumed, step);
    assert.equal(resumed.tables.tables, whole.tables.tables, kind);
    assert.equal([...resumed.optimizer.state.keys()], [...whole.optimizer.state.keys()]);
    assert.equal(resumed.optimizer.state, whole.optimizer.state, kind);
  }
});

test('rates fall as squares add up: equal gradients move a row by rate, rate / sqrt(2), rate / sqrt(3)', () => {
  const tables = new HashTables(8, 1, 4);
  const optimizer = new RowwiseAdagrad(tables, { epsilon: 0 });
  const batch: SymbolBatch = {
    size: 1,
    symbols: 1,
    lengths: Float32Array.of(1),
    kinds: Int32Array.of(1),
    places: Int32Array.of(0),
    starts: Int32Array.of(0, 1),
    rows: [Int32Array.of(5), Int32Array.of(2)],
  };
  let expected = 0;
  for (let step = 1; step <= 3; step++) {
    const { tables: gradients, sumOfSquares } = optimizer.accumulate([batch], [new Float32Array(8).fill(3)]);
    // Two tables of one row of eight numbers, 3 each.
    assert.is(sumOfSquares, 2 * 8 * 9);
    optimizer.apply(gradients, 0.5, 1);
    expected -= 0.5 / Math.sqrt(step);
    assert.ok(Math.abs(tables.tables[1]![2 * 8]! - expected) < 1e-6);
    assert.is(optimizer.sums[1]![2], 9 * step);
  }
});

test.run();
