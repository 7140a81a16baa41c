import * as assert from 'uvu/assert';
import { CemError } from '../../base/errors.ts';
import type { StoreHit, VectorRow } from '../../search/vector-store.ts';

/** Rows for the contract of vector stores, and what a search over them must find. */
export const DIMENSION = 8;

/** A small fixed generator (mulberry32), so that failures repeat. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function unitVector(random: () => number): Float32Array {
  const vector = Float32Array.from({ length: DIMENSION }, () => random() - 0.5);
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}

export function axis(index: number, length = 1): Float32Array {
  const vector = new Float32Array(DIMENSION);
  vector[index] = length;
  return vector;
}

/** A row whose fingerprint says its key. */
export const row = (document: string, chunk: number, vector: Float32Array, extra: Partial<VectorRow> = {}): VectorRow => ({
  document,
  chunk,
  passage: 0,
  vector,
  fingerprint: `${document}-${chunk}`,
  ...extra,
});

/** Order of ids as bytes. */
export const compareIds = (left: string, right: string): number => Buffer.compare(Buffer.from(left), Buffer.from(right));

/** The oracle: every row scored in doubles, the mean of each document's best ones (one is max-P), all of them sorted. */
export function bestDocuments(rows: readonly VectorRow[], query: Float32Array, k: number, best = 1): StoreHit[] {
  const documents = new Map<string, StoreHit[]>();
  for (const { document, chunk, passage, vector } of rows) {
    let score = 0;
    for (let i = 0; i < vector.length; i++) score += vector[i]! * query[i]!;
    documents.set(document, [...(documents.get(document) ?? []), { document, chunk, passage, score }]);
  }
  return [...documents.values()]
    .map((scored) => {
      scored.sort((left, right) => right.score - left.score || left.chunk - right.chunk || left.passage - right.passage);
      const counted = scored.slice(0, best);
      return { ...scored[0]!, score: counted.reduce((sum, { score }) => sum + score, 0) / counted.length };
    })
    .sort((left, right) => right.score - left.score || compareIds(right.document, left.document))
    .slice(0, k);
}

export async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise;
  } catch (error) {
    assert.instance(error, CemError);
    return (error as CemError).code;
  }
  return undefined;
}
