/** Whose tokens are projected: a trained head may have weights of its own for either. */
export type GroupRole = 'query' | 'key';

/** Token vectors behind a projection. */
export interface ProjectedTokens {
  /** [tokens, dimension] */
  readonly vectors: Float32Array;
  /** [tokens] what each token counts when tokens are chosen, 0 at least; absent: all the same. */
  readonly weights?: Float32Array | undefined;
}

/** What stands between token vectors and vectorizer: a trained head. Queries and keys (passages) both go through it, so that their dimensions agree. */
export interface TokenProjection {
  readonly id: string;
  /** Digest of the weights. */
  readonly revision: string;
  /** Length of the vectors of queries that it takes. */
  readonly inputDimension: number;
  /** Of those of keys. */
  readonly keyDimension: number;
  /** Length of those that it gives. */
  readonly dimension: number;
  /** @param vectors [tokens, input dimension of the role] of one text */
  project(vectors: Float32Array, tokens: number, role: GroupRole): ProjectedTokens;
}
