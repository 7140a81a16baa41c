import { systemLines } from '../storage/system-storage.ts';
import { rankingText } from './figures.ts';
import { figure, Html, html, table } from './html.ts';
import { lengthChart } from './length-chart.ts';
import type { ContrastedQuery, ReportData, ReportRun } from './report-data.ts';
import { savingChart } from './saving-chart.ts';
import { storageForms } from './storage-forms.ts';
import { STYLE } from './style.ts';
import { QUALITY_COLUMNS } from './table.ts';

/** The report as one HTML page that needs nothing else: no script, no font, no picture from elsewhere. */
export function reportPage({ runs }: ReportData): string {
  const chart = savingChart(runs);
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Evaluation report</title>
<style>${new Html(STYLE)}</style></head><body>
<h1>Evaluation report</h1>
<p class="soft">Retention is the student's nDCG@10 over its teacher's. Saving is the share of the texts' bytes that the container with its dictionary, index and mapping does without.</p>
${overview(runs)}
${chart ?? html``}
${runs.map(runSection)}
</body></html>
`.source;
}

function overview(runs: readonly ReportRun[]): Html {
  return table(
    'Runs',
    ['run', 'data', 'documents', 'queries', 'subject', 'nDCG@10', 'retention', 'saving'],
    runs.map((run, index) => [
      html`<a href="#run-${String(index + 1)}">${run.name}</a>`,
      `${run.dataset} ${run.split}`,
      figure(run.counts.documents, 'count'),
      figure(run.counts.queries, 'count'),
      run.subject,
      figure(run.encoders[run.subject]!['ndcg_at_10']!, 'score'),
      figure(run.retention, 'share'),
      figure(run.saving, 'share'),
    ]),
  );
}

function runSection(run: ReportRun, index: number): Html {
  const { counts } = run;
  return html`<section id="run-${String(index + 1)}"><h2>${run.name}</h2>
<p class="soft">${run.dataset}, split ${run.split}: ${figure(counts.queries, 'count')} queries over ${figure(counts.documents, 'count')} documents in ${figure(counts.chunks, 'count')} chunks (candidates: ${run.candidates}${counts.relevant_not_candidates > 0 ? html`; ${figure(counts.relevant_not_candidates, 'count')} relevant documents are no candidates` : html``}). Corpus <code>${run.corpus_hash.slice(0, 12)}</code>.</p>
<div class="grid"><div>${qualityTable(run)}</div>${run.by_document_length.length > 0 ? lengthChart(run) : html``}</div>
${lengthTable(run)}
${comparisonTable(run)}
<div class="grid"><div>${storageTable(run)}</div><div>${speedTable(run)}</div></div>
${systemSection(run)}
${contrastSection(run)}
${conditionsTable(run)}
</section>`;
}

function qualityTable({ encoders }: ReportRun): Html {
  return table(
    'Quality',
    ['', ...QUALITY_COLUMNS.map(([heading]) => heading)],
    Object.entries(encoders).map(([row, values]) => [
      row,
      ...QUALITY_COLUMNS.map(([, measure]) => figure(values[measure]!, 'score')),
    ]),
  );
}

function comparisonTable({ subject, comparisons }: ReportRun): Html {
  if (comparisons.length === 0) return html``;
  return table(
    `${subject} against, in nDCG@10`,
    ['', 'difference', '95% interval', 'p', 'won', 'tied', 'lost'],
    comparisons.map(({ row, difference, interval, p, wins, ties, losses }) => [
      row,
      figure(difference, 'signedScore'),
      html`${figure(interval.low, 'signedScore')} to ${figure(interval.high, 'signedScore')}`,
      figure(p, 'score'),
      figure(wins, 'count'),
      figure(ties, 'count'),
      figure(losses, 'count'),
    ]),
  );
}

function lengthTable({ by_document_length: groups, encoders }: ReportRun): Html {
  if (groups.length === 0) return html``;
  const rows = Object.keys(encoders);
  return html`<details><summary>nDCG@10 by document length, as a table</summary>${table(
    'Length of the relevant documents',
    ['', 'queries', ...rows],
    groups.map((group) => [
      html`${figure(group.from_bytes, 'bytes')} to ${figure(group.to_bytes, 'bytes')}`,
      figure(group.queries, 'count'),
      ...rows.map((row) => figure(group.ndcg_at_10[row]!, 'score')),
    ]),
  )}</details>`;
}

function storageTable({ bytes }: ReportRun): Html {
  const forms = storageForms(bytes);
  const largest = Math.max(1, ...forms.map((form) => form.bytes));
  const bar = (size: number, own: boolean): Html =>
    new Html(
      `<td class="track"><span class="bar ${own ? 'own' : ''}" style="width:${((100 * size) / largest).toFixed(1)}%"></span></td>`,
    );
  return html`<div class="scroll"><table><caption>Storage</caption><tbody>${forms.map(
    ({ name, bytes: size, own }) =>
      html`<tr><th scope="row">${name}</th><td>${figure(size, 'bytes')}</td>${bar(size, own)}</tr>\n`,
  )}</tbody></table></div><p class="soft">Of a whole corpus compressed in one piece no document can be read alone. Vectors are float32.</p>`;
}

function systemSection({ system }: ReportRun): Html {
  if (system === null) return html``;
  const vectors = html`${figure(system.rows, 'count')} vectors of ${figure(system.dimension, 'count')} values`;
  return html`${table(
    'The whole system',
    ['', 'bytes', 'of raw text', 'saves of the usual stack'],
    systemLines(system).map(({ name, bytes, kind, whole }) => [
      kind === 'sum' ? html`<b>${name}</b>` : name,
      figure(bytes, 'bytes'),
      whole === null ? '' : figure(whole.of_text, 'share'),
      whole === null ? '' : figure(whole.system_saving, 'share'),
    ]),
  )}<p class="soft">With ${vectors}. Binary vectors are one bit a value for the search and an int8 copy for the rescoring. What a database adds to a row is not in it.</p>`;
}

function speedTable({ speed }: ReportRun): Html {
  const rows = Object.entries(speed);
  if (rows.length === 0) return html``;
  return table(
    'Encoding the documents',
    ['', 'documents/s', 'MB of text/s'],
    rows.map(([row, { documents_per_second, megabytes_per_second }]) => [
      row,
      figure(documents_per_second, 'rate'),
      figure(megabytes_per_second, 'megabytes'),
    ]),
  );
}

function contrastSection({ subject, contrast }: ReportRun): Html {
  if (contrast === null) return html``;
  const side = (title: string, queries: readonly ContrastedQuery[]): Html =>
    html`<div class="panel"><h3 style="margin-top:0">${title}</h3>${
      queries.length === 0
        ? html`<p class="soft">none</p>`
        : queries.map((query) => contrastedQuery(query, subject, contrast.other))
    }</div>`;
  return html`<h3>Queries where ${subject} and ${contrast.other} differ most</h3><div class="grid">${side(`${subject} is better`, contrast.wins)}${side(
    `${contrast.other} is better`,
    contrast.losses,
  )}</div>`;
}

function contrastedQuery({ query, subject, other }: ContrastedQuery, subjectRow: string, otherRow: string): Html {
  const first = (row: string): Html => {
    const found = query.first[row];
    return html`<div class="label">${row} ranked first</div>${found ? quote(found.id, found.excerpt) : html`<p>nothing</p>`}`;
  };
  return html`<article class="query"><div><b class="quote">${query.text}</b></div>
<div class="label">nDCG@10: ${subjectRow} ${figure(subject, 'score')}, ${otherRow} ${figure(other, 'score')}</div>
<details><summary>texts</summary><div class="label">relevant</div>${query.relevant.map(({ id, excerpt }) => quote(id, excerpt))}${first(subjectRow)}${first(otherRow)}</details></article>`;
}

function quote(id: string, text: string): Html {
  return html`<blockquote><code class="quote">${id}</code> <span class="quote">${text}</span></blockquote>`;
}

function passagesText(passages: ReportRun['conditions'][string]['passages']): Html {
  if (passages === null) return html`–`;
  const { passage_bytes, overlap_bytes, window_documents } = passages;
  const count = figure(passages.passages, 'count');
  const score = html`<span class="quote">${passages.document_score}</span>`;
  return window_documents === null
    ? html`${score} of ${count}, about ${figure(passage_bytes, 'count')} bytes, overlap ${figure(overlap_bytes, 'count')}`
    : html`${score} of ${count}, in frames of ${figure(window_documents, 'count')}`;
}

/** What each row's figures depend on. */
function conditionsTable({ conditions }: ReportRun): Html {
  const prompt = (text: string | null): string => (text === null ? 'none' : JSON.stringify(text));
  const rows = Object.entries(conditions).map(
    ([row, { encoder, revision, input, maximum_length, prompts, codec, index, drop_own_id, passages, coverage }]) => [
      row,
      html`<span class="quote">${encoder}</span>`,
      html`<code class="quote">${revision.slice(0, 16)}</code>`,
      input,
      maximum_length === null ? 'none' : html`${figure(maximum_length.limit, 'count')} ${maximum_length.unit}`,
      html`<span class="quote">${prompt(prompts.query)}, ${prompt(prompts.document)}</span>`,
      html`<span class="quote">${codec ?? '–'}</span>`,
      passagesText(passages),
      coverage === null
        ? '–'
        : html`${figure(coverage.symbols_read, 'count')} of ${figure(coverage.symbols, 'count')}; ${figure(coverage.passages_cut, 'count')} cut`,
      rankingText(index, drop_own_id),
    ],
  );
  return html`<details class="conditions"><summary>Conditions</summary>${table(
    'What the figures depend on',
    [
      '',
      'encoder',
      'revision',
      'reads',
      'maximum length',
      'prompts (query, document)',
      'codec',
      'passages',
      'symbols read',
      'index',
    ],
    rows,
  )}</details>`;
}
