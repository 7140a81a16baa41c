/** An encoder, an entropy model, a head over token vectors or a reranker is trained from a configuration, or what it would take is worked out. Loads TensorFlow.js. */
export { type TrainRunChoices, type TrainRunOptions, type TrainRunResult, train, trainRun } from './train.ts';
export { type EntropyRunResult, trainEntropyRun } from './train-entropy.ts';
export { type ImageRunResult, trainImageRun } from './train-images.ts';
export { planRun, type RunPlan } from './train-plan.ts';
export { type QueryHeadRunResult, trainQueryHeadRun } from './train-query-head.ts';
export { type RerankerRunResult, trainRerankerRun } from './train-reranker.ts';
