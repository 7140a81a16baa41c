import { STOP_SIGNALS } from '../../base/index.ts';
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
  for (const name of STOP_SIGNALS) process.once(name, onSignal);
  try {
    return await work(stop.signal);
  } finally {
    for (const name of STOP_SIGNALS) process.removeListener(name, onSignal);
  }
}
