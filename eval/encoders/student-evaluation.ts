import assert from 'node:assert/strict';
import type { ChunkSource, Encoder, TextEmbedder } from '../../encoders/index.ts';
import type { MeasureValues } from '../measures/measures.ts';
import { bm25Contender, chunkContender, type MaximumLength, randomContender, textContender } from './contenders.ts';
import { type EncoderEvaluation, type EncoderEvaluationInput, evaluateEncoders } from './encoder-evaluation.ts';
import { RememberingEmbedder } from './remembering-embedder.ts';
import type { SymbolReading } from './symbol-coverage.ts';

export interface StudentEvaluationInput extends Omit<EncoderEvaluationInput, 'contenders' | 'onRankings'> {
  /**
   * Makes the student over the packed candidates: compressed chunks are all it is given. `queries` is the teacher, which remembers
   * what it embedded for its own row.
   */
  readonly student: (source: ChunkSource, queries: TextEmbedder) => Encoder;
  /** How much of a chunk the student reads; all of it unless given. */
  readonly studentLength?: MaximumLength;
  /** How it reads their symbols, to count what it leaves unread; not counted unless given. */
  readonly studentSymbols?: SymbolReading;
  readonly teacher: TextEmbedder;
}

/** Rows of the comparison that the product is judged by, in the order of the table. */
type RowName = 'teacher' | 'student' | 'bm25' | 'random';

/** An evaluation that has the four rows. */
export interface StudentEvaluation extends EncoderEvaluation {
  readonly encoders: Readonly<Record<RowName, MeasureValues>>;
}

/**
 * The comparison that the product is judged by: the candidates are packed, the student ranks them from their compressed chunks, and the
 * teacher and BM25 from their texts. Nothing is decompressed, and no query is encoded twice.
 *
 * @throws CemError as `evaluateEncoders`
 */
export async function evaluateStudent({
  student,
  studentLength,
  studentSymbols,
  teacher,
  ...input
}: StudentEvaluationInput): Promise<StudentEvaluation> {
  const remembering = new RememberingEmbedder(teacher, input.vectorLog);
  const { evaluation } = await evaluateEncoders({
    ...input,
    contenders: [
      textContender('teacher', remembering),
      chunkContender('student', (chunks) => student(chunks, remembering), studentLength ?? null, studentSymbols),
      bm25Contender(),
      randomContender(teacher.description.dimension),
    ],
  });
  return withStudentRows(evaluation);
}

/** The same evaluation, typed as what it is: it has the four rows. */
export function withStudentRows<Evaluation extends EncoderEvaluation>(evaluation: Evaluation): Evaluation & StudentEvaluation {
  const { teacher, student, bm25, random } = evaluation.encoders;
  assert.ok(teacher && student && bm25 && random, 'an evaluation of a student has four rows');
  return { ...evaluation, encoders: { ...evaluation.encoders, teacher, student, bm25, random } };
}
