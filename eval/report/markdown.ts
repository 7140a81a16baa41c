import { systemLines } from '../storage/system-storage.ts';
import { figures, rankingText } from './figures.ts';
import type { ReportData, ReportRun } from './report-data.ts';
import { storageForms } from './storage-forms.ts';
import { passageText, QUALITY_COLUMNS } from './table.ts';

/** The report's tables as Markdown. */
export function reportMarkdown({ runs }: ReportData): string {
  const overview = markdownTable(
    ['run', 'data', 'documents', 'queries', 'subject', 'nDCG@10', 'retention', 'saving'],
    runs.map((run) => [
      run.name,
      `${run.dataset} ${run.split}`,
      figures.count(run.counts.documents),
      figures.count(run.counts.queries),
      run.subject,
      figures.score(run.encoders[run.subject]!['ndcg_at_10']!),
      run.retention === null ? '–' : figures.share(run.retention),
      figures.share(run.saving),
    ]),
  );
  return `${['# Evaluation report', overview, ...runs.flatMap(runParts)].join('\n\n')}\n`;
}

function runParts(run: ReportRun): string[] {
  const rows = Object.keys(run.encoders);
  const quality = Object.entries(run.encoders).map(([row, values]) => [
    row,
    ...QUALITY_COLUMNS.map(([, measure]) => figures.score(values[measure]!)),
  ]);
  const parts = [
    `## ${escapeCell(run.name)}`,
    `${escapeCell(run.dataset)}, split ${escapeCell(run.split)}: ${run.counts.queries} queries over ${run.counts.documents} documents in ${run.counts.chunks} chunks (candidates: ${run.candidates}; corpus \`${run.corpus_hash.slice(0, 12)}\`).`,
    markdownTable(['', ...QUALITY_COLUMNS.map(([heading]) => heading)], quality),
  ];
  if (run.comparisons.length > 0) {
    parts.push(
      markdownTable(
        [`${run.subject} against, in nDCG@10`, 'difference', '95% interval', 'p', 'won', 'tied', 'lost'],
        run.comparisons.map(({ row, difference, interval, p, wins, ties, losses }) => [
          row,
          figures.signedScore(difference),
          `${figures.signedScore(interval.low)} to ${figures.signedScore(interval.high)}`,
          figures.score(p),
          ...[wins, ties, losses].map(figures.count),
        ]),
      ),
    );
  }
  if (run.by_document_length.length > 0) {
    parts.push(
      markdownTable(
        ['length of the relevant documents', 'queries', ...rows],
        run.by_document_length.map((group) => [
          `${figures.bytes(group.from_bytes)} to ${figures.bytes(group.to_bytes)}`,
          figures.count(group.queries),
          ...rows.map((row) => figures.score(group.ndcg_at_10[row]!)),
        ]),
      ),
    );
  }
  parts.push(
    markdownTable(
      ['storage', 'bytes'],
      storageForms(run.bytes).map(({ name, bytes }) => [name, figures.bytes(bytes)]),
    ),
  );
  const { system } = run;
  if (system !== null) {
    parts.push(
      markdownTable(
        [
          `whole system with ${system.rows} vectors of ${system.dimension} values`,
          'bytes',
          'of raw text',
          'saves of the usual stack',
        ],
        systemLines(system).map(({ name, bytes, whole }) => [
          name,
          figures.bytes(bytes),
          whole === null ? '' : figures.share(whole.of_text),
          whole === null ? '' : figures.share(whole.system_saving),
        ]),
      ),
    );
  }
  const speed = Object.entries(run.speed);
  if (speed.length > 0) {
    parts.push(
      markdownTable(
        ['encoding the documents', 'documents/s', 'MB of text/s'],
        speed.map(([row, rates]) => [
          row,
          figures.rate(rates.documents_per_second),
          figures.megabytes(rates.megabytes_per_second),
        ]),
      ),
    );
  }
  parts.push(
    markdownTable(
      ['conditions', 'encoder', 'revision', 'reads', 'maximum length', 'codec', 'passages', 'symbols read', 'index'],
      Object.entries(run.conditions).map(
        ([row, { encoder, revision, input, maximum_length, codec, index, drop_own_id, passages, coverage }]) => [
          row,
          encoder,
          revision.slice(0, 16),
          input,
          maximum_length === null ? 'none' : `${maximum_length.limit} ${maximum_length.unit}`,
          codec ?? '–',
          passages === null ? '–' : `${passageText(passages)}; ${passages.document_score}`,
          coverage === null ? '–' : `${coverage.symbols_read} of ${coverage.symbols}; ${coverage.passages_cut} passages cut`,
          rankingText(index, drop_own_id),
        ],
      ),
    ),
  );
  return parts;
}

function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeCell).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

function escapeCell(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[|\\`*_<[\]]/g, '\\$&');
}
