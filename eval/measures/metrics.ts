import assert from 'node:assert/strict';
import { compareRanked } from '../../search/index.ts';
import type { Judgments, Measure, MeasureValues, Qrels } from './measures.ts';

/** trec_eval's default level: a grade of at least this is relevant for every measure but nDCG, which takes each positive grade as gain. */
const RELEVANT_GRADE = 1;

/** Scores by document id, for each query id. */
export type Run = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Ids of one query's results as trec_eval 10 ranks them: score descending, ties by id descending as UTF-8 bytes. */
export function rankResults(scores: ReadonlyMap<string, number>): string[] {
  return Array.from(scores, ([document, score]) => ({ document, score }))
    .sort(compareRanked)
    .map(({ document }) => document);
}

/**
 * Measures one query's ranking as trec_eval 10 does: unjudged documents and negative grades count as not relevant; recall and average
 * precision divide by all relevant documents; the ideal of nDCG ranks all judged positives, retrieved or not.
 *
 * @param ranking distinct document ids, best first
 */
export function measureRanking(ranking: readonly string[], judgments: Judgments, measures: readonly Measure[]): MeasureValues {
  const grades = ranking.map((id) => judgments.get(id) ?? 0);
  const ideal = [...judgments.values()].filter((grade) => grade > 0).sort((left, right) => right - left);
  return Object.fromEntries(measures.map((measure) => [measure.name, measureGrades(measure, grades, ideal)]));
}

/**
 * @param grades of the ranked documents, best ranked first
 * @param ideal all positive grades, highest first
 */
function measureGrades(
  { kind, cutoff = Number.POSITIVE_INFINITY }: Measure,
  grades: readonly number[],
  ideal: readonly number[],
): number {
  const top = grades.slice(0, cutoff);
  const relevant = top.filter(isRelevant).length;
  const allRelevant = ideal.filter(isRelevant).length;
  switch (kind) {
    case 'ndcg':
      return ratio(discountedGain(top), discountedGain(ideal.slice(0, cutoff)));
    case 'map':
      return ratio(sumOfPrecisions(top), allRelevant);
    case 'recall':
      return ratio(relevant, allRelevant);
    case 'precision':
      return ratio(relevant, Number.isFinite(cutoff) ? cutoff : top.length);
    case 'success':
      return relevant > 0 ? 1 : 0;
    case 'reciprocalRank':
      return relevant > 0 ? 1 / (top.findIndex(isRelevant) + 1) : 0;
  }
}

function isRelevant(grade: number): boolean {
  return grade >= RELEVANT_GRADE;
}

/** A query without a relevant document scores 0, and counts in the average. */
function ratio(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}

/** Linear gain over log2(rank + 1) (Jarvelin and Kekalainen 2002, as trec_eval's ndcg_cut). */
function discountedGain(grades: readonly number[]): number {
  return grades.reduce((sum, grade, index) => (grade > 0 ? sum + grade / Math.log2(index + 2) : sum), 0);
}

/** Precision at the rank of each relevant document, summed. */
function sumOfPrecisions(grades: readonly number[]): number {
  let found = 0;
  return grades.reduce((sum, grade, index) => (isRelevant(grade) ? sum + ++found / (index + 1) : sum), 0);
}

/** Arithmetic means by measure name; there must be at least one query. */
export function averageMeasures(perQuery: Iterable<MeasureValues>): MeasureValues {
  const sums = new Map<string, number>();
  let count = 0;
  for (const values of perQuery) {
    count++;
    for (const [name, value] of Object.entries(values)) sums.set(name, (sums.get(name) ?? 0) + value);
  }
  assert.ok(count > 0, 'an average needs at least one query');
  return Object.fromEntries(Array.from(sums, ([name, sum]) => [name, sum / count]));
}

/**
 * Measures every query of a run. Counted are queries that have both results and judgments; with `complete` (trec_eval's -c) all judged
 * ones, those without results as 0. Queries are in the order of the judgments.
 */
export function measureRun(
  run: Run,
  qrels: Qrels,
  measures: readonly Measure[],
  options: { complete?: boolean } = {},
): Map<string, MeasureValues> {
  const perQuery = new Map<string, MeasureValues>();
  for (const [query, judgments] of qrels) {
    const scores = run.get(query);
    if (scores === undefined && !options.complete) continue;
    perQuery.set(query, measureRanking(scores ? rankResults(scores) : [], judgments, measures));
  }
  return perQuery;
}
