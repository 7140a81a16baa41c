import type { Searcher, SearcherSearchOptions, SearchResult } from '../retrieval/searcher.ts';
import { DEFAULT_TOP_N, type RerankedHit, type Reranker } from './reranker.ts';

/** Results that are read for each search unless asked otherwise. */
const DEFAULT_DEPTH = 64;

export interface RerankedSearchOptions extends Omit<SearcherSearchOptions, 'k'> {
  /** Results of the searcher that are decompressed and read; 64 unless given. */
  readonly depth?: number | undefined;
  /** Results that stay; 8 unless given. */
  readonly topN?: number | undefined;
  /** Leave three results or fewer as they are. */
  readonly keepFew?: boolean | undefined;
  /** How much the reranker counts beside the searcher, 0 to 1; 1 unless given. */
  readonly share?: number | undefined;
}

/**
 * Searches, and lets a reranker read what was found: the texts of the `depth` results, which the searcher has decompressed, and no others.
 *
 * @throws as `Searcher.search` and `Reranker.rerank`
 */
export async function searchAndRerank(
  searcher: Pick<Searcher, 'search'>,
  reranker: Reranker,
  query: string,
  { depth = DEFAULT_DEPTH, topN = DEFAULT_TOP_N, keepFew, share, ...search }: RerankedSearchOptions = {},
): Promise<RerankedHit<SearchResult>[]> {
  const results = await searcher.search(query, { ...search, k: Math.max(depth, topN) });
  return reranker.rerank(query, results, { topN, keepFew, share, signal: search.signal });
}
