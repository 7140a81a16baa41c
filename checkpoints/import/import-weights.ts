import type { CemModel } from '../../model/embedder.ts';
import { CemError } from '../../zpkg/errors.ts';
import { findCheckpoint } from '../checkpoint.ts';
import { type ImportReport, importBlt } from './import-blt.ts';
import { importCheckpoint } from './import-checkpoint.ts';

/**
 * Begins a model with the weights of another: a checkpoint or run folder of ours, else a BLT checkpoint in transformers' form.
 *
 * @throws as `importCheckpoint` and `importBlt`
 */
export async function importWeights(model: CemModel, folder: string): Promise<ImportReport> {
  const own = await findCheckpoint(folder).catch((error: unknown) => {
    if (error instanceof CemError && error.code === 'CHECKPOINT_MISSING') return undefined;
    throw error;
  });
  return own === undefined ? importBlt(model, folder) : importCheckpoint(model, own);
}
