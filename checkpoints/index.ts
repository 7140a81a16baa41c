export {
  CHECKPOINT_FORMAT_VERSION,
  type CheckpointState,
  findCheckpoint,
  listCheckpoints,
  loadCheckpoint,
  loadOptimizer,
  type OptimizerArrays,
  pruneCheckpoints,
  readCheckpointState,
  saveCheckpoint,
} from './checkpoint.ts';
export { type LoadedStudent, loadStudent } from './load-student.ts';
export { type NamedArray, readSafetensors, writeSafetensors } from './safetensors.ts';
