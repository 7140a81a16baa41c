import { CemError } from '../base/index.ts';
import type { VectorRow } from './vector-store.ts';

/** What no PostgreSQL text holds: a zero byte, or half of a surrogate pair (it has no UTF-8). Every store refuses it, so that ids move between stores. */
const UNSTORABLE_ID = /\0|\p{Surrogate}/u;

/** @throws CemError `VECTOR_DIMENSION`, `VECTOR_VALUE` */
export function checkVector(vector: Float32Array, dimension: number, what: string): void {
  if (vector.length !== dimension) {
    throw new CemError('VECTOR_DIMENSION', `${what} has ${vector.length} values, and this store holds vectors of ${dimension}`, {
      details: { got: vector.length, wanted: dimension },
    });
  }
  if (!vector.every(Number.isFinite)) throw new CemError('VECTOR_VALUE', `${what} holds a value that is not a finite number`);
}

/**
 * Checks rows and drops those that a later one with the same document and chunk overwrites.
 *
 * @throws CemError `VECTOR_DIMENSION`, `VECTOR_VALUE`, `VECTOR_STORE_ID`
 */
export function lastRowsByKey(rows: readonly VectorRow[], dimension: number): VectorRow[] {
  const unique = new Map<string, VectorRow>();
  for (const row of rows) {
    checkVector(row.vector, dimension, `the vector of document "${row.documentId}", chunk ${row.chunk},`);
    if (UNSTORABLE_ID.test(row.documentId)) {
      throw new CemError(
        'VECTOR_STORE_ID',
        `document id ${JSON.stringify(row.documentId)} holds a zero byte or half a surrogate pair, which PostgreSQL cannot store; give it another id`,
        { details: { documentId: row.documentId } },
      );
    }
    unique.set(`${row.chunk} ${row.documentId}`, row);
  }
  return [...unique.values()];
}
