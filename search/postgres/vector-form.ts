import { fromSql, toSql } from 'pgvector';

/** Element type of the stored vectors: `single` is pgvector's `vector` (4 bytes), `half` its `halfvec` (2 bytes; cosines to about 3 digits; from 0.7). */
export type VectorPrecision = 'single' | 'half';

/** A column of a table, and its type in PostgreSQL. */
export interface Column {
  readonly name: string;
  readonly type: string;
}

/**
 * How a precision keeps vectors: which columns of a row hold one, and how statements write them, rank by them and read them. All that the store's statements know
 * of vectors, they know from here.
 */
export interface VectorForm {
  readonly precision: VectorPrecision;
  /** pgvector's type, for messages. */
  readonly type: string;
  /** Columns that hold one vector of so many values. All are null where a vector is all zeros. The first is the one that `directed` asks. */
  columns(dimension: number): readonly [Column, ...Column[]];
  /** One vector, not all zeros, as the text of each column, which PostgreSQL casts to the column's type. */
  values(vector: Float32Array): readonly string[];
  /** A query's vector as a parameter. */
  query(vector: Float32Array): string;
  /**
   * The negative inner product of a row's vector and the query's: lower is better. An HNSW index is over it.
   *
   * @param query the parameter, `$1`
   */
  distance(query: string): string;
  /** A row's vector as text, and that text as a vector. */
  readonly text: string;
  parse(text: string): Float32Array;
  readonly hnsw: {
    /** What an index is over, with its operator class. */
    readonly target: string;
    /** Largest dimension that it takes (pgvector, "HNSW"). */
    readonly maximumDimension: number;
    /** Bytes of a vector in it. */
    bytes(dimension: number): number;
  };
}

function plainForm(precision: VectorPrecision, type: 'vector' | 'halfvec', bytes: number, maximumDimension: number): VectorForm {
  const write = (vector: Float32Array): string => toSql([...vector]) as string;
  return {
    precision,
    type,
    columns: (dimension) => [{ name: 'vector', type: `${type}(${dimension})` }],
    values: (vector) => [write(vector)],
    query: write,
    distance: (query) => `vector <#> ${query}::${type}`,
    text: 'vector::text',
    parse: (text) => Float32Array.from(fromSql(text) as number[]),
    hnsw: { target: `vector ${type}_ip_ops`, maximumDimension, bytes: (dimension) => bytes * dimension },
  };
}

export const VECTOR_FORMS: Readonly<Record<VectorPrecision, VectorForm>> = {
  single: plainForm('single', 'vector', 4, 2000),
  half: plainForm('half', 'halfvec', 2, 4000),
};
