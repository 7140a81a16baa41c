export { type ImportReport, importBlt, type ShapeMismatch } from './import-blt.ts';
