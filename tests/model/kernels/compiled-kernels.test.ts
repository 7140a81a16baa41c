import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tf } from '../../../model/backend/index.ts';
import { type CompiledKernels, compiledKernels } from '../../../model/kernels/compiled-kernels.ts';
import { loadNativeKernels, NATIVE_KERNELS_VERSION } from '../../../model/kernels/native-library.ts';
import { nativeRows } from '../../../model/kernels/native-rows.ts';
import { CemError } from '../../../zpkg/errors.ts';
import { testBackend } from '../../backend.ts';
import { randomValues } from '../tiny-model.ts';
import { kernelDigest } from './compiled-digest.ts';

const test = suite('model/kernels/c-kernels');
const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('../../../', import.meta.url));
let kernels: CompiledKernels | undefined;

test.before(async () => {
  await testBackend();
  kernels = compiledKernels();
  if (!kernels)
    console.log('tests/model/kernels/compiled-kernels.test.ts: ops are skipped, this backend has no compiled kernels');
});

/** Loads a library that a script stands in for; gives what is said of it and whether it is used. What was loaded is loaded again afterwards. */
function load(library: string): { said: string; used: boolean } {
  const folder = mkdtempSync(join(tmpdir(), 'cem-native-kernels-'));
  const before = process.env['CEM_NATIVE_KERNELS'];
  const { write } = process.stderr;
  let said = '';
  try {
    process.env['CEM_NATIVE_KERNELS'] = join(folder, 'library.cjs');
    if (library !== '') writeFileSync(process.env['CEM_NATIVE_KERNELS'], library);
    process.stderr.write = (text: string | Uint8Array) => {
      said += text.toString();
      return true;
    };
    loadNativeKernels(require, folder);
    return { said, used: nativeRows() !== undefined };
  } finally {
    process.stderr.write = write;
    if (before === undefined) delete process.env['CEM_NATIVE_KERNELS'];
    else process.env['CEM_NATIVE_KERNELS'] = before;
    reload();
    rmSync(folder, { recursive: true });
  }
}

/** What the backend did when it started. */
function reload(): void {
  if (kernels) loadNativeKernels(require, join(root, 'node_modules/@tensorflow/tfjs-node'));
  else loadNativeKernels(require, '/no/such/folder');
}

test('C sources and TypeScript agree on the version of their interface', () => {
  const header = readFileSync(join(root, 'model/kernels/c/cem-kernels.h'), 'utf8');
  assert.is(header.match(/^#define CEM_NATIVE_VERSION (\d+)$/m)?.[1], `${NATIVE_KERNELS_VERSION}`);
});

test('a library of another version, or one that says why not, or none that loads, is not used, in one line', () => {
  const library = (version: number, problem: string) =>
    `module.exports = { version: ${version}, problem: '${problem}', threads: 1, ops: {} };`;
  assert.equal(load(library(NATIVE_KERNELS_VERSION, '')), { said: '', used: true });
  for (const [text, reason] of [
    [library(NATIVE_KERNELS_VERSION + 1, ''), `version ${NATIVE_KERNELS_VERSION + 1}`],
    [library(NATIVE_KERNELS_VERSION - 1, ''), `version ${NATIVE_KERNELS_VERSION - 1}`],
    [library(NATIVE_KERNELS_VERSION, 'this processor has no AVX-512'), 'no AVX-512'],
    ['throw new Error("undefined symbol: TF_Nothing")', 'TF_Nothing'],
    ['', 'Cannot find module'],
  ] as const) {
    const { said, used } = load(text);
    assert.not(used);
    assert.match(said, reason);
    assert.match(said, 'npm run native');
    assert.is(said.split('\n').length, 2, said);
  }
});

test('a package without the library is no error and nothing is said', () => {
  const { write } = process.stderr;
  let said = '';
  process.stderr.write = (text: string | Uint8Array) => {
    said += text.toString();
    return true;
  };
  try {
    loadNativeKernels(require, '/no/such/folder');
    assert.is(compiledKernels(), undefined);
    assert.is(said, '');
  } finally {
    process.stderr.write = write;
    reload();
  }
});

test('other backends do not see the kernels', async () => {
  if (!kernels) return;
  await tf.setBackend('cpu');
  try {
    assert.is(compiledKernels(), undefined);
  } finally {
    await testBackend();
  }
});

/** In float64, number by number. */
function sumOfSquares(arrays: readonly Float32Array[]): number {
  return arrays.reduce((sum, values) => values.reduce((part, value) => part + value * value, sum), 0);
}

test('sums of squares of tensors of all sizes equal plain loops; what is no number is seen', () => {
  if (!kernels) return;
  const run = (arrays: readonly Float32Array[]) =>
    tf.tidy(() => {
      const tensors = arrays.map((values) => tf.tensor1d(values));
      return kernels!.run('CemSumOfSquares', { N: tensors.length }, tensors, 1)[0]!.dataSync()[0]!;
    });
  // Blocks hold 65536 numbers.
  for (const sizes of [[0], [1], [17], [0, 5, 0], [65_536], [65_537, 131_071, 3]]) {
    const arrays = sizes.map((size, index) => randomValues(size, `squares/${index}`));
    const expected = sumOfSquares(arrays);
    assert.ok(Math.abs(run(arrays) - expected) <= 1e-7 * expected, `${sizes}`);
  }
  assert.ok(Number.isNaN(run([Float32Array.of(1, Number.NaN)])));
  assert.is(run([Float32Array.of(-Infinity)]), Infinity);
});

test('what does not fit is refused by name', () => {
  if (!kernels) return;
  const refused = (run: () => unknown, pattern: RegExp) => {
    try {
      run();
      assert.unreachable('it was not refused');
    } catch (error) {
      assert.instance(error, CemError);
      assert.is((error as CemError).code, 'COMPILED_KERNEL');
      assert.match((error as CemError).message, pattern);
    }
  };
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const ones = tf.ones([4]);
    refused(() => kernels!.run('CemNothing', {}, [ones], 1), /no CemNothing, but .*CemSumOfSquares/);
    refused(() => kernels!.run('CemSumOfSquares', { count: 1 }, [ones], 1), /N \(int\), got count = 1/);
    refused(() => kernels!.run('CemSumOfSquares', { N: true }, [ones], 1), /got N = true/);
    refused(() => kernels!.run('CemSumOfSquares', { N: 1 }, [tf.tensor1d([1], 'int32')], 1), /int32 \[1\]/);
    const numbers = tf.zeros([10]);
    // One weight of four numbers: moments or gradients of five do not go with it.
    for (const [gradient, first] of [
      [4, 5],
      [5, 4],
    ] as const) {
      const inputs = [ones, tf.zeros([gradient]), tf.zeros([first]), tf.zeros([4]), numbers];
      refused(() => kernels!.run('CemAdamW', { N: 1, M: 1 }, inputs, 0), /CemAdamW: /);
    }
    const short = [ones, ones, tf.zeros([4]), tf.zeros([4]), tf.zeros([9])];
    refused(() => kernels!.run('CemAdamW', { N: 1, M: 1 }, short, 0), /10 numbers are wanted/);
  });
  assert.is(tf.memory().numTensors, before);
});

