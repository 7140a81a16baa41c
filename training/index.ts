/** How a student learns from compressed chunks. Read trainer.ts first. */
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
export { numbersOf } from './runs/metric-numbers.ts';
export { adoptCorpus, checkRunConfig } from './runs/run-folder.ts';
export { type ConfigDifference, compareConfigs, findRuns, listRuns, type RunSummary, readRunSteps } from './runs/runs.ts';
export { type SweepConfig, type SweepMetric, sweepConfigSchema } from './sweep/config.ts';
export { planTrials, type TrialSettings } from './sweep/plan-trials.ts';
export type { PackSettings, TrainingListener, TrainOptions, TrainResult } from './train-options.ts';
export { train } from './trainer.ts';
export { MOST_VARIANTS, packVariantSchema } from './variants/config.ts';
