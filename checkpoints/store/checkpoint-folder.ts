import { copyFile, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { CemError, FormatError, messageOf, writeFileAtomically } from '../../base/index.ts';

/** Stands beside the checkpoints of a run that is evaluated on development data, and says which of them is the best; it may be named where a checkpoint may. */
const BEST_FILE = 'best';

const bestSchema = z.strictObject({
  step: z.number().int().nonnegative(),
  'ndcg@10': z.number(),
  retention: z.number(),
});

/** Which checkpoint of a run is the best by nDCG@10 on development data, and what it reached. */
export type BestCheckpoint = z.infer<typeof bestSchema>;

/**
 * The best checkpoint of a run; undefined when the run has not been evaluated.
 *
 * @throws FormatError `CHECKPOINT_MALFORMED`
 */
export function readBestCheckpoint(runFolder: string): Promise<BestCheckpoint | undefined> {
  return readBestFile(join(runFolder, 'checkpoints', BEST_FILE));
}

/** Says which checkpoint of a run is the best; with undefined, that none is. */
export async function writeBestCheckpoint(runFolder: string, best: BestCheckpoint | undefined): Promise<void> {
  const path = join(runFolder, 'checkpoints', BEST_FILE);
  if (best === undefined) await rm(path, { force: true });
  else await writeFileAtomically(path, Buffer.from(`${JSON.stringify(best)}\n`));
}

/** Folder of the checkpoint that `…/checkpoints/best` stands for; undefined when the path is no such file. */
export async function resolveBestCheckpoint(path: string): Promise<string | undefined> {
  if (basename(path) !== BEST_FILE) return undefined;
  const best = await readBestFile(path);
  return best && join(dirname(path), String(best.step));
}

async function readBestFile(path: string): Promise<BestCheckpoint | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return bestSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new FormatError('CHECKPOINT_MALFORMED', `${path} does not say which checkpoint is the best; name one by its step`, {
      details: { path },
      cause,
    });
  }
}

/** Copies a file so that the copy lasts through a loss of power. */
export async function copySynced(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  const file = await open(to, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a rename or a new file in this folder last through a loss of power. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Makes a checkpoint's folder as a whole: filled under a temporary name, then renamed, so that a kill leaves either none or a complete one.
 *
 * @param folder `…/checkpoints/<step>`; what stood there before is replaced
 * @param fill writes the files into the folder that it is given, each of them synced
 * @returns what `fill` returns
 * @throws CemError `CHECKPOINT_WRITE` when the system does not write it, as on a full disk
 */
export async function writeCheckpointFolder<Result>(
  folder: string,
  fill: (temporary: string) => Promise<Result>,
): Promise<Result> {
  const parent = dirname(folder);
  await mkdir(parent, { recursive: true });
  const temporary = join(parent, `.${basename(folder)}.${process.pid}.tmp`);
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary);
  try {
    const result = await fill(temporary);
    await syncFolder(temporary);
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder);
    await syncFolder(parent);
    return result;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (error instanceof CemError || (error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new CemError(
      'CHECKPOINT_WRITE',
      `writing ${folder} failed: ${messageOf(error)}; checkpoints written before it are whole`,
      {
        details: { folder },
        cause: error,
      },
    );
  }
}
