import { availableParallelism } from 'node:os';
import { isMainThread } from 'node:worker_threads';

/**
 * Threads that WebAssembly kernels take: `CEM_THREADS`, else the cores. A thread of the program (a gradient thread of a training) is one of several that compute beside each other, and has
 * no further ones.
 */
export function threadCount(): number {
  return isMainThread ? Number(process.env['CEM_THREADS']) || availableParallelism() : 1;
}
