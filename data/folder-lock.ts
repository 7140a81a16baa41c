import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import * as z from 'zod';
import { CemError } from '../zpkg/errors.ts';

const LOCK_NAME = 'lock';
/** How long to wait while another process removes the lock of a dead one. */
const RETRY_MS = 10;

const lockContent = z.object({
  pid: z.int().positive(),
  host: z.string(),
  /** The process's start in clock ticks after boot (proc(5), stat field 22), empty where the system does not tell: tells a reused pid from the same process. */
  started: z.string(),
  /** Names this holding of the lock. */
  token: z.uuid(),
});
type LockContent = z.infer<typeof lockContent>;

/** A folder that this process has for itself until `release`. */
export interface FolderLock {
  /** Gives the folder back; more calls than one do nothing. */
  release(): Promise<void>;
}

/** State and start of a process (proc(5), fields 3 and 22); undefined where the system does not tell. */
async function statusOf(pid: number): Promise<{ state: string; started: string } | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets, which may hold spaces and brackets itself.
    const fromThird = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fromThird[0] ?? '', started: fromThird[22 - 3] ?? '' };
  } catch {
    return undefined;
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function isAlive(holder: LockContent): Promise<boolean> {
  if (holder.host !== hostname()) return true;
  if (!exists(holder.pid)) return false;
  const status = await statusOf(holder.pid);
  if (status === undefined) return true;
  // A zombie runs no more: only its parent has not asked for its exit status yet.
  return status.state !== 'Z' && (holder.started === '' || status.started === holder.started);
}

/** What the lock file says; undefined when there is none, and for a file that is not a lock. */
async function readLock(path: string): Promise<LockContent | 'unreadable' | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const parsed = lockContent.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : 'unreadable';
  } catch {
    return 'unreadable';
  }
}

/**
 * Makes the lock file appear by a link, whole: nobody ever reads half of one.
 *
 * The lock of a dead process may be removed only by who holds the right to: another lock, named by the dead one's token. So of many that find it
 * dead one removes it, and never the lock of one that was faster.
 *
 * @param draft a file with `own` in it
 * @returns undefined when it is ours, else who has it
 */
async function acquire(path: string, draft: string, own: LockContent): Promise<LockContent | 'unreadable' | undefined> {
  while (true) {
    try {
      await link(draft, path);
      return undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = await readLock(path);
    if (holder === undefined) continue;
    if (holder === 'unreadable' || (await isAlive(holder))) return holder;
    const right = `${path}.${holder.token}`;
    const rightHolder = await acquire(right, draft, own);
    if (rightHolder === 'unreadable') return rightHolder;
    if (rightHolder === undefined) {
      await releaseLock(path, holder.token);
      await releaseLock(right, own.token);
    } else {
      await setTimeout(RETRY_MS);
    }
  }
}

async function releaseLock(path: string, token: string): Promise<void> {
  const holder = await readLock(path);
  if (typeof holder === 'object' && holder.token === token) await rm(path, { force: true });
}

function refusal(folder: string, path: string, holder: LockContent | 'unreadable'): CemError {
  if (holder === 'unreadable') {
    return new CemError(
      'FOLDER_LOCKED',
      `${folder} is locked by a file that says nothing readable; if no process uses it, remove ${path}`,
      {
        details: { folder },
      },
    );
  }
  const own = holder.pid === process.pid && holder.host === hostname();
  const elsewhere = holder.host === hostname() ? '' : ` on host ${holder.host}`;
  const advice =
    holder.host === hostname()
      ? own
        ? 'close it there first'
        : 'stop that process, or wait until it ends'
      : `stop that process; if it is gone, remove ${path}`;
  return new CemError(
    'FOLDER_LOCKED',
    `${folder} is in use by ${own ? 'this very process' : 'process'} ${holder.pid}${elsewhere}; ${advice}`,
    {
      details: { folder, pid: holder.pid, host: holder.host },
    },
  );
}

/**
 * Takes a folder for this process alone, by a file `lock` in it that names the process. The lock of a process that no longer runs is taken over.
 * A lock made on another host is never taken over: there is no way to see from here whether its process runs.
 *
 * @throws CemError `FOLDER_LOCKED` naming the process that has it
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, LOCK_NAME);
  const own: LockContent = {
    pid: process.pid,
    host: hostname(),
    started: (await statusOf(process.pid))?.started ?? '',
    token: randomUUID(),
  };
  const draft = `${path}.${own.token}.draft`;
  await writeFile(draft, `${JSON.stringify(own)}\n`, { flag: 'wx' });
  try {
    const holder = await acquire(path, draft, own);
    if (holder !== undefined) throw refusal(folder, path, holder);
    return { release: () => releaseLock(path, own.token) };
  } finally {
    await rm(draft, { force: true });
  }
}
