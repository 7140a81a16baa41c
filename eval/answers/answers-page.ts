import { figure, Html, html, table } from '../report/html.ts';
import { STYLE } from '../report/style.ts';
import { ANSWER_COLUMNS, BAND_TEXTS, partsOf } from './answers-table.ts';
import type { AnswerSummary, ScoredAnswer } from './summarise-answers.ts';

/** Questions shown of a kind. */
const SHOWN = 5;

export interface AnswersPageInput {
  readonly title: string;
  /** What was asked of what: name and value. */
  readonly conditions: Readonly<Record<string, string>>;
  readonly summary: AnswerSummary;
  readonly answers: readonly ScoredAnswer[];
}

/** An evaluation of answers as one HTML page that needs nothing else. */
export function answersPage({ title, conditions, summary, answers }: AnswersPageInput): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title>
<style>${new Html(STYLE)}</style></head><body>
<h1>${title}</h1>
<p class="soft">${figure(summary.questions, 'count')} questions, ${figure(summary.answerable.questions, 'count')} of which the documents answer. Measured as <code>${summary.measure}</code>.</p>
${qualityTable(summary)}
${againstText(summary)}
<div class="grid"><div>${bandsTable(summary)}</div><div>${latencyTable(summary)}</div></div>
${examples('Answers that are worse than the first sentence', worst(answers))}
${examples('Questions whose evidence is not cited', uncited(answers))}
${examples('Refused although the documents say it', refused(answers))}
${examples('Answered although the documents do not say it', invented(answers))}
${table(
  'Conditions',
  ['', ''],
  Object.entries(conditions).map(([name, value]) => [name, html`<span class="quote">${value}</span>`]),
)}
</body></html>
`.source;
}

function qualityTable(summary: AnswerSummary): Html {
  const parts = partsOf(summary);
  const columns = ANSWER_COLUMNS.filter(([, value]) => parts.some(([, figures]) => value(figures) !== null));
  return table(
    'Quality',
    ['', ...parts.map(([part]) => part)],
    [
      ['questions', ...parts.map(([, figures]) => figure(figures.questions, 'count'))],
      ...columns.map(([heading, value]) => [heading, ...parts.map(([, figures]) => figure(value(figures), 'share'))]),
    ],
  );
}

function againstText({ against_first_sentence: against }: AnswerSummary): Html {
  if (against === null) return html``;
  return html`<p>F1 of the answers less that of the first sentence that was found: ${figure(against.difference, 'signedScore')}, 95% interval ${figure(
    against.interval.low,
    'signedScore',
  )} to ${figure(against.interval.high, 'signedScore')}, p ${figure(against.p, 'score')}.</p>`;
}

function bandsTable({ bands }: AnswerSummary): Html {
  return table(
    "In the guide's bands",
    ['', '', ''],
    bands.map(({ name, value, band }) => {
      const [text, write] = BAND_TEXTS[name];
      return [text, html`<data value="${String(value)}">${write(value)}</data>`, band];
    }),
  );
}

function latencyTable({ latency, context_tokens: tokens }: AnswerSummary): Html {
  const rows = [
    ...Object.entries(latency).map(([stage, values]) => [`${stage}, ms`, values] as const),
    ['context tokens', tokens] as const,
  ];
  return table(
    'What an answer takes',
    ['', 'mean', 'p50', 'p95'],
    rows.map(([name, { mean, p50, p95 }]) => [name, figure(mean, 'rate'), figure(p50, 'rate'), figure(p95, 'rate')]),
  );
}

function worst(answers: readonly ScoredAnswer[]): ScoredAnswer[] {
  const loss = ({ scores }: ScoredAnswer): number => scores.firstF1 - scores.f1;
  return answers.filter((answer) => answer.answerable && loss(answer) > 0).sort((left, right) => loss(right) - loss(left));
}

function uncited(answers: readonly ScoredAnswer[]): ScoredAnswer[] {
  return answers.filter(({ answerable, answered, scores }) => answerable && answered && scores.goldCitations === 0);
}

function refused(answers: readonly ScoredAnswer[]): ScoredAnswer[] {
  return answers.filter(({ answerable, answered }) => answerable && !answered);
}

function invented(answers: readonly ScoredAnswer[]): ScoredAnswer[] {
  return answers.filter(({ answerable, answered }) => !answerable && answered);
}

function examples(title: string, answers: readonly ScoredAnswer[]): Html {
  if (answers.length === 0) return html``;
  return html`<h3>${title}: ${figure(answers.length, 'count')}</h3>${answers.slice(0, SHOWN).map(example)}`;
}

function example({ question, prediction, wholeAnswer, answers, gold, firstSentence, citations, scores }: ScoredAnswer): Html {
  const rank = scores.goldRank === null ? 'not found' : `found in place ${scores.goldRank}`;
  return html`<article class="query"><div><b class="quote">${question}</b></div>
<div class="label">F1 ${figure(scores.f1, 'score')}, of the first sentence ${figure(scores.firstF1, 'score')}; ${gold.length === 0 ? 'no document says it' : `${gold.join(', ')} ${rank}`}</div>
<blockquote><span class="quote">${prediction === '' ? 'The documents do not say.' : prediction}</span></blockquote>
<details><summary>right answers and texts</summary><div class="label">whole answer</div><blockquote class="quote">${wholeAnswer}</blockquote><div class="label">right</div>${answers.map((answer) => html`<blockquote class="quote">${answer}</blockquote>`)}
<div class="label">first sentence</div><blockquote class="quote">${firstSentence}</blockquote>
<div class="label">cited</div>${citations.map(({ names, text }) => html`<blockquote><code class="quote">${names.at(-1) ?? ''}</code> <span class="quote">${text}</span></blockquote>`)}</details></article>`;
}
