import { fromSql, toSql } from 'pgvector';

/** A vector as pgvector reads it, `vector` and `halfvec` alike. */
export function vectorToSql(vector: Float32Array): string {
  return toSql([...vector]) as string;
}

/** A vector as pgvector writes it, `vector` and `halfvec` alike. */
export function vectorFromSql(text: string): Float32Array {
  return Float32Array.from(fromSql(text) as number[]);
}
