import { RETRIEVAL_MEASURES } from '../measures/measures.ts';
import { measureRanking } from '../measures/metrics.ts';

const CUTOFF = 10;
const [MEASURE] = RETRIEVAL_MEASURES.filter(({ name }) => name === `ndcg_at_${CUTOFF}`);

/**
 * nDCG@10 of a query whose keys have these scores.
 *
 * @param scores [ids]
 * @param candidates places that are ranked; all unless given
 */
export function ndcgOf(
  scores: Float32Array,
  ids: readonly string[],
  judgments: ReadonlyMap<string, number>,
  candidates?: Iterable<number>,
): number {
  const ranking = bestPlaces(scores, ids, CUTOFF, candidates).map((place) => ids[place]!);
  return measureRanking(ranking, judgments, [MEASURE!])[MEASURE!.name]!;
}

/** Places of the highest scores, best first; of equal ones the greater id first, as trec_eval has it. */
export function bestPlaces(
  scores: Float32Array,
  ids: readonly string[],
  count: number,
  candidates: Iterable<number> = ids.keys(),
): number[] {
  const best: number[] = [];
  for (const place of candidates) {
    let at = best.length;
    while (at > 0 && isBetter(place, best[at - 1]!, scores, ids)) at--;
    if (at >= count) continue;
    best.splice(at, 0, place);
    if (best.length > count) best.pop();
  }
  return best;
}

function isBetter(one: number, other: number, scores: Float32Array, ids: readonly string[]): boolean {
  const difference = scores[one]! - scores[other]!;
  return difference > 0 || (difference === 0 && ids[one]! > ids[other]!);
}
