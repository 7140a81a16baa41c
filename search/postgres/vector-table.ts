/** The table that is searched: columns document, chunk, metadata, vector. */
export interface VectorTable {
  readonly name: string;
  /** pgvector's type of the vectors. */
  readonly type: 'vector' | 'halfvec';
  readonly dimension: number;
  /** Whether vectors of zeros are kept as null, which no index holds; a table of the first layout has them as they are. */
  readonly emptyIsNull: boolean;
}
