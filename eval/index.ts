/** What an encoder is worth: measures, contenders, comparisons with significance, records of evaluations. */
export { compareRows, type MeasureComparison } from './comparison/comparison.ts';
export { DEFAULT_ROUNDS } from './comparison/significance.ts';
export {
  bm25Contender,
  type Contender,
  chunkContender,
  type EncoderContender,
  lsaContender,
  randomContender,
  textContender,
  textStudentContender,
  vectorContender,
} from './encoders/contenders.ts';
export { DevEvaluation, type DevEvaluationInput } from './encoders/dev-evaluation.ts';
export { type EncoderEvaluation, type EncoderEvaluationInput, evaluateEncoders } from './encoders/encoder-evaluation.ts';
export type { CandidatePacking } from './encoders/packed-candidates.ts';
export { RememberingEmbedder } from './encoders/remembering-embedder.ts';
export {
  evaluateStudent,
  type StudentEvaluation,
  type StudentEvaluationInput,
  withStudentRows,
} from './encoders/student-evaluation.ts';
export { VectorLog } from './encoders/vector-log.ts';
export { evaluateLongEmbed, type LongEmbedInput } from './long-embed/evaluate-long-embed.ts';
export { KeptSets } from './long-embed/kept-sets.ts';
export { LONG_EMBED_ROWS, type LongEmbedResult } from './long-embed/long-embed-result.ts';
export { generateNeedle, type Haystack, makeHaystack } from './long-embed/needle.ts';
export { generatePasskey } from './long-embed/passkey.ts';
export { findLongEmbedSets, type LongEmbedSet } from './long-embed/read-long-embed.ts';
export { LONG_EMBED_LENGTHS, type SyntheticTask } from './long-embed/synthetic-task.ts';
export { formatLongEmbed } from './long-embed/table.ts';
export { writeSyntheticTask } from './long-embed/write-synthetic.ts';
export { type CandidateChoice, candidateTexts } from './measures/candidates.ts';
export { type EvaluationInput, evaluate } from './measures/evaluate.ts';
export { type Measure, type MeasureValues, RETRIEVAL_MEASURES, TREC_MEASURES } from './measures/measures.ts';
export { averageMeasures, measureRun } from './measures/metrics.ts';
export { readTrecQrels, readTrecRun } from './measures/trec-files.ts';
export { EvaluationFolder } from './records/evaluation-folder.ts';
export { type EvaluationRecord, readEvaluationRecord } from './records/evaluation-record.ts';
