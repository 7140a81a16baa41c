import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

interface ProcessStatus {
  /** A letter: `Z` is a zombie. */
  readonly state: string;
  readonly started: string;
}

/** State and start of a process that is there (proc(5), stat fields 3 and 22); undefined where the system does not tell. */
function statusOf(pid: number): ProcessStatus | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets, which may hold spaces and brackets itself.
    const fromThird = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fromThird[0] ?? '', started: fromThird[22 - 3] ?? '' };
  } catch {
    return undefined;
  }
}

/** When this process started: a number of clock ticks after boot, which tells it from others that have or had its number; empty where the system does not tell. */
export function ownStart(): string {
  return statusOf(process.pid)?.started ?? '';
}

/**
 * Whether a process of this machine runs.
 *
 * @param started its `ownStart`; empty when that is not known: another process that has its number since counts as the same then
 */
export function isRunning(pid: number, started: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const status = statusOf(pid);
  if (status === undefined) return true;
  // A zombie runs no more: only its parent has not asked for its exit status yet.
  return status.state !== 'Z' && (started === '' || started === status.started);
}

/**
 * Eight hexadecimal digits that differ between machines, and between containers of one machine: within one of them a process number means one process at a
 * time, and says nothing elsewhere.
 */
export function machineMark(): string {
  let processNumbers = '';
  try {
    processNumbers = readlinkSync('/proc/self/ns/pid');
  } catch {
    // Only Linux has them.
  }
  return createHash('sha256').update(`${hostname()}\0${processNumbers}`).digest('hex').slice(0, 8);
}
