import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import * as z from 'zod';
import { CemError } from '../errors.ts';
import { removeLeftTemporaries, temporaryName } from '../files/temporary-name.ts';
import { isRunning, ownStart } from '../process-life.ts';

const LOCK_NAME = 'lock';
/** `lock` with the tokens of dead locks, one behind the other. */
const RIGHT_NAME = /^lock(?:\.[0-9a-f-]{36})+$/;
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

function isAlive(holder: LockContent): boolean {
  return holder.host !== hostname() || isRunning(holder.pid, holder.started);
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
    if (holder === 'unreadable' || isAlive(holder)) return holder;
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

/**
 * Removes rights (see `acquire`) whose holders are gone. Called with the lock held, when every dead lock that they are about is gone, too: they are worth
 * nothing any more, whoever may still take one.
 */
async function removeLeftRights(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!RIGHT_NAME.test(name)) continue;
    const path = join(folder, name);
    const holder = await readLock(path);
    if (typeof holder === 'object' && !isAlive(holder)) await rm(path, { force: true });
  }
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
    started: ownStart(),
    token: randomUUID(),
  };
  await removeLeftTemporaries(folder, LOCK_NAME);
  const draft = join(folder, temporaryName(LOCK_NAME));
  await writeFile(draft, `${JSON.stringify(own)}\n`, { flag: 'wx' });
  try {
    const holder = await acquire(path, draft, own);
    if (holder !== undefined) throw refusal(folder, path, holder);
    await removeLeftRights(folder);
    return { release: () => releaseLock(path, own.token) };
  } finally {
    await rm(draft, { force: true });
  }
}
