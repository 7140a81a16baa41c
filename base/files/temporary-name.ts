import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning, machineMark, ownStart } from '../process-life.ts';

/** What it is for; the process; in hexadecimal digits the machine's mark, the process's start (`f` where it is not known) and chance. */
const NAME = /^(?<purpose>.+)\.(?<pid>\d+)\.(?<mark>[0-9a-f]{8})(?<started>[0-9a-f]{16})[0-9a-f]{8}\.tmp$/s;
const UNKNOWN_START = 'f'.repeat(16);

/** Start of a process as a name holds it. */
function startDigits(started: string): string {
  return started === '' ? UNKNOWN_START : BigInt(started).toString(16).padStart(16, '0');
}

/** The other way round. */
function startOf(digits: string): string {
  return digits === UNKNOWN_START ? '' : BigInt(`0x${digits}`).toString();
}

/**
 * A name for a file or folder that is there only while this process works on it.
 *
 * @param purpose what the name begins with: what is done with it, mostly a dot and the name of the file that it becomes
 */
export function temporaryName(purpose: string): string {
  return `${purpose}.${process.pid}.${machineMark()}${startDigits(ownStart())}${randomBytes(4).toString('hex')}.tmp`;
}

/**
 * Paths of what processes of this machine that are gone left under temporary names for `purpose`. What belongs to a process that runs, or to another machine, is
 * not among them; of a folder that cannot be read there are none.
 */
export async function leftTemporaries(folder: string, purpose: string): Promise<string[]> {
  const mark = machineMark();
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => {
      const groups = NAME.exec(name)?.groups;
      if (groups === undefined || groups['purpose'] !== purpose || groups['mark'] !== mark) return false;
      return !isRunning(Number(groups['pid']), startOf(groups['started']!));
    })
    .map((name) => join(folder, name));
}

/** Removes {@link leftTemporaries}. What cannot be removed is passed over: it harms nobody. */
export async function removeLeftTemporaries(folder: string, purpose: string): Promise<void> {
  for (const path of await leftTemporaries(folder, purpose))
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
}
