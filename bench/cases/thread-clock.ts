import { readFileSync } from 'node:fs';

/** Of Node 24 and later. */
type WithThreadUsage = { threadCpuUsage?: () => NodeJS.CpuUsage };

/**
 * Milliseconds of processor time that this thread has taken, which JavaScript runs on; undefined where the system does not say. Other work on the machine does not count.
 */
export function threadMilliseconds(): number | undefined {
  const own = (process as WithThreadUsage).threadCpuUsage?.();
  if (own) return (own.user + own.system) / 1000;
  // Linux brings the count below up to date for this call.
  process.cpuUsage();
  try {
    // The main thread has the process' number; the first field is nanoseconds.
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ')[0]) / 1e6;
  } catch {
    return undefined;
  }
}
