import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError } from '../../../../base/errors.ts';
import { RandomNumbers } from '../../../../base/random.ts';
import { KernelMemory } from '../../../../model/kernels/kernel-memory.ts';
import { nativeRows, useNativeRows } from '../../../../model/kernels/rows/native-rows.ts';
import { PlainRowKernels } from '../../../../model/kernels/rows/plain-row-kernels.ts';
import type { RowKernels } from '../../../../model/kernels/rows/row-kernels.ts';
import { SimdRowKernels } from '../../../../model/kernels/rows/simd-row-kernels.ts';
import { SlotAssigner, type SlotAssignment } from '../../../../model/kernels/rows/slot-assignment.ts';
import type { SymbolBatch } from '../../../../model/symbols/symbol-batch.ts';
import { HashTables } from '../../../../model/tables/hash-tables.ts';
import { testBackend } from '../../../backend.ts';
import { type BatchShape, randomBatch } from '../../random-batch.ts';

const test = suite('row kernels');

test.before(async () => {
  await testBackend();
  if (!nativeRows()) console.log('no native loops over rows here: those of the other kernels stand in for them');
});

const ROWS = 500;
const SIZES = 2;

const shape = (size: number, symbols: number): BatchShape => ({
  size,
  symbols,
  longestSymbol: 20,
  rows: [260, ...Array<number>(SIZES).fill(ROWS)],
});

/** Forward sums, gradients and three steps of both optimisers: all numbers that come out. */
function exercise(kernels: RowKernels, dimension: number): Float32Array[] {
  const random = new RandomNumbers(7, 'exercise');
  const tables = new HashTables(dimension, SIZES, ROWS, kernels);
  tables.randomize(3);
  const first = tables.tables.map((table, number) => kernels.allocate(number, table.length));
  const second = tables.tables.map((table, number) => kernels.allocate(number, table.length));
  const sums = tables.tables.map((table, number) => kernels.allocate(number, table.length / dimension));
  const results: Float32Array[] = [];
  for (let step = 1; step <= 3; step++) {
    const batches = [randomBatch(random, shape(3, 12)), randomBatch(random, shape(5, 40))];
    for (const batch of batches) results.push(tables.embed(batch));
    const gradients = batches.map((batch) => {
      const gradient = new Float32Array(batch.size * batch.symbols * dimension);
      random.fillTruncatedNormal(gradient, 1);
      return gradient;
    });
    const assignments = tables.tables.map((_, table): SlotAssignment => {
      const rows = [...new Set(batches.flatMap((batch) => [...batch.rows[table]!]))];
      return { rows: Int32Array.from(rows), slots: batches.map((batch) => batch.rows[table]!.map((row) => rows.indexOf(row))) };
    });
    const accumulated = kernels.accumulate(tables.tables, batches, gradients, assignments, dimension);
    results.push(new Float32Array(Float64Array.of(accumulated.sumOfSquares).buffer));
    accumulated.tables.forEach((gradient, table) => {
      results.push(gradient.values.slice());
      const numbers = { rate: 0.01, epsilon: 1e-8, scale: 0.3 };
      const adam = { ...numbers, beta1: 0.9, beta2: 0.95, secondCorrection: 1 / (1 - 0.95 ** step) };
      kernels.adam(tables.tables[table]!, first[table]!, second[table]!, gradient, dimension, adam);
      kernels.adagrad(tables.tables[table]!, sums[table]!, gradient, dimension, numbers);
    });
  }
  for (const arrays of [tables.tables, first, second, sums]) results.push(...arrays.map((array) => array.slice()));
  return results;
}

