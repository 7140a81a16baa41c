import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { exists } from './exists.ts';
import { syncFolder } from './sync.ts';
import { removeLeftTemporaries, temporaryName } from './temporary-name.ts';

/**
 * Makes a folder that appears under its name whole or not at all: filled under a hidden temporary name beside it, then renamed. A kill leaves what stood there before, or
 * in the moment between two renames nothing, beside the temporary folders, which the next writer of the same folder removes.
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
  await removeLeftTemporaries(parent, purpose);
  const [temporary, aside] = [join(parent, temporaryName(purpose)), join(parent, temporaryName(purpose))];
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
