import { formatShare, formatTable } from '../../base/index.ts';
import type { EncoderEvaluation } from '../encoders/encoder-evaluation.ts';
import type { PassagePacking } from '../encoders/packed-candidates.ts';
import { systemTable } from '../storage/system-table.ts';
import { storageForms } from './storage-forms.ts';

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
    `saving     ${formatShare(evaluation.saving)} (${bytes.container + bytes.mapping + bytes.metadata} bytes for ${bytes.text})${training}`,
    ...formatPassages(evaluation),
    `over       ${counts.documents} documents in ${counts.chunks} chunks, ${counts.queries} queries`,
  ];
  if (counts.relevant_not_candidates > 0)
    lines.push(`missing    ${counts.relevant_not_candidates} relevant documents are no candidates`);
  lines.push(...formatRules(evaluation));
  return [...lines, '', formatStorage(bytes), ...formatSystem(evaluation), ...formatSpeed(evaluation)].join('\n');
}

/** What documents are ranked by, and what of it is too long to be read. */
function formatPassages({ passages, conditions }: EncoderEvaluation): string[] {
  const coverage = conditions['student']?.coverage ?? null;
  const unread = coverage === null ? 0 : coverage.symbols - coverage.symbols_read;
  return [
    ...(passages === null ? [] : [`passages   ${passageText(passages)}; a document's score: ${passages.document_score}`]),
    ...(coverage === null || unread === 0
      ? []
      : [
          `unread     ${coverage.passages_cut} of ${coverage.passages} passages are longer than the student reads: ${unread} of ${coverage.symbols} symbols were cut off`,
        ]),
  ];
}

/** How documents were cut into what they are ranked by. */
export function passageText({ passages, passage_bytes, overlap_bytes, window_documents }: PassagePacking): string {
  return window_documents === null
    ? `${passages} of about ${passage_bytes} bytes${overlap_bytes > 0 ? `, overlapping by ${overlap_bytes} at most` : ''}`
    : `${passages}, a document each, inside frames of ${window_documents} neighbours`;
}

/** What became of queries that are not as the others. */
function formatRules({ counts, conditions }: EncoderEvaluation): string[] {
  const own = counts.queries_that_are_candidates;
  const dropped = Object.values(conditions).some(({ drop_own_id }) => drop_own_id);
  const ownId = dropped
    ? [`own id     ${own} queries are documents too: each one's own document was left out of its ranking`]
    : [`own id     ${own} queries have a document's id, which their rankings may hold: --drop-own-id leaves it out`];
  return [
    ...(counts.queries_without_text > 0
      ? [`no text    ${counts.queries_without_text} queries have none: they were not searched, and each counts as 0`]
      : []),
    ...(dropped || own > 0 ? ownId : []),
  ];
}

/** What is left of the student's quality when the query student asks in the teacher's place. */
function formatQueryStudent({ encoders }: EncoderEvaluation): string[] {
  const [asked, student] = ['query-student', 'student'].map((row) => encoders[row]?.['ndcg_at_10']);
  if (asked === undefined || student === undefined) return [];
  return [`queries    ${formatShare(student === 0 ? null : asked / student)} of the student's nDCG@10 without the teacher`];
}

/** What the same texts take in each form. */
function formatStorage(bytes: EncoderEvaluation['bytes']): string {
  return formatTable(
    ['storage', 'bytes', 'of raw'],
    storageForms(bytes).map(({ name, bytes: size }) => [
      name,
      String(size),
      formatShare(bytes.text === 0 ? null : size / bytes.text),
    ]),
  );
}

/** Everything that is stored, each part and the sums. */
function formatSystem({ system }: EncoderEvaluation): string[] {
  return system === null ? [] : ['', systemTable(system)];
}

function formatSpeed({ speed }: EncoderEvaluation): string[] {
  const rows = Object.entries(speed).map(([name, { documents_per_second, megabytes_per_second }]) => [
    name,
    documents_per_second.toFixed(1),
    megabytes_per_second.toFixed(3),
  ]);
  return rows.length === 0 ? [] : ['', formatTable(['encoding', 'documents/s', 'MB of text/s'], rows)];
}
