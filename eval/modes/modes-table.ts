import { formatTable } from '../../base/index.ts';
import { ALL_QUERIES, type ModesEvaluation } from './evaluate-modes.ts';
import type { PartWeights } from './fuse-recorded.ts';

const COLUMNS = [
  ['hit@1', 'hit_at_1'],
  ['hit@5', 'hit_at_5'],
  ['MRR@5', 'mrr_at_5'],
  ['hit@10', 'hit_at_10'],
  ['MRR@10', 'mrr_at_10'],
  ['nDCG@10', 'ndcg_at_10'],
  ['recall@10', 'recall_at_10'],
] as const;

export interface ModesTableOptions {
  /** A table for each tag beside that of all queries. */
  readonly byTag: boolean;
}

/** Tables for people: figures by mode, differences with p values, weights, milliseconds by stage. */
export function formatModes(evaluation: ModesEvaluation, { byTag }: ModesTableOptions): string {
  const tags = byTag ? evaluation.tags : [ALL_QUERIES];
  const parts = tags.map((tag) => figuresTable(evaluation, tag));
  if (evaluation.comparisons.length > 0) parts.push(comparisonTable(evaluation));
  const weights = Object.entries(evaluation.weights);
  if (weights.length > 0)
    parts.push(weights.map(([mode, { chosen, weights: of }]) => `weights of ${mode}: ${weightsText(of)}; ${chosen}`).join('\n'));
  parts.push(latencyTable(evaluation));
  return parts.join('\n\n');
}

function figuresTable({ modes, filtered }: ModesEvaluation, tag: string): string {
  const [first] = Object.values(modes);
  const count = first![tag]!.queries;
  const note = tag === ALL_QUERIES && filtered > 0 ? `, ${filtered} of them with conditions of their own` : '';
  const rows = Object.entries(modes).map(([name, tags]) => [
    name,
    ...COLUMNS.map(([, measure]) => tags[tag]!.measures[measure]!.toFixed(4)),
  ]);
  return `${tag === ALL_QUERIES ? 'all' : `tag ${tag}`}: ${count} queries${note}\n${formatTable(['', ...COLUMNS.map(([heading]) => heading)], rows)}`;
}

function comparisonTable({ comparisons }: ModesEvaluation): string {
  const { against } = comparisons[0]!;
  const rows = comparisons.map(({ mode, difference, interval, p, wins, ties, losses }) => [
    mode,
    signed(difference),
    `${signed(interval.low)} to ${signed(interval.high)}`,
    p.toFixed(4),
    `${wins}/${ties}/${losses}`,
  ]);
  return formatTable([`against ${against}, in nDCG@10`, 'difference', '95% interval', 'p', 'won/tied/lost'], rows);
}

function latencyTable({ latency }: ModesEvaluation): string {
  const rows = [
    ...Object.entries(latency.stages),
    ...Object.entries(latency.modes).map(([mode, times]) => [`all of ${mode}`, times] as const),
  ];
  return formatTable(
    ['milliseconds for a query', 'p50', 'p95', 'mean'],
    rows.map(([name, { p50, p95, mean }]) => [name, p50.toFixed(2), p95.toFixed(2), mean.toFixed(2)]),
  );
}

function weightsText(weights: readonly PartWeights[]): string {
  const text = (one: PartWeights): string =>
    Object.entries(one)
      .map(([part, weight]) => `${part} ${weight}`)
      .join(' ') || 'equal or by kind';
  return [...new Set(weights.map(text))].join(' | ');
}

function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(4)}`;
}
