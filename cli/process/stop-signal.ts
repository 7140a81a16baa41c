import { STOP_SIGNALS } from '../../base/index.ts';

/**
 * Runs work with a signal that SIGINT and SIGTERM give: training ends with a checkpoint; other work ends at its next progress, and then the process does, as it would have at once. The second of these
 * signals ends the process whatever it does.
 */
export async function withStopSignal<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const stop = new AbortController();
  let asked: NodeJS.Signals | undefined;
  const onSignal = (name: NodeJS.Signals) => {
    asked = name;
    stop.abort();
  };
  for (const name of STOP_SIGNALS) process.once(name, onSignal);
  const leave = () => {
    for (const name of STOP_SIGNALS) process.off(name, onSignal);
  };
  try {
    return await work(stop.signal);
  } catch (error) {
    leave();
    if (asked !== undefined && error === stop.signal.reason) process.kill(process.pid, asked);
    throw error;
  } finally {
    leave();
  }
}
