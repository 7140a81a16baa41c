export { cachedTeacher, cachePrecision, TeacherCache, teacherCacheFolder } from '../encoders/cache/teacher-cache.ts';
export {
  listTeacherCaches,
  type TeacherCacheCheck,
  type TeacherCacheSummary,
  verifyTeacherCache,
} from '../encoders/cache/teacher-cache-inspection.ts';
export { PRECISIONS, type Precision } from '../encoders/cache/vector-codec.ts';
export { type LossConfig, lossConfigSchema, type TrainingConfig, trainingConfigSchema } from './config.ts';
export {
  type EntropyTrainingConfig,
  entropyTrainingConfigSchema,
  type WantedPatches,
  wantedPatchesSchema,
} from './entropy/config.ts';
export type { EntropyRun, EntropyTrainOptions, EntropyTrainResult } from './entropy/options.ts';
export { trainEntropyModel } from './entropy/train-entropy-model.ts';
export type { DevContext, DevEvaluationAtStep, DevEvaluator, EarlyStopping, OpenDevEvaluator } from './loop/evaluation.ts';
export { type PassPlan, type PlannedBatch, planTraining, type TrainingPlan } from './plan/plan-training.ts';
export { adoptQueryStudent, sameQueryStudent } from './query/adopt-query-student.ts';
export { adoptCorpus, checkRunConfig } from './runs/run-folder.ts';
export { type ConfigDifference, compareConfigs, listRuns, type RunSummary } from './runs/runs.ts';
export { type SweepConfig, type SweepMetric, sweepConfigSchema } from './sweep/config.ts';
export { planTrials, type TrialSettings } from './sweep/plan-trials.ts';
export type { PackSettings, TrainingListener, TrainOptions, TrainResult } from './train-options.ts';
export { train } from './trainer.ts';
