import { join, resolve } from 'node:path';
import { CemError, exists, messageOf, UsageError, writeFolderAtomically } from '../../base/index.ts';

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
  try {
    await writeFolderAtomically(path, fill, { replace: options.replace });
  } catch (error) {
    if (error instanceof CemError || (error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new CemError('EXPORT_WRITE', `writing ${path} failed: ${messageOf(error)}; nothing was changed there`, {
      details: { path },
      cause: error,
    });
  }
}
