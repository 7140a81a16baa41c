import assert from 'node:assert/strict';
import { RandomNumbers } from '../../base/index.ts';
import type { Judgments } from '../measures/measures.ts';
import { RETRIEVAL_MEASURES } from '../measures/measures.ts';
import { measureRanking } from '../measures/metrics.ts';
import { type FusionSettings, fuseRecorded, type PartRankings, type PartWeights } from './fuse-recorded.ts';
import type { PartName } from './retrieval-mode.ts';

/** Weights of each part beside the first, whose weight is 1: ranks only ask for ratios. At 1:100 a part decides between what the other ranks next to each other, and no more. */
const GRID = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 50, 100] as const;
const MEASURE = 'ndcg_at_10';
const MEASURES = RETRIEVAL_MEASURES.filter(({ name }) => name === MEASURE);
const DEPTH = 10;
/** Values that differ by less are equal: of equal ones the weights are taken that are nearest to each other. */
const TIE = 1e-9;

/** Rankings of parts with judgments, in one order. */
export interface JudgedRankings {
  readonly rankings: PartRankings;
  /** [queries] */
  readonly judgments: readonly Judgments[];
}

export interface ChosenWeights {
  readonly weights: PartWeights;
  /** Mean nDCG@10 of the queries that they were chosen on. */
  readonly value: number;
  /** The same with equal weights. */
  readonly equal: number;
}

type Settings = Omit<FusionSettings, 'weights'>;

/**
 * The weights of a fusion with the best mean nDCG@10 on judged queries, of a grid of ratios from 1:100 to 100:1 (with three parts: of all pairs of ratios). What is measured on these same queries is no
 * evidence: measure on others, or with `crossValidatedWeights`.
 *
 * @param places which of the queries; all unless given
 */
export async function chooseWeights(
  judged: JudgedRankings,
  settings: Settings,
  places?: readonly number[],
): Promise<ChosenWeights> {
  return bestOf(await measureGrid(judged, settings, places ?? [...judged.judgments.keys()]));
}

/** Weights with the nDCG@10 of each query, by its place. */
interface GridPoint {
  readonly weights: PartWeights;
  /** How far from equal: the largest logarithm of a weight, by size. */
  readonly spread: number;
  readonly values: ReadonlyMap<number, number>;
}

async function measureGrid(
  { rankings, judgments }: JudgedRankings,
  settings: Settings,
  places: readonly number[],
): Promise<GridPoint[]> {
  assert.ok(places.length > 0 && rankings.size > 0);
  const points: GridPoint[] = [];
  for (const weights of grid([...rankings.keys()])) {
    const hits = await fuseRecorded(rankings, { ...settings, weights }, places, DEPTH);
    const values = hits.map((ranking, index) => {
      const place = places[index]!;
      return [
        place,
        ndcg(
          ranking.map(({ document }) => document),
          judgments[place]!,
        ),
      ] as const;
    });
    points.push({
      weights,
      spread: Math.max(...Object.values(weights).map((weight) => Math.abs(Math.log(weight)))),
      values: new Map(values),
    });
  }
  return points;
}

/** @param counts which queries count; all unless given */
function bestOf(points: readonly GridPoint[], counts: (place: number) => boolean = () => true): ChosenWeights {
  let best: { readonly weights: PartWeights; readonly value: number; readonly spread: number } | undefined;
  let equal = 0;
  for (const { weights, spread, values } of points) {
    const value = mean([...values].flatMap(([place, own]) => (counts(place) ? [own] : [])));
    if (spread === 0) equal = value;
    if (best === undefined || value > best.value + TIE || (value > best.value - TIE && spread < best.spread))
      best = { weights, value, spread };
  }
  return { weights: best!.weights, value: best!.value, equal };
}

/** Weights for each query that were chosen on other queries. */
export interface CrossValidatedWeights {
  /** [queries]: place among `folds` */
  readonly foldOf: readonly number[];
  readonly folds: readonly ChosenWeights[];
}

/**
 * Cross-validation: the queries are dealt into folds at random, and the weights of each fold are chosen on all the others. So every query is measured with weights that know nothing of it.
 *
 * @param folds as many as there are queries at most
 */
export async function crossValidatedWeights(
  judged: JudgedRankings,
  settings: Settings,
  { folds = 5, seed = 0 }: { readonly folds?: number; readonly seed?: number } = {},
): Promise<CrossValidatedWeights> {
  const count = judged.judgments.length;
  const dealt = Math.max(2, Math.min(folds, count));
  const order = [...judged.judgments.keys()];
  const numbers = new RandomNumbers(seed, 'folds of queries');
  for (let last = order.length - 1; last > 0; last--) {
    const other = numbers.integer(last + 1);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  const foldOf = new Array<number>(count).fill(0);
  for (const [index, place] of order.entries()) foldOf[place] = index % dealt;
  const points = await measureGrid(judged, settings, [...judged.judgments.keys()]);
  // With one query there is no other.
  const chosen = Array.from({ length: dealt }, (_, fold) =>
    bestOf(points, count === 1 ? undefined : (place) => foldOf[place] !== fold),
  );
  return { foldOf, folds: chosen };
}

function* grid(names: readonly PartName[]): Generator<Record<string, number> & PartWeights> {
  const [first, ...others] = names;
  let all: Record<string, number>[] = [{ [first!]: 1 }];
  for (const name of others) all = all.flatMap((weights) => GRID.map((weight) => ({ ...weights, [name]: weight })));
  yield* all;
}

function ndcg(ranking: readonly string[], judgments: Judgments): number {
  return measureRanking(ranking, judgments, MEASURES)[MEASURE]!;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
