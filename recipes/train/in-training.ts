import { type Listener, silentListener } from '../../base/index.ts';
import type { LongCall } from '../shared/call.ts';

/**
 * Runs training, which looks at the signal itself: the step it is at ends, and a checkpoint is written. That is said at once.
 *
 * @throws the signal's reason where it was aborted before
 */
export async function inTraining<Result>(
  { signal, listener = silentListener }: LongCall,
  work: (listener: Listener) => Promise<Result>,
): Promise<Result> {
  signal?.throwIfAborted();
  const stopping = () => listener.note('stopping: the current step ends, then a checkpoint is written');
  signal?.addEventListener('abort', stopping, { once: true });
  try {
    return await work(listener);
  } finally {
    signal?.removeEventListener('abort', stopping);
  }
}
