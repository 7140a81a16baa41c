export {
  CHECKPOINT_FORMAT_VERSION,
  type CheckpointState,
  copyWeights,
  findCheckpoint,
  listCheckpoints,
  loadCheckpoint,
  loadOptimizer,
  type OptimizerArrays,
  pruneCheckpoints,
  readCheckpointState,
  saveCheckpoint,
} from './checkpoint.ts';
export { type BestCheckpoint, readBestCheckpoint, writeBestCheckpoint, writeCheckpointFolder } from './checkpoint-folder.ts';
export { DENSE_PRECISIONS, type DensePrecision, TABLE_PRECISIONS, type TablePrecision } from './compact-weights.ts';
export {
  type EntropyCheckpointState,
  type LoadedEntropyModel,
  loadEntropyModel,
  loadEntropyOptimizer,
  saveEntropyCheckpoint,
} from './entropy-checkpoint.ts';
export { type LoadedEntropyPatcher, loadEntropyPatcher } from './entropy-patcher.ts';
export {
  type ExportDescription,
  type ExportFormat,
  type ExportOptions,
  type ExportResult,
  exportEncoder,
  exportFormats,
  layersModelFiles,
  loadLayersModelExport,
  readExportDescription,
} from './export/index.ts';
export { type ImportReport, importBlt, importWeights, type ShapeMismatch } from './import/index.ts';
export { loadQueryStudent, type QueryStudentFiles } from './load-query-student.ts';
export { type LoadedStudent, loadStudent } from './load-student.ts';
export { type LoadTeacherOptions, loadTeacher, teacherPlaces } from './load-teacher.ts';
export { type NamedArray, readSafetensors, writeSafetensors } from './safetensors.ts';
