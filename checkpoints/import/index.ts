export { type ImportReport, importBlt, type ShapeMismatch } from './import-blt.ts';
export { importWeights } from './import-weights.ts';