for (const dimension of [8, 24, 64, 136]) {
  test(`SIMD gives the bits of plain loops, dimension ${dimension}`, () => {
    const plain = exercise(new PlainRowKernels(), dimension);
    const native = nativeRows();
    const table = 4 * ROWS * dimension;
    for (const [where, kernels, loops] of [
      ['one memory', new SimdRowKernels()],
      ['a memory for each n-gram table', new SimdRowKernels(4 * table)],
      ['tables in memories, moments outside', new SimdRowKernels(table + 1000)],
      ['the bytes in a memory, n-grams outside', new SimdRowKernels(table - 4)],
      // Pieces cut batches and symbols into many, the smallest into single rows.
      ['everything outside', new SimdRowKernels(0)],
      ['everything outside, pieces of 2000 bytes', new SimdRowKernels(0, 2000)],
      ['everything outside, pieces of a row', new SimdRowKernels(0, 1)],
      ['native loops, in memories', new SimdRowKernels(), native],
      ['native loops, outside', new SimdRowKernels(0), native],
    ] as const) {
      useNativeRows(loops);
      const got = exercise(kernels, dimension);
      useNativeRows(native);
      assert.is(got.length, plain.length);
      plain.forEach((expected, index) => {
        assert.is(got[index]!.length, expected.length);
        const wrong = expected.findIndex((value, i) => !Object.is(value, got[index]![i]!));
        if (wrong >= 0)
          assert.unreachable(`${where}: array ${index} [${wrong}] is ${got[index]![wrong]}, plain ${expected[wrong]}`);
      });
    }
  });
}

test('a batch of no symbols embeds as zeros, and gives no gradients', () => {
  const empty: SymbolBatch = { ...randomBatch(new RandomNumbers(1, 'empty'), shape(2, 0)), symbols: 4 };
  for (const kernels of [new PlainRowKernels(), new SimdRowKernels(), new SimdRowKernels(0)]) {
    const tables = new HashTables(8, SIZES, ROWS, kernels);
    tables.randomize(1);
    assert.equal(tables.embed(empty), new Float32Array(2 * 4 * 8));
    const assignments = tables.tables.map(() => ({ rows: new Int32Array(0), slots: [new Int32Array(0)] }));
    const { sumOfSquares, tables: gradients } = kernels.accumulate(
      tables.tables,
      [empty],
      [new Float32Array(64)],
      assignments,
      8,
    );
    assert.is(sumOfSquares, 0);
    for (const gradient of gradients) assert.is(gradient.values.length, 0);
  }
});

test('slots: one for each distinct row, in the order of first occurrence, again and again', () => {
  const assigner = new SlotAssigner(10);
  for (let round = 0; round < 2; round++) {
    const { rows, slots } = assigner.assign([Int32Array.of(7, 0, 7), Int32Array.of(), Int32Array.of(9, 0)]);
    assert.equal([...rows], [7, 0, 9]);
    assert.equal(
      slots.map((list) => [...list]),
      [[0, 1, 0], [], [2, 1]],
    );
  }
});

test('lasting arrays stay valid while the memory grows, and are zeros where temporary ones were', () => {
  const memory = new KernelMemory();
  const early = memory.allocate(8).fill(3);
  memory.floats(memory.temporary(4_000_000), 1_000_000).fill(5);
  memory.release();
  const late = memory.allocate(4_000_000);
  assert.equal([...early], Array(8).fill(3));
  assert.ok(late.every((value) => value === 0));
});

test('a region beyond 4 GiB is refused, and what stood there before stays usable', () => {
  const memory = new KernelMemory();
  const values = memory.allocate(4).fill(2);
  try {
    memory.temporary(2 ** 32);
    assert.unreachable('it was not refused');
  } catch (error) {
    assert.instance(error, CemError);
    assert.is((error as CemError).code, 'KERNEL_MEMORY_FULL');
  }
  assert.is(memory.floats(memory.temporary(16), 4).length, 4);
  assert.equal([...values], [2, 2, 2, 2]);
});

test('the committed row-kernels.wasm is what its source compiles to', () => {
  if (!existsSync('node_modules/assemblyscript')) return console.log('skipped: assemblyscript is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'cem-kernels-'));
  try {
    const script = (JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }).scripts['kernels']!;
    const output = join(folder, 'row-kernels.wasm');
    const words = script.split(' ').map((word) => (word === 'model/kernels/rows/row-kernels.wasm' ? output : word));
    execFileSync(process.execPath, ['node_modules/assemblyscript/bin/asc.js', ...words.slice(1)], { stdio: 'pipe' });
    assert.ok(
      readFileSync(output).equals(readFileSync('model/kernels/rows/row-kernels.wasm')),
      'run `npm run kernels` and commit the result',
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
