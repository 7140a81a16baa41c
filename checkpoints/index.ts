/** What training leaves: checkpoints are stored (store/), and loaded as students, teachers and patchers (load/). */
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
export { type BertImport, type ImportReport, importBert, importBlt, type ShapeMismatch } from './import/index.ts';
export { type LoadedEntropyPatcher, loadEntropyPatcher } from './load/entropy-patcher.ts';
export { type LoadImageTowerOptions, loadImageTower } from './load/load-image-tower.ts';
export { loadQueryStudent, type QueryStudentFiles } from './load/load-query-student.ts';
export { type LoadRerankerOptions, loadReranker } from './load/load-reranker.ts';
export { type LoadedStudent, loadStudent } from './load/load-student.ts';
export { type LoadTeacherOptions, loadTeacher, teacherPlaces } from './load/load-teacher.ts';
export {
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
} from './store/checkpoint.ts';
export {
  type BestCheckpoint,
  readBestCheckpoint,
  writeBestCheckpoint,
  writeCheckpointFolder,
} from './store/checkpoint-folder.ts';
export { DENSE_PRECISIONS, type DensePrecision, TABLE_PRECISIONS, type TablePrecision } from './store/compact-weights.ts';
export {
  type CrossEncoderCheckpointState,
  copyTokenizer,
  type LoadedCrossEncoder,
  loadCrossEncoder,
  loadCrossEncoderOptimizer,
  saveCrossEncoderCheckpoint,
} from './store/cross-encoder-checkpoint.ts';
export {
  type EntropyCheckpointState,
  type LoadedEntropyModel,
  loadEntropyModel,
  loadEntropyOptimizer,
  saveEntropyCheckpoint,
} from './store/entropy-checkpoint.ts';
export {
  type ImageTowerState,
  type LoadedImageTower,
  loadImageTowerModel,
  loadImageTowerOptimizer,
  saveImageTower,
} from './store/image-tower-checkpoint.ts';
export {
  KNOWN_TEXT_FILE,
  type KnownShare,
  type KnownText,
  knownTextOf,
  readKnownText,
  shareKnown,
  writeKnownText,
} from './store/known-text.ts';
export {
  type LoadedProjection,
  type LoadedQueryHead,
  loadQueryHead,
  loadQueryHeadOptimizer,
  openProjection,
  PROJECTION_FILES,
  type QueryHeadCheckpointState,
  saveQueryHeadCheckpoint,
} from './store/query-head-checkpoint.ts';
export { type NamedArray, readSafetensors } from './store/safetensors.ts';
