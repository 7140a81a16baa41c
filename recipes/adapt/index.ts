/** A checkpoint is trained further on the corpus that is to be indexed, in minutes. Loads TensorFlow.js. */
export { type AdaptOptions, type AdaptResult, adaptCheckpoint } from './adapt.ts';
export type { MeasuredSet, SentenceRetrieval } from './measure-adaptation.ts';
