import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { compiledKernels } from '../kernels/compiled/compiled-kernels.ts';
import { loadNativeKernels } from '../kernels/native/native-library.ts';
import { registerTensorFlowKernels } from '../kernels/native/tensorflow-kernels.ts';
import { tf } from '../tf.ts';
import { BackendError, reasonOf, type StartBackend } from './contract/backend.ts';
import { type ExecutingBackend, holdSignalsWhileComputing, loadProcessGuard, type ProcessGuard } from './process-guard.ts';
import { restoreRemovedUtilities } from './removed-utilities.ts';

/** GPU package first; both are optional and may be missing, so nothing imports them at the top of a file. */
const PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

const ADVICE =
  'Run `npm run native`, which makes it work and says what it lacks, or choose another with --backend (CEM_BACKEND).';

/** Which of the packages can be resolved from here. */
function installed(require: NodeJS.Require): string | undefined {
  return PACKAGES.find((name) => {
    try {
      require.resolve(`${name}/package.json`);
      return true;
    } catch {
      return false;
    }
  });
}

/** Loads the package: quietly, and so that its threads never see a signal. */
function loadGuarded(require: NodeJS.Require, name: string, guard: ProcessGuard | undefined): void {
  restoreRemovedUtilities();
  guard?.mute();
  guard?.holdSignals();
  try {
    require(name);
  } finally {
    guard?.releaseSignals();
    guard?.unmute();
  }
}

/** What of the package's backend is used here. */
interface NodeBackend extends ExecutingBackend {
  readonly binding: { readonly TF_Version: string; createTensor(shape: number[], dtype: number, values: tf.TypedArray): number };
  readonly isUsingGpuDevice: boolean;
  readonly tensorMap: { get(dataId: object): StoredTensor };
  move(dataId: object, values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType, references: number): void;
}

/** A tensor of the package: an id of TensorFlow's, or values that are not there yet. */
interface StoredTensor {
  readonly shape: number[];
  readonly dtype: number;
  values: tf.backend_util.BackendValues | null;
  id: number;
}

/** Arrays of so many bytes go to TensorFlow when they are written. */
const LARGE_BYTES = 2 ** 20;
const copying = new WeakSet<NodeBackend>();

/**
 * By itself the package leaves an array with JavaScript until an operation reads it, and TensorFlow then copies it: a new model's weights would lie there twice, and for as long as nothing
 * makes JavaScript collect. Copied one by one, they are collected while the next ones are made.
 */
function copyLargeArraysAtOnce(backend: NodeBackend): void {
  if (copying.has(backend)) return;
  copying.add(backend);
  const move = backend.move.bind(backend);
  backend.move = (dataId, values, shape, dtype, references) => {
    move(dataId, values, shape, dtype, references);
    if (!(values instanceof Float32Array || values instanceof Int32Array) || values.byteLength < LARGE_BYTES) return;
    const tensor = backend.tensorMap.get(dataId);
    tensor.id = backend.binding.createTensor(tensor.shape, tensor.dtype, values);
    tensor.values = null;
  };
}

/**
 * TensorFlow's C library through tfjs-node-gpu, else tfjs-node. `CEM_THREADS` limits its threads (with 1, sums have one order, and runs
 * repeat to the byte); it is read once, when the library is loaded. On a CPU, our own kernels are loaded beside it where they are compiled.
 */
export const startTensorFlow: StartBackend = async () => {
  // Read by the library when it is loaded; 2 leaves errors only.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  const threads = process.env['CEM_THREADS'];
  if (threads) {
    process.env['TF_NUM_INTRAOP_THREADS'] ??= threads;
    process.env['TF_NUM_INTEROP_THREADS'] ??= threads;
  }
  const require = createRequire(import.meta.url);
  const name = installed(require);
  if (!name)
    throw new BackendError('tensorflow', 'neither @tensorflow/tfjs-node-gpu nor @tensorflow/tfjs-node is installed', ADVICE);
  const guard = loadProcessGuard(require, name);
  // This thread computes a part of each product itself instead of waking another for it: half as many changes of threads. Not where a signal could interrupt it.
  if (guard) process.env['TF_ONEDNN_THREADPOOL_USE_CALLER_THREAD'] ??= '1';
  try {
    loadGuarded(require, name, guard);
    if (!(await tf.setBackend('tensorflow'))) throw new BackendError('tensorflow', `${name} did not start`, ADVICE);
  } catch (error) {
    if (error instanceof BackendError) throw error;
    throw new BackendError('tensorflow', `${name}: ${reasonOf(error)}`, ADVICE, error);
  }
  const backend = tf.backend() as unknown as NodeBackend;
  const { binding, isUsingGpuDevice } = backend;
  if (guard) holdSignalsWhileComputing(backend, guard);
  if (!isUsingGpuDevice) {
    copyLargeArraysAtOnce(backend);
    registerTensorFlowKernels();
    loadNativeKernels(require, dirname(require.resolve(`${name}/package.json`)));
  }
  return `TensorFlow ${binding.TF_Version}${isUsingGpuDevice ? ' on a GPU' : compiledKernels() ? ', native kernels' : ''}`;
};
