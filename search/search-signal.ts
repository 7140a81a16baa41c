import { setImmediate } from 'node:timers/promises';

/**
 * Lets whatever waits have its turn, so that a signal can be heard in the midst of long work; without a signal it costs nothing.
 *
 * @throws the signal's reason
 */
export async function yieldToSignal(signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return;
  signal.throwIfAborted();
  await setImmediate();
  signal.throwIfAborted();
}
