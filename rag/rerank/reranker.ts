import { CemError, UsageError } from '../../base/index.ts';
import { placesOfFigures, raisedBefore } from '../../search/pictures/index.ts';
import { blendScores } from './blend-scores.ts';

/** Results of reranking unless asked otherwise: units that a reader gets. */
export const DEFAULT_TOP_N = 8;
/** So few results are left in the retriever's order where `keepFew` is asked for. */
const FEW = 3;

/** What a reranker reads: a result with its text. */
export interface RerankableHit {
  readonly text: string;
  readonly score: number;
  /** The query asks for it by what it is, as for a figure. */
  readonly asked?: true;
}

/** A result in its new place. */
export type RerankedHit<Hit extends RerankableHit> = Hit & {
  /** Place, from 1, and score that the retriever gave it; `score` is the reranker's, or both blended. Absent where nothing was reranked. */
  readonly retrieved?: { readonly rank: number; readonly score: number };
};

export interface RerankOptions {
  /** Results that are kept; 8 unless given. */
  readonly topN?: number | undefined;
  /** Leave three results or fewer as they are, unread. */
  readonly keepFew?: boolean | undefined;
  /** How much the reranker counts beside the retriever, 0 to 1, see `blendScores`; 1, it alone, unless given. */
  readonly share?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Orders texts by reading each of them together with the query. */
export interface Reranker {
  /** Stable name: `cross-encoder:bge-reranker-base`. */
  readonly name: string;
  /**
   * How well each text fits the query, in the order of the texts; higher is better, comparable within one query.
   *
   * @throws the signal's reason, and what the model throws
   */
  score(query: string, texts: readonly string[], options?: { readonly signal?: AbortSignal | undefined }): Promise<number[]>;
  /**
   * The best of a retriever's results in a new order, ties in the retriever's. What the query asks for by what it is stays before all else, in as many places as a search gives it. Texts are those that the results have: nothing is decompressed for this (invariant 2).
   *
   * @param query as it was asked, without what a retriever put to it
   * @param hits best first
   * @throws UsageError `RERANK_TOP_N`, `RERANK_SHARE`; CemError `RERANKER_SCORE` when the model gives something that is no score; and as `score`
   */
  rerank<Hit extends RerankableHit>(query: string, hits: readonly Hit[], options?: RerankOptions): Promise<RerankedHit<Hit>[]>;
  dispose(): Promise<void>;
}

/** What rerankers have in common: an order from scores. */
export abstract class ScoringReranker implements Reranker {
  abstract readonly name: string;
  abstract score(
    query: string,
    texts: readonly string[],
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<number[]>;
  abstract dispose(): Promise<void>;

  async rerank<Hit extends RerankableHit>(
    query: string,
    hits: readonly Hit[],
    { topN = DEFAULT_TOP_N, keepFew = false, share = 1, signal }: RerankOptions = {},
  ): Promise<RerankedHit<Hit>[]> {
    if (!Number.isSafeInteger(topN) || topN < 1)
      throw new UsageError('RERANK_TOP_N', `topN is the number of results that stay, at least 1, not ${topN}`, {
        details: { topN },
      });
    assertShare(share);
    signal?.throwIfAborted();
    if (hits.length === 0 || (keepFew && hits.length <= FEW)) return hits.slice(0, topN);
    const scores = await this.score(
      query,
      hits.map(({ text }) => text),
      { signal },
    );
    if (scores.length !== hits.length || !scores.every(Number.isFinite)) {
      throw new CemError(
        'RERANKER_SCORE',
        `${this.name} gave ${describe(scores)} for ${hits.length} texts; it cannot rank by that`,
        {
          details: { reranker: this.name, texts: hits.length },
        },
      );
    }
    const blended = blendScores(
      scores,
      hits.map(({ score }) => score),
      share,
    );
    const ranked = hits
      .map((hit, place) => ({ ...hit, score: blended[place]!, retrieved: { rank: place + 1, score: hit.score } }))
      .sort((left, right) => right.score - left.score || left.retrieved.rank - right.retrieved.rank);
    const first = new Set(ranked.filter(({ asked }) => asked).slice(0, placesOfFigures(topN)));
    const others = ranked.filter((hit) => !first.has(hit));
    return raisedBefore([...first], others).slice(0, topN);
  }
}

/** @throws UsageError `RERANK_SHARE` */
export function assertShare(share: number): void {
  if (share >= 0 && share <= 1) return;
  throw new UsageError('RERANK_SHARE', `share says how much the reranker counts, 0 to 1, not ${share}`, { details: { share } });
}

/** @throws UsageError `RERANK_SHARE` for a share without what would have it */
export function assertShareOfReranker(reranker: unknown, share: number | undefined): void {
  if (share === undefined || reranker !== undefined) return;
  throw new UsageError(
    'RERANK_SHARE',
    `--rerank-share ${share} says how much a reranker counts, and none is named: give --reranker too, or leave it out`,
    { details: { share } },
  );
}

function describe(scores: readonly number[]): string {
  const odd = scores.find((score) => !Number.isFinite(score));
  return odd === undefined ? `${scores.length} scores` : `the score ${odd}`;
}
