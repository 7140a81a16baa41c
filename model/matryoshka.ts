import type { Vectors } from '../encoders/index.ts';

/**
 * The first `dimension` numbers of each vector, normalised again: what a vector trained with Matryoshka dimensions is at a shorter one. Queries are cut alike.
 * A vector of zeros stays zeros.
 */
export function truncateVectors(vectors: Vectors, dimension: number): Vectors {
  if (dimension === vectors.dimension) return vectors;
  const data = new Float32Array(vectors.rows * dimension);
  for (let row = 0; row < vectors.rows; row++) {
    const from = row * vectors.dimension;
    let squares = 0;
    for (let i = 0; i < dimension; i++) squares += vectors.data[from + i]! ** 2;
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let i = 0; i < dimension; i++) data[row * dimension + i] = vectors.data[from + i]! * scale;
  }
  return { rows: vectors.rows, dimension, data };
}
