import { compareRanked } from '../rank-order.ts';
import type { Hit } from '../retriever.ts';
import type { FusionOptions } from './fusion-options.ts';

/** What one retriever said of a document that a fusion ranks. */
export interface FusedPart {
  /** Its name. */
  readonly retriever: string;
  /** Its rank there, from 1. */
  readonly rank: number;
  /** Its score there. */
  readonly score: number;
}

/** A result of a fusion. `chunk` and `passage` are those of the retriever that ranks the document best among those that know chunks; `score` is the fused one. */
export interface FusedHit extends Hit {
  /** Those that found the document, in the order of the fusion's retrievers. */
  readonly parts: readonly FusedPart[];
}

/** One retriever's hits for one query, best first. */
export interface Ranking {
  readonly retriever: string;
  readonly weight: number;
  /** By `weighted-scores`: the score that counts 0; that of the last hit unless given. */
  readonly floor?: number | undefined;
  readonly hits: readonly Hit[];
}

/** The method, and the constant where it has one. */
type FusionMethod = Pick<FusionOptions, 'method'> & { readonly rankConstant?: number };

/** A document while rankings are read. */
interface Candidate {
  readonly document: string;
  readonly parts: FusedPart[];
  /** What each part adds to its score. */
  readonly shares: number[];
  /** The best ranked hit that knows its chunk, and its rank. */
  place: Pick<Hit, 'chunk' | 'passage'>;
  placeRank: number;
}

/**
 * One ranking out of several for the same query, by document. A document's score is a sum over the rankings that hold it, at rank r (from 1) with weight w:
 *
 * - `rrf`: w / (rankConstant + r). With weight 1 and constant 60 that is 1/61 for a first place.
 * - `weighted-ranks`: w / r.
 * - `weighted-scores`: w (s - least) / (best - least), with the best and the least score of that ranking: 1 for its first hit and 0 for its last one, which so
 *   counts like a document that the ranking does not hold. Where all scores are equal, one hit by itself among them, each counts 1. A ranking with a `floor` has that in place of the least
 *   score: (s - floor) / (best - floor).
 * - `dedup`: the rankings one behind the other, each document where it comes first; its score is 1 / its place. Where the first ranking holds k
 *   documents, it alone is the result: the baseline that the others are measured against.
 *
 * Equal scores are ordered by document id, as every retriever does. The same shares sum to the same score in whatever order the retrievers have them.
 *
 * @param name that of the fusion, which its hits have as their retriever
 * @returns the best k
 */
export function fuseRankings(
  rankings: readonly Ranking[],
  method: FusionMethod,
  { k, name }: { readonly k: number; readonly name: string },
): FusedHit[] {
  const candidates = new Map<string, Candidate>();
  for (const { retriever, weight, floor, hits } of rankings) {
    const share = shareOf(method, { weight, floor }, hits);
    hits.forEach(({ document, chunk, passage, score }, index) => {
      const rank = index + 1;
      let candidate = candidates.get(document);
      if (candidate === undefined) {
        candidate = { document, parts: [], shares: [], place: {}, placeRank: Number.POSITIVE_INFINITY };
        candidates.set(document, candidate);
      }
      candidate.parts.push({ retriever, rank, score });
      candidate.shares.push(share(rank, score));
      if (chunk !== undefined && rank < candidate.placeRank) {
        candidate.place = { chunk, ...(passage !== undefined && { passage }) };
        candidate.placeRank = rank;
      }
    });
  }
  // A Map keeps the order in which documents were met first.
  return [...candidates.values()]
    .map(({ document, parts, shares, place }, index) => {
      const score = method.method === 'dedup' ? 1 / (index + 1) : sumOf(shares);
      return { document, ...place, score, retriever: name, parts };
    })
    .sort(compareRanked)
    .slice(0, k);
}

/** What a hit of a ranking adds to its document's score. */
function shareOf(
  { method, rankConstant = 0 }: FusionMethod,
  { weight, floor }: Pick<Ranking, 'weight' | 'floor'>,
  hits: readonly Hit[],
): (rank: number, score: number) => number {
  if (method !== 'weighted-scores') return (rank) => weight / (rankConstant + rank);
  const best = hits[0]?.score ?? 0;
  const least = floor ?? hits.at(-1)?.score ?? 0;
  return (_, score) => weight * (best > least ? Math.max(0, (score - least) / (best - least)) : 1);
}

/** From the least on, so that the sum does not hang on the order of the retrievers and true ties stay ties. */
function sumOf(shares: number[]): number {
  return shares.sort((left, right) => left - right).reduce((sum, share) => sum + share, 0);
}
