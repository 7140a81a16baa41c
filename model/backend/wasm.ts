import { registerWasmKernels } from '../kernels/tfjs/register-kernels.ts';
import { threadCount } from '../kernels/thread-count.ts';
import { loadWasmKernels } from '../kernels/wasm/wasm-library.ts';
import { tf } from '../tf.ts';
import { BackendError, reasonOf, type StartBackend } from './contract/backend.ts';

const ADVICE = 'Reinstall with `npm ci`.';

/** Runs a starter and takes away the process-wide listeners that it leaves behind. */
async function withoutNewListeners<Result>(start: () => Promise<Result>): Promise<Result> {
  const before = new Set<unknown>([...process.listeners('uncaughtException'), ...process.listeners('unhandledRejection')]);
  try {
    return await start();
  } finally {
    for (const listener of process.listeners('uncaughtException'))
      if (!before.has(listener)) process.off('uncaughtException', listener);
    for (const listener of process.listeners('unhandledRejection'))
      if (!before.has(listener)) process.off('unhandledRejection', listener);
  }
}

/**
 * tfjs' backend in WebAssembly (XNNPACK), with our own kernels for what it lacks or does slowly (model/kernels). The stock backend has one thread in Node: tfjs switches its threaded build
 * off there. Tried with tfjs 4.22 on Node 20: it starts when its worker script is unpacked into a file and its escapes are mended, but XNNPACK's pool still holds one thread, and products run
 * at half the rate of the plain build.
 */
export const startWasm: StartBackend = async () => {
  const threads = threadCount();
  try {
    // The compiled module rethrows every uncaught error from a listener of its own, which would print its whole source before the error.
    const started = await withoutNewListeners(async () => {
      await import('@tensorflow/tfjs-backend-wasm');
      return tf.setBackend('wasm');
    });
    if (!started) throw new BackendError('wasm', 'tfjs could not start it', ADVICE);
    registerWasmKernels();
    loadWasmKernels(threads);
    return `compiled kernels on ${threads === 1 ? 'one thread' : `${threads} threads`}, XNNPACK`;
  } catch (error) {
    if (error instanceof BackendError) throw error;
    throw new BackendError('wasm', reasonOf(error), ADVICE, error);
  }
};
