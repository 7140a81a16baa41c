/** How far a checkpoint knows a corpus, before it is indexed. Loads TensorFlow.js. */
export { type CheckCorpusOptions, type CorpusCheck, checkCorpus, type TeacherAgreement } from './check-corpus.ts';
export type { CorpusAdvice, CorpusVerdict } from './corpus-advice.ts';
