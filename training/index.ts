export { type LossConfig, lossConfigSchema, type TrainingConfig, trainingConfigSchema } from './config.ts';
export {
  type EntropyTrainingConfig,
  entropyTrainingConfigSchema,
  type WantedPatches,
  wantedPatchesSchema,
} from './entropy/config.ts';
export type { EntropyRun, EntropyTrainOptions, EntropyTrainResult } from './entropy/options.ts';
export { trainEntropyModel } from './entropy/train-entropy-model.ts';
export { type PlannedBatch, planTraining, type TrainingPlan } from './plan/plan-training.ts';
export { type ConfigDifference, compareConfigs, listRuns, type RunSummary } from './runs.ts';
export { cachedTeacher, TeacherCache, teacherCacheFolder } from './teacher-cache.ts';
export type { PackSettings, TrainingListener, TrainOptions, TrainResult } from './train-options.ts';
export { train } from './trainer.ts';
