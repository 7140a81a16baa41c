import { openSync, readSync } from 'node:fs';

/** Of Node 24 and later. */
type WithThreadUsage = { threadCpuUsage?: () => NodeJS.CpuUsage };

const FIELDS = Buffer.alloc(64);
/** Opened once: a reading should cost next to nothing, since it is in what it measures. */
let file: number | undefined;

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
    file ??= openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
    const length = readSync(file, FIELDS, 0, FIELDS.length, 0);
    return Number(FIELDS.toString('latin1', 0, length).split(' ')[0]) / 1e6;
  } catch {
    return undefined;
  }
}