test('a copy shares no memory, a table whose rows are out of range is refused', () => {
  if (!kernels) return;
  tf.tidy(() => {
    const values = tf.tensor2d(randomValues(15, 'copy'), [3, 5]);
    const copied = kernels!.run('CemCopy', {}, [values], 1)[0]!;
    assert.equal(copied.shape, [3, 5]);
    assert.equal([...copied.dataSync()], [...values.dataSync()]);
    assert.is.not(copied.dataId, values.dataId);
  });
  const table = new Float32Array(16);
  const step = { rate: 1, beta1: 0.9, beta2: 0.9, secondCorrection: 1, epsilon: 1, scale: 1 };
  const adam = (row: number, width: number) =>
    nativeRows()!.adam(
      table,
      table.slice(),
      table.slice(),
      { rows: Int32Array.of(row), values: new Float32Array(width) },
      8,
      step,
    );
  adam(1, 8);
  for (const [row, width] of [
    [2, 8],
    [-1, 8],
    [0, 7],
  ] as const)
    assert.throws(() => adam(row, width), /adamRows: /);
});

test('the same bytes on one thread, on two, here, and in a worker thread', async () => {
  if (!kernels) return;
  const source = JSON.stringify(new URL('./compiled-digest.ts', import.meta.url).href);
  const digests = ['1', '2'].map((threads) => {
    const env = { ...process.env, TF_NUM_INTRAOP_THREADS: threads };
    const program = `import(${source}).then(({ kernelDigest }) => kernelDigest()).then(console.log)`;
    return execFileSync(process.execPath, ['--import', 'tsx', '-e', program], { cwd: root, encoding: 'utf8', env }).trim();
  });
  assert.match(digests[0]!, /^1 [0-9a-f]{64}$/);
  assert.is(digests[1], digests[0]!.replace(/^1/, '2'));
  const here = `${kernels.threads} ${digests[0]!.slice(2)}`;
  // A worker loads the library once more, for an environment of its own, and uses it beside this one.
  const tsx = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const program = `import(${tsx}).then(({ register }) => { register(); return import(${source}); })
    .then(({ kernelDigest }) => kernelDigest()).then((said) => require('node:worker_threads').parentPort.postMessage(said));`;
  const worker = new Worker(program, { eval: true, execArgv: [] });
  const answer = once(worker, 'message');
  assert.is(await kernelDigest(), here);
  assert.equal(await answer, [here]);
  await worker.terminate();
  // What the worker took down with it is not what this environment uses.
  assert.is(await kernelDigest(), here);
});

test.run();
