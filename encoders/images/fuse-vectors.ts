import assert from 'node:assert/strict';
import type { Vectors } from '../encoder.ts';

/**
 * One vector for each picture with its text, in the space of both: `n(w n(image) + (1 - w) n(text))`, n being the division by the length. A vector of zeros on one side leaves the other as it is. A
 * concatenation would have a dimension that no query has.
 *
 * @param images [rows, dimension], L2-normalised
 * @param texts [rows, dimension], L2-normalised
 * @param imageWeight share of the picture, from 0 to 1
 */
export function fuseVectors(images: Vectors, texts: Vectors, imageWeight: number): Vectors {
  const { rows, dimension } = images;
  assert(texts.rows === rows && texts.dimension === dimension, 'pictures and texts have a vector each, in one space');
  const sum = images.data.map((value, place) => imageWeight * value + (1 - imageWeight) * texts.data[place]!);
  return { rows, dimension, data: normalizeRows(sum, dimension) };
}

/** Divides each row by its length, in place; a row of zeros stays one. */
export function normalizeRows(data: Float32Array, dimension: number): Float32Array {
  for (let start = 0; start < data.length; start += dimension) {
    let square = 0;
    for (let j = start; j < start + dimension; j++) square += data[j]! ** 2;
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (let j = start; j < start + dimension; j++) data[j]! *= scale;
  }
  return data;
}
