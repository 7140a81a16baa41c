import { assertShare, type Reranker } from './reranker.ts';

/**
 * A reranker that counts so much beside the retriever wherever nobody says otherwise.
 *
 * @param share 0 to 1, see `blendScores`
 * @throws UsageError `RERANK_SHARE`
 */
export function weighReranker(reranker: Reranker, share: number): Reranker {
  assertShare(share);
  return {
    name: reranker.name,
    score: (query, texts, options) => reranker.score(query, texts, options),
    rerank: (query, hits, options) => reranker.rerank(query, hits, { ...options, share: options?.share ?? share }),
    dispose: () => reranker.dispose(),
  };
}
