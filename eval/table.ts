import { ROWS, type StudentEvaluation } from './student-evaluation.ts';

/** Lays rows out as text: the first column left-aligned, the others right-aligned, two spaces between. */
function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  return lines
    .map((line) =>
      widths
        .map((width, column) => (column === 0 ? (line[column] ?? '').padEnd(width) : (line[column] ?? '').padStart(width)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Columns of the comparison: heading and measure. */
const COLUMNS: readonly (readonly [heading: string, measure: string])[] = [
  ['nDCG@10', 'ndcg_at_10'],
  ['recall@10', 'recall_at_10'],
  ['recall@100', 'recall_at_100'],
  ['MRR@10', 'mrr_at_10'],
];

/** The comparison as people read it: rows side by side, below them what was kept and saved, and over how much. */
export function formatEvaluation(evaluation: StudentEvaluation & { readonly saving_training?: number | null }): string {
  const rows = ROWS.map((name) => [name, ...COLUMNS.map(([, measure]) => evaluation.encoders[name][measure]!.toFixed(4))]);
  const { counts, bytes } = evaluation;
  const training = evaluation.saving_training == null ? '' : `; training corpus ${formatShare(evaluation.saving_training)}`;
  const lines = [
    formatTable(['', ...COLUMNS.map(([heading]) => heading)], rows),
    '',
    `retention  ${formatShare(evaluation.retention)} of the teacher's nDCG@10`,
    `saving     ${formatShare(evaluation.saving)} (${bytes.container + bytes.mapping} bytes for ${bytes.text})${training}`,
    `over       ${counts.documents} documents in ${counts.chunks} chunks, ${counts.queries} queries`,
  ];
  if (counts.relevant_not_candidates > 0)
    lines.push(`missing    ${counts.relevant_not_candidates} relevant documents are no candidates`);
  return lines.join('\n');
}

/** A share as a percentage with one decimal; a dash where there is none. */
function formatShare(share: number | null): string {
  return share === null ? '-' : `${(100 * share).toFixed(1)}%`;
}
