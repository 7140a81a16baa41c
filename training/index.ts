/** How a student learns from compressed chunks. Read trainer.ts first. */
export {
  type EntropyTrainingConfig,
  entropyTrainingConfigSchema,
  type WantedPatches,
  wantedPatchesSchema,
} from './entropy/config.ts';
export type { EntropyRun, EntropyTrainOptions, EntropyTrainResult } from './entropy/options.ts';
export { trainEntropyModel } from './entropy/train-entropy-model.ts';
export { type ImageTrainingConfig, imageTrainingConfigSchema } from './images/config.ts';
export type { ImageExamples, ImageRun, ImageTrainOptions, ImageTrainResult } from './images/options.ts';
export { trainImageTower } from './images/train-images.ts';
export { type LossConfig, lossConfigSchema } from './losses/config.ts';
export { type TrainingConfig, trainingConfigSchema } from './options/config.ts';
export type { DevContext, DevEvaluator, OpenDevEvaluator } from './options/dev-evaluator.ts';
export type { TrainOptions, TrainResult } from './options/train-options.ts';
export { type PassPlan, type PlannedBatch, planTraining, type TrainingPlan } from './plan/plan-training.ts';
export { adoptQueryStudent, sameQueryStudent } from './query/adopt-query-student.ts';
export { type QueryHeadTrainingConfig, queryHeadTrainingConfigSchema } from './query-head/config.ts';
export type {
  HeadPair,
  QueryHeadExamples,
  QueryHeadRun,
  QueryHeadTrainOptions,
  QueryHeadTrainResult,
  ScorePassages,
} from './query-head/options.ts';
export { TokenRows } from './query-head/token-rows.ts';
export { trainQueryHead } from './query-head/train-query-head.ts';
export { type RerankerTrainingConfig, rerankerTrainingConfigSchema } from './reranker/config.ts';
export type {
  RerankerExamples,
  RerankerQuery,
  RerankerRun,
  RerankerTrainOptions,
  RerankerTrainResult,
} from './reranker/options.ts';
export { trainReranker } from './reranker/train-reranker.ts';
export type { DevEvaluationAtStep, EarlyStopping } from './runs/evaluations.ts';
export { numbersOf } from './runs/metric-numbers.ts';
export { type DevMetrics, parseMetricsLine, readMetrics } from './runs/metrics-lines.ts';
export { adoptCorpus, checkRunConfig } from './runs/run-folder.ts';
export { type ConfigDifference, compareConfigs, findRuns, listRuns, type RunSummary, readRunSteps } from './runs/runs.ts';
export type { TrainingListener } from './runs/training-listener.ts';
export { type SweepConfig, type SweepMetric, sweepConfigSchema } from './sweep/config.ts';
export { planTrials, type TrialSettings } from './sweep/plan-trials.ts';
export { train } from './trainer.ts';
export { MOST_VARIANTS, type PackSettings, packVariantSchema } from './variants/config.ts';
