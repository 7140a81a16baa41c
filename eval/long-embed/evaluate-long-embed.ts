import assert from 'node:assert/strict';
import { LONG_EMBED_TASKS, type LongEmbedTask } from '../../data/index.ts';
import type { ChunkSource } from '../../encoders/index.ts';
import { bm25Contender, chunkContender, randomContender, textContender } from '../encoders/contenders.ts';
import { type EncoderEvaluation, evaluateEncoders } from '../encoders/encoder-evaluation.ts';
import { RememberingEmbedder } from '../encoders/remembering-embedder.ts';
import { type StudentEvaluationInput, withStudentRows } from '../encoders/student-evaluation.ts';
import type { SymbolCoverage, SymbolReading } from '../encoders/symbol-coverage.ts';
import type { KeptSets } from './kept-sets.ts';
import type {
  LongEmbedMeasure,
  LongEmbedResult,
  LongEmbedRow,
  LongEmbedSetResult,
  LongEmbedTaskResult,
  RowScores,
} from './long-embed-result.ts';
import { type LongEmbedSet, readLongEmbedSet } from './read-long-embed.ts';
import { LONG_EMBED_LENGTHS } from './synthetic-task.ts';

export interface LongEmbedInput extends Omit<StudentEvaluationInput, 'data' | 'candidates' | 'onProgress'> {
  readonly sets: readonly LongEmbedSet[];
  /** Where the student cuts a passage, and what it reads of it. */
  readonly model: SymbolReading;
  /** Passages that documents are ranked by, the best of each; beside chunks that have one vector, as `pack` says. */
  readonly passages: { readonly size: number; readonly overlap: number };
  /** Where results of sets are kept: what is there is not measured again. */
  readonly kept?: KeptSets;
  readonly onProgress?: (set: LongEmbedSet, stage: string, done: number, total: number) => void;
}

/**
 * Measures teacher, student, BM25 and chance on sets of LongEmbed, each with all of its documents as candidates. Teacher and student twice: by what they read of a document's or a chunk's
 * beginning, and by the best of the same passages.
 *
 * @throws CemError as `readLongEmbedSet`, `evaluateEncoders` and `KeptSets`
 */
export async function evaluateLongEmbed({ sets, kept, ...input }: LongEmbedInput): Promise<LongEmbedResult> {
  const results: LongEmbedSetResult[] = [];
  for (const set of sets) {
    const before = await kept?.read(set);
    const result = before ?? (await measureSet(set, input));
    if (before === undefined) await kept?.write(set, result);
    results.push(result);
  }
  return { sets: results, ...summarize(results) };
}

async function measureSet(
  set: LongEmbedSet,
  { model, passages, onProgress, teacher: embedder, student, pack, ...input }: Omit<LongEmbedInput, 'sets' | 'kept'>,
): Promise<LongEmbedSetResult> {
  const common = { ...input, data: await readLongEmbedSet(set), candidates: 'corpus' } as const;
  // Queries are the same in both.
  const teacher = new RememberingEmbedder(embedder);
  const { evaluation } = await evaluateEncoders({
    ...common,
    pack: { ...pack, passageSize: 0, passageOverlap: 0 },
    contenders: [
      textContender('teacher', teacher),
      chunkContender('student_beginning', (chunks) => student(firstChunks(chunks), teacher), null),
      chunkContender('student', (chunks) => student(chunks, teacher), null, model),
      bm25Contender(),
      randomContender(embedder.description.dimension),
    ],
    onProgress: (stage, done, total) => onProgress?.(set, stage, done, total),
  });
  const whole = withStudentRows(evaluation);
  const { evaluation: best } = await evaluateEncoders({
    ...common,
    pack: { ...pack, passageSize: passages.size, passageOverlap: passages.overlap },
    contenders: [textContender('teacher', teacher), chunkContender('student', (chunks) => student(chunks, teacher), null, model)],
    onProgress: (stage, done, total) => onProgress?.(set, `passages, ${stage}`, done, total),
  });
  const { kind } = set.task;
  // With one relevant document a query, accuracy at 1 is precision at 1.
  const measured = kind === 'synthetic' ? 'precision_at_1' : 'ndcg_at_10';
  const fromBoth = (value: (evaluation: EncoderEvaluation, row: string) => number): RowScores => ({
    teacher: value(whole, 'teacher'),
    teacher_passages: value(best, 'teacher'),
    student_beginning: value(whole, 'student_beginning'),
    student: value(whole, 'student'),
    student_passages: value(best, 'student'),
    bm25: value(whole, 'bm25'),
    random: value(whole, 'random'),
  });
  return {
    task: set.task.name,
    length: set.length ?? null,
    measure: measureOf(set.task),
    scores: fromBoth(({ encoders }, row) => encoders[row]![measured]!),
    documents: whole.counts.documents,
    queries: whole.counts.queries,
    saving: whole.saving,
    text_bytes: whole.bytes.text,
    coverage: coverageOf(whole),
    passages: { ...best.passages!, saving: best.saving, coverage: coverageOf(best) },
    document_seconds: fromBoth(({ timings }, row) => timings.document_seconds[row] ?? 0),
    peak_memory_bytes: process.resourceUsage().maxRSS * 1024,
    corpus_hash: whole.corpus_hash,
  };
}

/** The same documents, of which each has its first chunk only. */
function firstChunks(chunks: ChunkSource): ChunkSource {
  return {
    dictionary: chunks.dictionary,
    chunksOf: (id) => chunks.chunksOf(id).slice(0, 1),
    compressedChunk: (chunk) => chunks.compressedChunk(chunk),
  };
}

function coverageOf({ conditions }: EncoderEvaluation): SymbolCoverage {
  const { coverage } = conditions['student']!;
  assert.ok(coverage, "the student's symbols are counted");
  return coverage;
}

/** Means over lengths and over tasks. */
export function summarize(sets: readonly LongEmbedSetResult[]): Omit<LongEmbedResult, 'sets'> {
  const tasks = LONG_EMBED_TASKS.flatMap((task): LongEmbedTaskResult[] => {
    const own = sets.filter((set) => set.task === task.name);
    if (own.length === 0) return [];
    const complete = task.kind === 'real' || LONG_EMBED_LENGTHS.every((length) => own.some((set) => set.length === length));
    return [{ task: task.name, measure: measureOf(task), scores: meanScores(own), complete }];
  });
  const all = tasks.length === LONG_EMBED_TASKS.length && tasks.every(({ complete }) => complete);
  return { tasks, mean: all ? meanScores(tasks) : null };
}

function measureOf(task: LongEmbedTask): LongEmbedMeasure {
  return task.kind === 'synthetic' ? 'accuracy_at_1' : 'ndcg_at_10';
}

function meanScores(parts: readonly { readonly scores: RowScores }[]): RowScores {
  return byRow((row) => parts.reduce((sum, { scores }) => sum + scores[row], 0) / parts.length);
}

function byRow(value: (row: LongEmbedRow) => number): RowScores {
  return {
    teacher: value('teacher'),
    teacher_passages: value('teacher_passages'),
    student_beginning: value('student_beginning'),
    student: value('student'),
    student_passages: value('student_passages'),
    bm25: value('bm25'),
    random: value('random'),
  };
}
