import type { Reporter } from '../output/reporter.ts';

/** Runs training with a signal that SIGINT and SIGTERM give: the current step ends, and a checkpoint is written. */
export async function withStopSignal<Result>(
  reporter: Reporter,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController();
  const onSignal = () => {
    reporter.note('stopping: the current step ends, then a checkpoint is written');
    stop.abort();
  };
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  try {
    return await work(stop.signal);
  } finally {
    process.removeListener('SIGINT', onSignal);
    process.removeListener('SIGTERM', onSignal);
  }
}
