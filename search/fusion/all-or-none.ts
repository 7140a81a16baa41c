/**
 * Runs tasks at once. When one fails, or the signal is aborted, the signal that the others were given is aborted with the same reason; nothing
 * runs on after it has rejected.
 *
 * @returns what each gave, in their order
 * @throws the first failure, or the signal's reason
 */
export async function allOrNone<T>(
  tasks: readonly ((signal: AbortSignal) => Promise<T>)[],
  signal: AbortSignal | undefined,
): Promise<T[]> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const stop = (): void => controller.abort(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const outcomes = await Promise.allSettled(
      tasks.map(async (task) => {
        try {
          return await task(controller.signal);
        } catch (error) {
          // Only the first reason stays; what the others then throw is its consequence.
          controller.abort(error);
          throw error;
        }
      }),
    );
    controller.signal.throwIfAborted();
    return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<Awaited<T>>).value);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
