/** Corpora are packed, changed, checked. Loads no TensorFlow.js. */
export {
  type AddToCorpusOptions,
  addToCorpus,
  type CompactCorpusOptions,
  compactCorpus,
  type RemoveFromCorpusOptions,
  removeFromCorpus,
} from './change-corpus.ts';
export { type PackChoices, type PackSourceOptions, pack } from './pack.ts';
export { type VerifiedCorpus, type VerifyCorpusOptions, verifyCorpus } from './verify.ts';
