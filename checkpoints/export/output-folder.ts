import { access, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CemError, UsageError } from '../../base/index.ts';
import { syncFolder } from '../store/checkpoint-folder.ts';

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

function isRunning(processNumber: number): boolean {
  try {
    process.kill(processNumber, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Removes what killed processes left beside the folder. */
async function removeLeftovers(parent: string, name: string): Promise<void> {
  for (const entry of await readdir(parent)) {
    if (!entry.startsWith(`.${name}.`)) continue;
    const owner = /^\.(\d+)\.(?:tmp|old)$/.exec(entry.slice(name.length + 1))?.[1];
    if (owner !== undefined && !isRunning(Number(owner))) await rm(join(parent, entry), { recursive: true, force: true });
  }
}

/**
 * Refuses an output folder that is in the way.
 *
 * @param marker a file that every folder made by us has: nothing else is ever replaced
 * @throws UsageError `EXPORT_EXISTS` without `force`, `EXPORT_NOT_REPLACEABLE` with it when the folder was not made by us
 */
export async function checkOutput(output: string, options: { readonly force: boolean; readonly marker: string }): Promise<void> {
  const path = resolve(output);
  if (!(await exists(path))) return;
  const details = { path };
  if (!options.force)
    throw new UsageError('EXPORT_EXISTS', `${path} exists: add --force to replace it, or name another folder`, { details });
  if (!(await exists(join(path, options.marker)))) {
    throw new UsageError(
      'EXPORT_NOT_REPLACEABLE',
      `${path} is not an earlier export (it has no ${options.marker}), so it is not replaced: remove it yourself, or name another folder`,
      { details },
    );
  }
}

/**
 * Makes a folder that appears under its name whole or not at all: filled under a temporary name beside it, then renamed. An earlier one is moved
 * aside until then and comes back when the rename fails.
 *
 * @param options.replace without it, a folder that appeared meanwhile is left alone
 * @param fill writes the files into the folder that it is given, each of them synced
 * @throws CemError `EXPORT_WRITE` when the file system refuses, and what `fill` throws
 */
export async function writeFolder(
  output: string,
  options: { readonly replace: boolean },
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  const path = resolve(output);
  const parent = dirname(path);
  const name = basename(path);
  const temporary = join(parent, `.${name}.${process.pid}.tmp`);
  const old = join(parent, `.${name}.${process.pid}.old`);
  try {
    await mkdir(parent, { recursive: true });
    await removeLeftovers(parent, name);
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary);
    await fill(temporary);
    await syncFolder(temporary);
    const replaced = options.replace && (await exists(path));
    if (replaced) await rename(path, old);
    try {
      await rename(temporary, path);
    } catch (error) {
      if (replaced) await rename(old, path);
      throw error;
    }
    await syncFolder(parent);
    await rm(old, { recursive: true, force: true });
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (error instanceof CemError || (error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new CemError('EXPORT_WRITE', `writing ${path} failed: ${(error as Error).message}; nothing was changed there`, {
      details: { path },
      cause: error,
    });
  }
}
