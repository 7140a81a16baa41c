import { availableParallelism } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { UsageError } from '../../base/index.ts';

/**
 * Threads that WebAssembly kernels take: `CEM_THREADS`, else the cores. A thread of the program (a gradient thread of a training) is one of several that compute beside each other, and has
 * no further ones.
 *
 * @throws UsageError `THREAD_COUNT`
 */
export function threadCount(): number {
  if (!isMainThread) return 1;
  const asked = process.env['CEM_THREADS'] ?? '';
  if (asked === '') return availableParallelism();
  const count = Number(asked);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new UsageError('THREAD_COUNT', `CEM_THREADS is ${JSON.stringify(asked)}; say a whole number from 1 on`);
}
