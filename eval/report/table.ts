import type { EncoderEvaluation } from '../encoders/encoder-evaluation.ts';

/** Lays rows out as text: the first column left-aligned, the others right-aligned, two spaces between. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
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
export const QUALITY_COLUMNS: readonly (readonly [heading: string, measure: string])[] = [
  ['nDCG@10', 'ndcg_at_10'],
  ['recall@10', 'recall_at_10'],
  ['recall@100', 'recall_at_100'],
  ['MRR@10', 'mrr_at_10'],
];

/** The comparison as people read it: rows side by side; below them what was kept, saved and spent, and over how much. */
export function formatEvaluation(evaluation: EncoderEvaluation & { readonly saving_training?: number | null }): string {
  const rows = Object.entries(evaluation.encoders).map(([name, values]) => [
    name,
    ...QUALITY_COLUMNS.map(([, measure]) => values[measure]!.toFixed(4)),
  ]);
  const { counts, bytes } = evaluation;
  const training = evaluation.saving_training == null ? '' : `; training corpus ${formatShare(evaluation.saving_training)}`;
  const lines = [
    formatTable(['', ...QUALITY_COLUMNS.map(([heading]) => heading)], rows),
    '',
    ...(evaluation.encoders['student'] ? [`retention  ${formatShare(evaluation.retention)} of the teacher's nDCG@10`] : []),
    ...formatQueryStudent(evaluation),
    `saving     ${formatShare(evaluation.saving)} (${bytes.container + bytes.mapping} bytes for ${bytes.text})${training}`,
    `over       ${counts.documents} documents in ${counts.chunks} chunks, ${counts.queries} queries`,
  ];
  if (counts.relevant_not_candidates > 0)
    lines.push(`missing    ${counts.relevant_not_candidates} relevant documents are no candidates`);
  return [...lines, '', formatStorage(bytes), ...formatSpeed(evaluation)].join('\n');
}

/** What is left of the student's quality when the query student asks in the teacher's place. */
function formatQueryStudent({ encoders }: EncoderEvaluation): string[] {
  const [asked, student] = ['query-student', 'student'].map((row) => encoders[row]?.['ndcg_at_10']);
  if (asked === undefined || student === undefined) return [];
  return [`queries    ${formatShare(student === 0 ? null : asked / student)} of the student's nDCG@10 without the teacher`];
}

/** What the same texts take in each form. */
function formatStorage(bytes: EncoderEvaluation['bytes']): string {
  const stored = bytes.container + bytes.mapping;
  const forms: readonly (readonly [string, number])[] = [
    ['raw text', bytes.text],
    ['gzip, each document', bytes.gzip_per_document],
    ['zstd, each document', bytes.zstd_per_document],
    ['zpkg with mapping', stored],
    ['gzip, whole corpus', bytes.gzip],
    ['zstd, whole corpus', bytes.zstd],
    ...Object.entries(bytes.vectors).map(([row, size]) => [`vectors (${row}, float32)`, size] as const),
  ];
  return formatTable(
    ['storage', 'bytes', 'of raw'],
    forms.map(([form, size]) => [form, String(size), formatShare(bytes.text === 0 ? null : size / bytes.text)]),
  );
}

function formatSpeed({ speed }: EncoderEvaluation): string[] {
  const rows = Object.entries(speed).map(([name, { documents_per_second, megabytes_per_second }]) => [
    name,
    documents_per_second.toFixed(1),
    megabytes_per_second.toFixed(3),
  ]);
  return rows.length === 0 ? [] : ['', formatTable(['encoding', 'documents/s', 'MB of text/s'], rows)];
}

/** A share as a percentage with one decimal; a dash where there is none. */
function formatShare(share: number | null): string {
  return share === null ? '-' : `${(100 * share).toFixed(1)}%`;
}
