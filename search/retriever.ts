import type { Filter } from './filter.ts';
import type { Scoring } from './scoring.ts';

/** One result: a document, its best passage and that one's chunk where known, its score (higher is better), and which retriever found it. */
export interface Hit {
  readonly document: string;
  /** Number of the chunk in the container; absent where the retriever ranks whole documents. Hits of several retrievers join by document, chunk and passage. */
  readonly chunk?: number;
  /** Number of the passage within the chunk, from 0; there where the chunk is. */
  readonly passage?: number;
  /** Comparable within one retriever only. */
  readonly score: number;
  /** Name of the retriever. */
  readonly retriever: string;
  /** The query asks for it by what it is, as for a figure: it stands before all else, wherever what was found is ranked anew. */
  readonly asked?: true;
}

export interface SearchOptions {
  /** Results wanted for a query, at least 1. There are fewer where fewer can be found. */
  readonly k: number;
  /** Which passages may be found; applied inside the search (invariant 7), so that k are found where k pass. */
  readonly filter?: Filter | undefined;
  /** How a document's score comes from those of its passages; that of the best one unless given. */
  readonly scoring?: Scoring | undefined;
  /** Ends the search: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Told of a query that nothing can be ranked by, and why, in words for people: "none of the query's words is in the index".
   *
   * @param query its place among the queries
   */
  readonly onUnsearchable?: ((query: number, reason: string) => void) | undefined;
}

/** Everything that ranks documents for queries: exact search over an encoder, BM25, pgvector, a fusion of others. */
export interface Retriever {
  readonly name: string;
  /**
   * For each query its best k documents, each once, with its best passage (of equal ones that of the lower chunk, then the lower passage): score descending, ties by
   * document id descending as UTF-8 bytes (trec_eval's order).
   *
   * @throws UsageError `SEARCH_FILTER`, `SEARCH_SCORING`; the signal's reason
   */
  search(queries: readonly string[], options: SearchOptions): Promise<Hit[][]>;
}
