export { type EvaluationInput, evaluate } from './evaluate.ts';
export { type Measure, type MeasureValues, RETRIEVAL_MEASURES, TREC_MEASURES } from './measures.ts';
export { averageMeasures, measureRanking, measureRun, rankResults } from './metrics.ts';
export { evaluateStudent, type StudentEvaluation, type StudentEvaluationInput } from './student-evaluation.ts';
export { formatEvaluation } from './table.ts';
export { readTrecQrels, readTrecRun } from './trec-files.ts';
