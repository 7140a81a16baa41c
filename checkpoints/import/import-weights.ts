import { CemError } from '../../base/index.ts';
import type { CemModel } from '../../model/index.ts';
import { findCheckpoint } from '../store/checkpoint.ts';
import { type ImportReport, importBlt } from './import-blt.ts';
import { importCheckpoint } from './import-checkpoint.ts';

/**
 * Begins a model with the weights of another: a checkpoint or run folder of ours, else a BLT checkpoint in transformers' form.
 *
 * @throws CemError `IMPORT_MISSING` when it is neither; else as `importCheckpoint` and `importBlt`
 */
export async function importWeights(model: CemModel, folder: string): Promise<ImportReport> {
  const own = await findCheckpoint(folder).catch((error: unknown) => {
    if (error instanceof CemError && error.code === 'CHECKPOINT_MISSING') return undefined;
    throw error;
  });
  if (own !== undefined) return importCheckpoint(model, own);
  return importBlt(model, folder).catch((cause: unknown) => {
    if (!(cause instanceof CemError && cause.code === 'IMPORT_MISSING')) throw cause;
    throw new CemError(
      'IMPORT_MISSING',
      `${folder} is neither a checkpoint or run folder of ours nor a BLT checkpoint: ${cause.message}`,
      {
        details: { folder },
        cause,
      },
    );
  });
}
