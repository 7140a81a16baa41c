import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
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
/** A share: `lock.reader` with its token. */
const SHARE_PREFIX = 'lock.reader.';
/** How long to wait while another process removes the lock of a dead one, and between two looks at who has the folder. */
const RETRY_MS = 10;
/**
 * How long one that asks for a share and one that asks for the whole folder make way for each other before they give up, when they meet. Longer for the
 * share, which stands back first: so of two that meet one gets the folder.
 */
const SHARE_PATIENCE_MS = 1_000;
const WHOLE_PATIENCE_MS = 300;

const lockContent = z.object({
  pid: z.int().positive(),
  host: z.string(),
  /** The process's start in clock ticks after boot (proc(5), stat field 22), empty where the system does not tell: tells a reused pid from the same process. */
  started: z.string(),
  /** Names this holding of the lock. */
  token: z.uuid(),
  /** URL at which the holder serves what is in the folder. */
  address: z.string().optional(),
});
type LockContent = z.infer<typeof lockContent>;
type Holder = LockContent | 'unreadable';

/** A folder that this process has until `release`: for itself, or together with others that share it. */
export interface FolderLock {
  /** Gives the folder back; more calls than one do nothing. */
  release(): Promise<void>;
}

function isAlive(holder: LockContent): boolean {
  return holder.host !== hostname() || isRunning(holder.pid, holder.started);
}

/** What the lock file says; undefined when there is none, and for a file that is not a lock. */
async function readLock(path: string): Promise<Holder | undefined> {
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
async function acquire(path: string, draft: string, own: LockContent): Promise<Holder | undefined> {
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

/** Shares of processes that run; those of dead ones are removed. */
async function liveShares(folder: string): Promise<Holder[]> {
  const holders: Holder[] = [];
  for (const name of await readdir(folder)) {
    if (!name.startsWith(SHARE_PREFIX)) continue;
    const path = join(folder, name);
    const holder = await readLock(path);
    if (holder === undefined) continue;
    if (holder === 'unreadable' || isAlive(holder)) holders.push(holder);
    // Nobody takes a share over, so this one is the dead process' own for ever.
    else await rm(path, { force: true });
  }
  return holders;
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

const here = (holder: LockContent): boolean => holder.host === hostname();

function nameOf(holder: LockContent): string {
  if (!here(holder)) return `process ${holder.pid} on host ${holder.host}`;
  return holder.pid === process.pid ? `this very process ${holder.pid}` : `process ${holder.pid}`;
}

/** @param use what the holders do with the folder: "in use", "being changed" */
function refusal(folder: string, path: string, use: string, holders: readonly Holder[]): CemError {
  const known = holders.filter((holder) => holder !== 'unreadable');
  const [first] = known;
  if (first === undefined || known.length < holders.length) {
    return new CemError(
      'FOLDER_LOCKED',
      `${folder} is locked by a file that says nothing readable; if no process uses it, remove ${path}`,
      { details: { folder } },
    );
  }
  const { address } = first;
  const away = known.find((holder) => !here(holder));
  const many = known.length > 1;
  const advice = away
    ? `stop ${many ? 'them' : 'that process'}; if ${many ? 'one' : 'it'} is gone, remove ${path}`
    : known.every(({ pid }) => pid === process.pid)
      ? 'close it there first'
      : `stop ${many ? 'those processes' : 'that process'}, or wait until ${many ? 'they end' : 'it ends'}`;
  const names = [...new Set(known.map(nameOf))].join(', ');
  const served = address === undefined ? '' : `, which serves it at ${address}; ask it there, or`;
  return new CemError('FOLDER_LOCKED', `${folder} is ${use} by ${names}${served || ';'} ${advice}`, {
    details: { folder, pid: first.pid, host: first.host, pids: known.map(({ pid }) => pid), ...(address && { address }) },
  });
}

const ownContent = (address?: string): LockContent => ({
  pid: process.pid,
  host: hostname(),
  started: ownStart(),
  token: randomUUID(),
  ...(address !== undefined && { address }),
});

/** A file with what a lock of this process says, to be given the lock's name. */
async function writeDraft(folder: string, own: LockContent): Promise<string> {
  await removeLeftTemporaries(folder, LOCK_NAME);
  const draft = join(folder, temporaryName(LOCK_NAME));
  await writeFile(draft, `${JSON.stringify(own)}\n`, { flag: 'wx' });
  return draft;
}

/** Until nobody shares the folder: those who asked for a share at the same moment stand back when they see the lock. */
async function waitForShares(folder: string): Promise<void> {
  const end = performance.now() + WHOLE_PATIENCE_MS;
  while (true) {
    const holders = await liveShares(folder);
    if (holders.length === 0) return;
    if (performance.now() >= end) throw refusal(folder, join(folder, `${SHARE_PREFIX}*`), 'in use', holders);
    await setTimeout(RETRY_MS);
  }
}

/**
 * Takes a folder for this process alone, by a file `lock` in it that names the process. The lock of a process that no longer runs is taken over.
 * A lock made on another host is never taken over: there is no way to see from here whether its process runs.
 *
 * @param options.address URL at which this process serves what is in the folder, for those who are refused it
 * @throws CemError `FOLDER_LOCKED` naming the process that has it, or those that share it
 */
export async function lockFolder(folder: string, { address }: { readonly address?: string } = {}): Promise<FolderLock> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, LOCK_NAME);
  // Looked at before the lock is taken, which would make newcomers wait for a writer that is refused anyway.
  const sharing = await liveShares(folder);
  if (sharing.length > 0) throw refusal(folder, join(folder, `${SHARE_PREFIX}*`), 'in use', sharing);
  const own = ownContent(address);
  const draft = await writeDraft(folder, own);
  try {
    const holder = await acquire(path, draft, own);
    if (holder !== undefined) throw refusal(folder, path, 'in use', [holder]);
  } finally {
    await rm(draft, { force: true });
  }
  const release = () => releaseLock(path, own.token);
  try {
    await waitForShares(folder);
    await removeLeftRights(folder);
    return { release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Until nobody has the folder for itself. */
async function waitForLock(folder: string, path: string, end: number): Promise<void> {
  while (true) {
    const holder = await readLock(path);
    if (holder === undefined || (holder !== 'unreadable' && !isAlive(holder))) return;
    if (performance.now() >= end) throw refusal(folder, path, 'being changed', [holder]);
    await setTimeout(RETRY_MS);
  }
}

/**
 * Takes a folder together with others that share it, by a file `lock.reader.…` that names the process: nobody has it alone (`lockFolder`) until all have
 * released theirs. What a process leaves that is killed keeps nobody out.
 *
 * @throws CemError `FOLDER_LOCKED` naming the process that has it for itself
 */
export async function shareFolder(folder: string): Promise<FolderLock> {
  const lock = join(folder, LOCK_NAME);
  const own = ownContent();
  const path = join(folder, `${SHARE_PREFIX}${own.token}`);
  const release = () => rm(path, { force: true });
  await liveShares(folder);
  const end = performance.now() + SHARE_PATIENCE_MS;
  while (true) {
    await waitForLock(folder, lock, end);
    await rename(await writeDraft(folder, own), path);
    // Each of two that meet writes its own file first and looks for the other's then, so at least one of them sees the other.
    const holder = await readLock(lock);
    if (holder === undefined || (holder !== 'unreadable' && !isAlive(holder))) return { release };
    await release();
  }
}
