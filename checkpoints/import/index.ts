/** Weights of others into our model: BLT checkpoints, tensors in folders, runs of our own. */

export { type BertImport, importBert } from './import-bert.ts';
export { type ImportReport, importBlt, type ShapeMismatch } from './import-blt.ts';
export { importWeights } from './import-weights.ts';
