import { LONG_EMBED_TASKS, type LongEmbedTask } from '../../data/index.ts';
import { evaluateStudent, type StudentEvaluationInput } from '../encoders/student-evaluation.ts';
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
import { SymbolCounter } from './symbol-coverage.ts';
import { LONG_EMBED_LENGTHS } from './synthetic-task.ts';

export interface LongEmbedInput extends Omit<StudentEvaluationInput, 'data' | 'candidates' | 'onProgress'> {
  readonly sets: readonly LongEmbedSet[];
  /** Where the student cuts a chunk, and what it reads of it. */
  readonly model: { readonly maximumSymbols: number; readonly input: string };
  /** Where results of sets are kept: what is there is not measured again. */
  readonly kept?: KeptSets;
  readonly onProgress?: (set: LongEmbedSet, stage: string, done: number, total: number) => void;
}

/**
 * Measures teacher, student, BM25 and chance on sets of LongEmbed, each with all of its documents as candidates.
 *
 * @throws CemError as `readLongEmbedSet`, `evaluateStudent` and `KeptSets`
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
  { model, onProgress, ...input }: Omit<LongEmbedInput, 'sets' | 'kept'>,
): Promise<LongEmbedSetResult> {
  const counter = new SymbolCounter(model.maximumSymbols, model.input);
  const evaluation = await evaluateStudent({
    ...input,
    data: await readLongEmbedSet(set),
    candidates: 'corpus',
    student: (source, queries) => input.student(counter.watch(source), queries),
    onProgress: (stage, done, total) => onProgress?.(set, stage, done, total),
  });
  const synthetic = set.task.kind === 'synthetic';
  // With one relevant document a query, accuracy at 1 is precision at 1.
  const measured = synthetic ? 'precision_at_1' : 'ndcg_at_10';
  return {
    task: set.task.name,
    length: set.length ?? null,
    measure: measureOf(set.task),
    scores: byRow((row) => evaluation.encoders[row][measured]!),
    documents: evaluation.counts.documents,
    queries: evaluation.counts.queries,
    saving: evaluation.saving,
    text_bytes: evaluation.bytes.text,
    coverage: counter.coverage,
    document_seconds: byRow((row) => evaluation.timings.document_seconds[row] ?? 0),
    peak_memory_bytes: process.resourceUsage().maxRSS * 1024,
    corpus_hash: evaluation.corpus_hash,
  };
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
  return { teacher: value('teacher'), student: value('student'), bm25: value('bm25'), random: value('random') };
}
