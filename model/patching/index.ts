/** Where a chunk is cut into patches: by stride, words, blocks of the frame, or a byte model's entropy. */
export { EntropyPatcher } from './entropy-patcher.ts';
export { type ChosenThreshold, thresholdForMeanLength } from './entropy-threshold.ts';
