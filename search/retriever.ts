/** One result: a document, the chunk of it that scored best where known, and its score (higher is better). */
export interface Hit {
  readonly id: string;
  readonly score: number;
  /** Chunk number in the container; -1 where the retriever knows documents only. */
  readonly chunk: number;
}

/** Everything that ranks documents for queries: exact search over an encoder, BM25, pgvector. */
export interface Retriever {
  readonly name: string;
  /** For each query its best k documents: score descending, ties by id descending as UTF-8 bytes (trec_eval's order). */
  search(queries: readonly string[], k: number): Promise<Hit[][]>;
}
