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
import { CemError } from '../../../../base/errors.ts';
import { tf } from '../../../../model/backend/index.ts';
import { type CompiledKernels, compiledKernels } from '../../../../model/kernels/compiled/compiled-kernels.ts';
import { loadNativeKernels, NATIVE_KERNELS_VERSION } from '../../../../model/kernels/native/native-library.ts';
import { nativeRows } from '../../../../model/kernels/rows/native-rows.ts';
import { testBackend } from '../../../backend.ts';
import { randomValues } from '../../tiny-model.ts';
import { kernelDigest } from './compiled-digest.ts';

const test = suite('model/kernels/compiled-kernels');
const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('../../../../', import.meta.url));
let kernels: CompiledKernels | undefined;
/** Whether the backend that runs has its ops from the native library, or the library was loaded for another one. */
let libraryLoaded = false;

test.before(async () => {
  await testBackend();
  kernels = compiledKernels();
  libraryLoaded = nativeRows() !== undefined;
  if (!kernels)
    console.log('tests/model/kernels/compiled/compiled-kernels.test.ts: ops are skipped, this backend has no compiled kernels');
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

/** What was done when the tensorflow backend started, if it did. */
function reload(): void {
  if (libraryLoaded) loadNativeKernels(require, join(root, 'node_modules/@tensorflow/tfjs-node'));
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
    assert.is(nativeRows(), undefined);
    // Other backends have kernels of their own.
    assert.is(compiledKernels(), tf.getBackend() === 'tensorflow' ? undefined : kernels);
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
    refused(() => kernels!.run('CemNothing', {}, [ones], 1), /no .*CemNothing, but .*CemSumOfSquares/);
    refused(() => kernels!.run('CemSumOfSquares', { count: 1 }, [ones], 1), /takes the attributes N.*, got count/);
    refused(() => kernels!.run('CemSumOfSquares', { N: true }, [ones], 1), /the attribute N is of kind int, got true/);
    refused(() => kernels!.run('CemSumOfSquares', { N: 1 }, [tf.tensor1d([1], 'int32')], 1), /int32 \[1\]/);
    const numbers = tf.zeros([10]);
    // One weight of four numbers: moments or gradients of five do not go with it.
    for (const [gradient, first, reason] of [
      [4, 5, /CemAdamW.*the weights have 4 numbers, gradients 4, moments 5 and 4/],
      [5, 4, /CemAdamW.*weight 0 has 4 numbers and its gradient 5/],
    ] as const) {
      const inputs = [ones, tf.zeros([gradient]), tf.zeros([first]), tf.zeros([4]), numbers];
      refused(() => kernels!.run('CemAdamW', { N: 1, M: 1 }, inputs, 0), reason);
    }
    const short = [ones, ones, tf.zeros([4]), tf.zeros([4]), tf.zeros([9])];
    refused(() => kernels!.run('CemAdamW', { N: 1, M: 1 }, short, 0), /10 numbers are wanted for 1 weights, got 9/);
  });
  assert.is(tf.memory().numTensors, before);
});

test('a copy shares no memory', () => {
  if (!kernels) return;
  tf.tidy(() => {
    const values = tf.tensor2d(randomValues(15, 'copy'), [3, 5]);
    const copied = kernels!.run('CemCopy', {}, [values], 1)[0]!;
    assert.equal(copied.shape, [3, 5]);
    assert.equal([...copied.dataSync()], [...values.dataSync()]);
    assert.is.not(copied.dataId, values.dataId);
  });
});

test('a table whose rows are out of range is refused', () => {
  const rows = nativeRows();
  if (!rows) {
    console.log('skipped: loops over rows in the native library, which is not loaded here');
    return;
  }
  const table = new Float32Array(16);
  const step = { rate: 1, beta1: 0.9, beta2: 0.9, secondCorrection: 1, epsilon: 1, scale: 1 };
  const adam = (row: number, width: number) =>
    rows.adam(table, table.slice(), table.slice(), { rows: Int32Array.of(row), values: new Float32Array(width) }, 8, step);
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
  const backend = tf.getBackend();
  const source = JSON.stringify(new URL('./compiled-digest.ts', import.meta.url).href);
  const run = `import(${source}).then(({ kernelDigest }) => kernelDigest('${backend}'))`;
  const digests = ['1', '2'].map((threads) => {
    const env = { ...process.env, TF_NUM_INTRAOP_THREADS: threads, CEM_THREADS: threads };
    const parameters = ['--import', 'tsx', '-e', `${run}.then(console.log)`];
    return execFileSync(process.execPath, parameters, { cwd: root, encoding: 'utf8', env }).trim();
  });
  assert.match(digests[0]!, /^1 [0-9a-f]{64}$/);
  assert.is(digests[1], digests[0]!.replace(/^1/, '2'));
  const here = `${kernels.threads} ${digests[0]!.slice(2)}`;
  // A worker loads the library or the module once more, for an environment of its own, and uses it beside this one. On wasm it has no helping threads.
  const inWorker = backend === 'wasm' ? digests[0] : here;
  const tsx = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const program = `import(${tsx}).then(({ register }) => { register(); return ${run}; })
    .then((said) => require('node:worker_threads').parentPort.postMessage(said));`;
  const worker = new Worker(program, { eval: true, execArgv: [] });
  const answer = once(worker, 'message');
  assert.is(await kernelDigest(backend), here);
  assert.equal(await answer, [inWorker]);
  await worker.terminate();
  // What the worker took down with it is not what this environment uses.
  assert.is(await kernelDigest(backend), here);
});

test.run();
