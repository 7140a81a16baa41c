/** What a scorer of pairs is, in enough words to make a ranking reproducible. */
export interface PairScorerDescription {
  /** Stable name, e.g. `cross-encoder:bge-reranker-base`. */
  readonly id: string;
  /** Content hash of the weights. */
  readonly revision: string;
  /** Everything else that changes a score: maximum length, weight type, … */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Reads a query and a text together and says how well they fit: a cross-encoder. */
export interface PairScorer {
  readonly description: PairScorerDescription;
  /**
   * [texts.length] how well each text fits the query: a raw logit, higher is better, comparable within one query.
   *
   * @throws the signal's reason
   */
  scorePairs(query: string, texts: readonly string[], signal?: AbortSignal): Promise<Float32Array>;
  dispose(): Promise<void>;
}
