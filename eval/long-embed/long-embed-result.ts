import type { PassagePacking } from '../encoders/packed-candidates.ts';
import type { SymbolCoverage } from '../encoders/symbol-coverage.ts';

/**
 * Rows of the comparison, in the order of the table. `teacher` reads the first tokens of a document, `student_beginning` the first symbols of its first chunk, `student` those of all of its
 * chunks; `…_passages` the same passages, of which the best one is the document's score. BM25 reads whole documents.
 */
export const LONG_EMBED_ROWS = [
  'teacher',
  'teacher_passages',
  'student_beginning',
  'student',
  'student_passages',
  'bm25',
  'random',
] as const;
export type LongEmbedRow = (typeof LONG_EMBED_ROWS)[number];

/** A value by row. */
export type RowScores = Readonly<Record<LongEmbedRow, number>>;

/** Synthetic tasks: share of queries whose document comes first (ties by id, see `search`). Real tasks: nDCG@10. */
export type LongEmbedMeasure = 'accuracy_at_1' | 'ndcg_at_10';

/** One set, measured. */
export interface LongEmbedSetResult {
  readonly task: string;
  /** Tokens; null for real tasks. */
  readonly length: number | null;
  readonly measure: LongEmbedMeasure;
  readonly scores: RowScores;
  readonly documents: number;
  readonly queries: number;
  readonly saving: number;
  readonly text_bytes: number;
  /** How much of the documents the student was able to read where a chunk has one vector. */
  readonly coverage: SymbolCoverage;
  /** Documents by the best of their passages: how they were packed, what that saves, how much of them was read. */
  readonly passages: PassagePacking & { readonly saving: number; readonly coverage: SymbolCoverage };
  /** Encoding, or indexing, all documents. */
  readonly document_seconds: RowScores;
  /** Largest resident memory of this process so far: sets are measured from short to long. */
  readonly peak_memory_bytes: number;
  readonly corpus_hash: string;
}

export interface LongEmbedTaskResult {
  readonly task: string;
  readonly measure: LongEmbedMeasure;
  /** Scores; for synthetic tasks the plain mean over the lengths that were measured. */
  readonly scores: RowScores;
  /** False while lengths that the benchmark has are missing: no figure to compare with published ones. */
  readonly complete: boolean;
}

export interface LongEmbedResult {
  readonly sets: readonly LongEmbedSetResult[];
  readonly tasks: readonly LongEmbedTaskResult[];
  /** Plain mean of the six tasks; null unless all are complete. */
  readonly mean: RowScores | null;
}
