import { CemError } from '../../base/index.ts';

/** Vectors that stand for one text together. */
export interface VectorGroup {
  readonly vectors: number;
  readonly dimension: number;
  /** [vectors, dimension], rows L2-normalised. */
  readonly data: Float32Array;
  /** [vectors] the word that a row is of, or is nearest to; absent where it is not known. */
  readonly words?: readonly string[] | undefined;
}

/** A norm counts as this at least, so that a row of zeros stays one. */
const NORM_EPSILON = 1e-12;

/**
 * Makes a group of rows, which it copies and normalises.
 *
 * @param rows [vectors, dimension]
 * @throws CemError `GROUP_EMPTY` for no rows, `GROUP_DIMENSION` for values that make no rows of this length, `GROUP_VALUE` for one that is not finite
 */
export function vectorGroup(rows: Float32Array, dimension: number, words?: readonly string[]): VectorGroup {
  const vectors = rows.length / dimension;
  if (!Number.isInteger(vectors) || (words !== undefined && words.length !== vectors)) {
    throw new CemError(
      'GROUP_DIMENSION',
      `${rows.length} values${words === undefined ? '' : ` and ${words.length} words`} make no group of vectors of ${dimension}; give whole rows, and as many words as rows`,
      { details: { values: rows.length, dimension, words: words?.length } },
    );
  }
  if (vectors === 0)
    throw new CemError('GROUP_EMPTY', 'a group of no vectors stands for nothing; leave the text out that has none');
  const data = new Float32Array(rows.length);
  for (let start = 0; start < rows.length; start += dimension) {
    let square = 0;
    for (let i = start; i < start + dimension; i++) square += rows[i]! * rows[i]!;
    if (!Number.isFinite(square)) {
      throw new CemError(
        'GROUP_VALUE',
        `row ${start / dimension} of a vector group holds a value that is not finite, or too large; encode the text again, and look into its encoder where that does not help`,
        { details: { row: start / dimension } },
      );
    }
    const scale = 1 / Math.max(Math.sqrt(square), NORM_EPSILON);
    for (let i = start; i < start + dimension; i++) data[i] = rows[i]! * scale;
  }
  return { vectors, dimension, data, words };
}
