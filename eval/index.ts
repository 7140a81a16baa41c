export type { CandidateChoice } from './candidates.ts';
export { compareRows, type MeasureComparison } from './comparison.ts';
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
} from './contenders.ts';
export { DevEvaluation, type DevEvaluationInput } from './dev-evaluation.ts';
export { type EncoderEvaluation, type EncoderEvaluationInput, evaluateEncoders } from './encoder-evaluation.ts';
export { type EvaluationInput, evaluate } from './evaluate.ts';
export { EvaluationFolder } from './evaluation-folder.ts';
export { type EvaluationRecord, readEvaluationRecord } from './evaluation-record.ts';
export { evaluateLongEmbed, type LongEmbedInput, type LongEmbedResult } from './long-embed/evaluate-long-embed.ts';
export { KeptSets } from './long-embed/kept-sets.ts';
export { generateNeedle, type Haystack, makeHaystack } from './long-embed/needle.ts';
export { generatePasskey } from './long-embed/passkey.ts';
export { findLongEmbedSets, type LongEmbedSet, readLongEmbedSet } from './long-embed/read-long-embed.ts';
export { LONG_EMBED_LENGTHS, type SyntheticTask } from './long-embed/synthetic-task.ts';
export { formatLongEmbed } from './long-embed/table.ts';
export { writeSyntheticTask } from './long-embed/write-synthetic.ts';
export { type Measure, type MeasureValues, RETRIEVAL_MEASURES, TREC_MEASURES } from './measures.ts';
export { averageMeasures, measureRanking, measureRun, rankResults } from './metrics.ts';
export { RememberingEmbedder } from './remembering-embedder.ts';
export { bootstrapInterval, DEFAULT_ROUNDS, randomizationTest } from './significance.ts';
export { evaluateStudent, type StudentEvaluation, type StudentEvaluationInput, withStudentRows } from './student-evaluation.ts';
export { formatEvaluation, formatTable } from './table.ts';
export { readTrecQrels, readTrecRun } from './trec-files.ts';
export { VectorLog } from './vector-log.ts';
