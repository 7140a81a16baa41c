import type { Hit } from '../retriever.ts';

/**
 * The hits that score at least `share` of the best one, before rankings are fused: the rest of a ranking is noise where its first hits stand out.
 *
 * A share of 0 keeps all. Scores of BM25 are positive, and a share says the same for each query. Cosines may be negative: beside a best score above 0 all of those
 * are dropped, and where the best itself is 0 or less a share of it says nothing, so that all hits are kept. The cosines of most encoders lie close
 * to each other, and so need a larger share than BM25 does to drop as much.
 *
 * @param hits best first
 */
export function aboveShare(hits: readonly Hit[], share: number): readonly Hit[] {
  const best = hits[0]?.score ?? 0;
  if (share === 0 || best <= 0) return hits;
  const bar = share * best;
  const end = hits.findIndex(({ score }) => score < bar);
  return end < 0 ? hits : hits.slice(0, end);
}
