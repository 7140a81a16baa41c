import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HashTables } from '../../model/hash-tables.ts';
import { PlainRowKernels } from '../../model/kernels/plain-row-kernels.ts';
import type { RowKernels, SlotAssignment } from '../../model/kernels/row-kernels.ts';
import { SimdRowKernels } from '../../model/kernels/simd-row-kernels.ts';
import { RandomNumbers } from '../../model/random.ts';
import type { SymbolBatch } from '../../model/symbol-batch.ts';

const test = suite('row kernels');

const ROWS = 500;
const SIZES = 2;

/** A batch of chunks with symbols of 1 to 20 positions, some of them padding. */
function randomBatch(random: RandomNumbers, size: number, symbols: number): SymbolBatch {
  const places: number[] = [];
  const starts = [0];
  for (let chunk = 0; chunk < size; chunk++) {
    const count = random.integer(symbols + 1);
    for (let i = 0; i < count; i++) {
      places.push(chunk * symbols + i);
      starts.push(starts.at(-1)! + 1 + random.integer(20));
    }
  }
  const positions = starts.at(-1)!;
  return {
    size,
    symbols,
    lengths: new Float32Array(size * symbols),
    kinds: new Int32Array(size * symbols),
    places: Int32Array.from(places),
    starts: Int32Array.from(starts),
    rows: Array.from({ length: 1 + SIZES }, (_, table) =>
      Int32Array.from({ length: positions }, () => random.integer(table === 0 ? 260 : ROWS)),
    ),
  };
}

/** Forward sums, gradients and three Adam steps, all numbers that come out. */
function exercise(kernels: RowKernels, dimension: number): Float32Array[] {
  const random = new RandomNumbers(7, 'exercise');
  const tables = new HashTables(dimension, SIZES, ROWS, kernels);
  tables.randomize(3);
  const first = tables.tables.map((table) => kernels.allocate(table.length));
  const second = tables.tables.map((table) => kernels.allocate(table.length));
  const results: Float32Array[] = [];
  for (let step = 1; step <= 3; step++) {
    const batches = [randomBatch(random, 3, 12), randomBatch(random, 5, 40)];
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
    const accumulated = kernels.accumulate(batches, gradients, assignments, dimension);
    results.push(Float32Array.of(accumulated.sumOfSquares));
    accumulated.tables.forEach((gradient, table) => {
      results.push(gradient.values.slice());
      const numbers = {
        rate: 0.01,
        beta1: 0.9,
        beta2: 0.95,
        secondCorrection: 1 / (1 - 0.95 ** step),
        epsilon: 1e-8,
        scale: 0.5,
      };
      kernels.adam(tables.tables[table]!, first[table]!, second[table]!, gradient, dimension, numbers);
    });
  }
  for (const arrays of [tables.tables, first, second]) results.push(...arrays.map((array) => array.slice()));
  return results;
}

for (const dimension of [8, 24, 64, 136]) {
  test(`SIMD equals plain loops, dimension ${dimension}`, () => {
    const plain = exercise(new PlainRowKernels(), dimension);
    const simd = exercise(new SimdRowKernels(), dimension);
    assert.is(simd.length, plain.length);
    let largest = 0;
    plain.forEach((expected, index) => {
      assert.is(simd[index]!.length, expected.length);
      expected.forEach((value, i) => {
        largest = Math.max(largest, Math.abs(value - simd[index]![i]!) / (1 + Math.abs(value)));
      });
    });
    assert.ok(largest < 1e-4, `largest relative difference ${largest}`);
  });
}

test('arrays stay valid while the memory grows', () => {
  const kernels = new SimdRowKernels();
  const early = kernels.allocate(8).fill(3);
  const late = kernels.allocate(4_000_000);
  assert.equal([...early], Array(8).fill(3));
  assert.is(late[3_999_999], 0);
});

test('the committed row-kernels.wasm is what its source compiles to', () => {
  if (!existsSync('node_modules/assemblyscript')) return console.log('skipped: assemblyscript is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'cem-kernels-'));
  try {
    const script = (JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }).scripts['kernels']!;
    const output = join(folder, 'row-kernels.wasm');
    const words = script.split(' ').map((word) => (word === 'model/kernels/row-kernels.wasm' ? output : word));
    execFileSync(process.execPath, ['node_modules/assemblyscript/bin/asc.js', ...words.slice(1)], { stdio: 'pipe' });
    assert.ok(
      readFileSync(output).equals(readFileSync('model/kernels/row-kernels.wasm')),
      'run `npm run kernels` and commit the result',
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
