import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { exists } from './exists.ts';
import { syncFolder } from './sync.ts';
import { leftTemporaries, removeLeftTemporaries, temporaryName } from './temporary-name.ts';

/**
 * Puts a folder back that a writer, killed between its two renames, had moved aside, and removes what killed writers left otherwise.
 *
 * @param purpose of the folders that writers fill
 * @param replaced of the folders that they move aside
 */
async function settle(path: string, purpose: string, replaced: string): Promise<void> {
  const parent = dirname(path);
  for (const aside of await leftTemporaries(parent, replaced)) {
    if (!(await exists(path))) await rename(aside, path);
  }
  await removeLeftTemporaries(parent, replaced);
  await removeLeftTemporaries(parent, purpose);
}

/**
 * Makes a folder that appears under its name whole or not at all: filled under a hidden temporary name beside it, then renamed. A kill leaves what stood there before, or
 * in the moment between two renames nothing: the next writer of the same folder first puts back what stood there. It removes what other temporary folders a kill has left.
 *
 * @param path what stood there before is moved aside, removed once the new folder is there, and comes back when the rename fails
 * @param fill writes the files into the folder that it is given, each of them synced
 * @param options.replace whether a folder that is there is replaced (default); without it the rename fails then
 * @returns what `fill` returns
 */
export async function writeFolderAtomically<Result>(
  path: string,
  fill: (temporary: string) => Promise<Result>,
  options: { readonly replace?: boolean } = {},
): Promise<Result> {
  const parent = dirname(path);
  const purpose = `.${basename(path)}`;
  await mkdir(parent, { recursive: true });
  await settle(path, purpose, `${purpose}.replaced`);
  const [temporary, aside] = [join(parent, temporaryName(purpose)), join(parent, temporaryName(`${purpose}.replaced`))];
  await mkdir(temporary);
  try {
    const result = await fill(temporary);
    await syncFolder(temporary);
    const replaced = options.replace !== false && (await exists(path));
    if (replaced) await rename(path, aside);
    try {
      await rename(temporary, path);
    } catch (error) {
      if (replaced) await rename(aside, path);
      throw error;
    }
    await syncFolder(parent);
    if (replaced) await rm(aside, { recursive: true, force: true });
    return result;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** Removes a folder that a kill in the middle leaves whole or not at all under its name: it is renamed to a hidden temporary name first. One that is not there is passed over. */
export async function removeFolderAtomically(path: string): Promise<void> {
  const aside = join(dirname(path), temporaryName(`.${basename(path)}`));
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
}
