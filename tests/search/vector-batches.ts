import type { VectorRow } from '../../search/index.ts';

export const DIMENSION = 16;
/** More than the store puts into one INSERT (500), so that a batch can be cut in two. */
export const BATCH_ROWS = 1200;

/** A batch of rows that can be told from every other. */
export function batchRows(batch: number): VectorRow[] {
  return Array.from({ length: BATCH_ROWS }, (_, index) => {
    const vector = new Float32Array(DIMENSION);
    vector[index % DIMENSION] = 1;
    return { document: `document ${batch}`, chunk: index, passage: 0, vector, fingerprint: `${batch}` };
  });
}
