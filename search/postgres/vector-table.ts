/** The table that is searched: columns document, chunk, metadata, vector. */
export interface VectorTable {
  readonly name: string;
  /** pgvector's type of the vectors. */
  readonly type: 'vector' | 'halfvec';
  readonly dimension: number;
}
