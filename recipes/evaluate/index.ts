/** Encoders are measured on a benchmark, compared, reported. Loads TensorFlow.js. */
export { COMPARED_MEASURES, type CompareOptions, type CompareResult, compareEvaluations } from './compare.ts';
export { type CheckpointEvaluation, type Evaluation, type EvaluationOrigin, evaluate, evaluateCheckpoint } from './evaluate.ts';
export type { EvaluateOptions } from './evaluate-options.ts';
export { type EvaluateFieldsOptions, type FieldsEvaluation, measureFields } from './fields.ts';
export {
  type GenerateTaskOptions,
  type GenerateTaskResult,
  generateLongEmbed,
  type LongEmbedEvaluation,
  type LongEmbedOptions,
  measureLongEmbed,
} from './long-embed.ts';
export { type ReportOptions, type ReportResult, reportEvaluations } from './report.ts';
export { type CompareRetrieversOptions, compareRetrievers, type RetrieverComparison } from './retrievers.ts';
