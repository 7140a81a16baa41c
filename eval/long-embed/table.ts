import { formatTable } from '../../base/index.ts';
import { LONG_EMBED_TASKS } from '../../data/index.ts';
import type { SymbolCoverage } from '../encoders/symbol-coverage.ts';
import {
  LONG_EMBED_ROWS,
  type LongEmbedResult,
  type LongEmbedRow,
  type LongEmbedSetResult,
  type RowScores,
} from './long-embed-result.ts';

/** The result as people read it: a table for each synthetic task by length, one of the real tasks, and the mean of all six where there is one. Scores x 100, as published. */
export function formatLongEmbed(result: LongEmbedResult): string {
  const blocks: string[] = [];
  for (const { name, title, kind } of LONG_EMBED_TASKS) {
    const sets = result.sets.filter(({ task }) => task === name);
    if (kind === 'real' || sets.length === 0) continue;
    const { scores, complete } = result.tasks.find(({ task }) => task === name)!;
    const heading = (set: LongEmbedSetResult): string => String(set.length);
    const columns = [
      ...sets.map((set) => ({ heading: heading(set), scores: set.scores })),
      { heading: complete ? 'mean' : `mean of ${sets.length}`, scores },
    ];
    blocks.push(`${title}, accuracy at 1 by length in tokens\n${scoreTable(columns)}`, readingTable(sets, heading));
  }
  const real = result.sets.filter(({ length }) => length === null);
  if (real.length > 0) {
    const heading = (set: LongEmbedSetResult): string => LONG_EMBED_TASKS.find(({ name }) => name === set.task)!.title;
    const columns = real.map((set) => ({ heading: heading(set), scores: set.scores }));
    blocks.push(`nDCG@10\n${scoreTable(columns)}`, readingTable(real, heading));
  }
  blocks.push(
    result.mean === null
      ? 'no mean of the six tasks: not all of them, at all lengths, were measured'
      : scoreTable([{ heading: 'mean of the six tasks', scores: result.mean }]),
  );
  return blocks.join('\n\n');
}

const ROW_NAMES = {
  teacher: 'teacher, first tokens',
  teacher_passages: 'teacher, best passage',
  student_beginning: 'student, first chunk',
  student: 'student, whole chunks',
  student_passages: 'student, best passage',
  bm25: 'bm25',
  random: 'random',
} as const satisfies Record<LongEmbedRow, string>;

function scoreTable(columns: readonly { readonly heading: string; readonly scores: RowScores }[]): string {
  return formatTable(
    ['', ...columns.map(({ heading }) => heading)],
    LONG_EMBED_ROWS.map((row) => [ROW_NAMES[row], ...columns.map(({ scores }) => (100 * scores[row]).toFixed(1))]),
  );
}

/** What the student read of the documents, and what it cost. */
function readingTable(sets: readonly LongEmbedSetResult[], heading: (set: LongEmbedSetResult) => string): string {
  const rows: readonly (readonly [name: string, value: (set: LongEmbedSetResult) => string])[] = [
    ['kB a document', ({ text_bytes, documents }) => (text_bytes / documents / 1000).toFixed(1)],
    ['chunks a document', ({ coverage, documents }) => (coverage.chunks / documents).toFixed(1)],
    ['symbols of the largest chunk', ({ coverage }) => String(coverage.largest_passage_symbols)],
    ['symbols read', ({ coverage }) => readShare(coverage)],
    ['passages a document', ({ passages, documents }) => (passages.passages / documents).toFixed(1)],
    ['symbols of the largest passage', ({ passages }) => String(passages.coverage.largest_passage_symbols)],
    ['symbols read, passages', ({ passages }) => readShare(passages.coverage)],
    ['saving', ({ saving }) => `${(100 * saving).toFixed(1)}%`],
    ['saving, passages', ({ passages }) => `${(100 * passages.saving).toFixed(1)}%`],
    ['seconds, student', ({ document_seconds }) => document_seconds.student.toFixed(1)],
    ['seconds, student, passages', ({ document_seconds }) => document_seconds.student_passages.toFixed(1)],
    ['peak memory, GB', ({ peak_memory_bytes }) => (peak_memory_bytes / 1e9).toFixed(2)],
  ];
  return formatTable(
    ['', ...sets.map(heading)],
    rows.map(([name, value]) => [name, ...sets.map(value)]),
  );
}

function readShare({ symbols, symbols_read }: SymbolCoverage): string {
  return `${((100 * symbols_read) / Math.max(1, symbols)).toFixed(1)}%`;
}
