/** An encoder or an entropy model is trained from a configuration, or what it would take is worked out. Loads TensorFlow.js. */
export { type TrainRunChoices, type TrainRunOptions, type TrainRunResult, train, trainRun } from './train.ts';
export { type EntropyRunResult, trainEntropyRun } from './train-entropy.ts';
export { planRun, type RunPlan } from './train-plan.ts';
