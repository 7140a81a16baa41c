import { formatShare, formatTable } from '../../base/index.ts';
import type { BandName } from './bands.ts';
import type { AnswerFigures, AnswerSummary } from './summarise-answers.ts';

/** Figures that are shares, as they are read: heading and where it is. */
export const ANSWER_COLUMNS: readonly (readonly [heading: string, value: (figures: AnswerFigures) => number | null])[] = [
  ['hit@1', ({ hit_at_1: share }) => share],
  ['hit@5', ({ hit_at_5: share }) => share],
  ['EM', ({ exact }) => exact],
  ['F1', ({ f1 }) => f1],
  ['F1 of whole answers', ({ whole_answer: { f1 } }) => f1],
  ['F1 of the first sentence', ({ first_sentence: { f1 } }) => f1],
  ['citation recall', ({ citation_recall: share }) => share],
  ['citation precision', ({ citation_precision: share }) => share],
  ['cites the answer', ({ cited_answer: share }) => share],
  ['refused rightly', ({ refused }) => refused],
  ['refused wrongly', ({ falsely_refused: share }) => share],
];

/** What bands are of, and how its figure is written. */
export const BAND_TEXTS: Readonly<Record<BandName, readonly [name: string, write: (value: number) => string]>> = {
  exact_single_hop: ['exact match, one document', (value) => formatShare(value)],
  exact_multi_hop: ['exact match, several documents', (value) => formatShare(value)],
  citation_recall: ['citation recall', (value) => formatShare(value)],
  latency_seconds: ['latency, 95th percentile', (value) => `${value.toFixed(2)} s`],
  context_tokens: ['context, 95th percentile', (value) => `${Math.round(value)} tokens`],
};

/** The figures of all questions and of both halves, by name of the part. */
export function partsOf(summary: AnswerSummary): readonly (readonly [part: string, figures: AnswerFigures])[] {
  return [
    ['all', summary],
    ['first half', summary.halves.first],
    ['second half', summary.halves.second],
  ];
}

/** A summary as people read it in a terminal. */
export function formatAnswers(summary: AnswerSummary): string {
  const parts = partsOf(summary);
  const shown = ANSWER_COLUMNS.filter(([, value]) => parts.some(([, figures]) => value(figures) !== null));
  const rows = [
    ['questions', ...parts.map(([, { questions }]) => String(questions))],
    ...shown.map(([heading, value]) => [heading, ...parts.map(([, figures]) => formatShare(value(figures)))]),
  ];
  const { against_first_sentence: against, latency, context_tokens: tokens, citations, dropped } = summary;
  const milliseconds = Object.entries(latency).map(([stage, { mean, p50, p95 }]) => [
    stage,
    ...[mean, p50, p95].map((value) => value.toFixed(1)),
  ]);
  return [
    formatTable(['', ...parts.map(([part]) => part)], rows),
    '',
    `measure    ${summary.measure}`,
    ...(against === null
      ? []
      : [
          `against    F1 ${signed(against.difference)} over the first sentence (95% ${signed(against.interval.low)} to ${signed(against.interval.high)}, p ${against.p.toFixed(4)})`,
        ]),
    `citations  ${citations}; ${dropped} more did not hold and were left out`,
    `context    ${tokens.mean.toFixed(0)} tokens in the mean, ${tokens.p95} at the 95th percentile, ${tokens.largest} at most`,
    '',
    formatTable(['milliseconds', 'mean', 'p50', 'p95'], milliseconds),
    '',
    formatTable(
      ["in the guide's bands", '', ''],
      summary.bands.map(({ name, value, band }) => [BAND_TEXTS[name][0], BAND_TEXTS[name][1](value), band]),
    ),
  ].join('\n');
}

function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(4)}`;
}
