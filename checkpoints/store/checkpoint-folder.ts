import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { CemError, messageOf, readJsonFile, writeFileAtomically, writeFolderAtomically } from '../../base/index.ts';

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

function readBestFile(path: string): Promise<BestCheckpoint | undefined> {
  return readJsonFile(path, bestSchema, {
    code: 'CHECKPOINT_MALFORMED',
    what: 'a note of which checkpoint is the best',
    remedy: 'name a checkpoint by its step',
  });
}

/**
 * Makes a checkpoint's folder as a whole, as `writeFolderAtomically` does.
 *
 * @param folder `…/checkpoints/<step>`
 * @throws CemError `CHECKPOINT_WRITE` when the system does not write it, as on a full disk
 */
export async function writeCheckpointFolder<Result>(
  folder: string,
  fill: (temporary: string) => Promise<Result>,
): Promise<Result> {
  try {
    return await writeFolderAtomically(folder, fill);
  } catch (error) {
    if (error instanceof CemError || (error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new CemError(
      'CHECKPOINT_WRITE',
      `writing ${folder} failed: ${messageOf(error)}; checkpoints written before it are whole`,
      { details: { folder }, cause: error },
    );
  }
}
