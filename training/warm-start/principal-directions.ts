import assert from 'node:assert/strict';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/**
 * The directions in which vectors have most of their squared length (not centred: a mean is a direction like others), as orthonormal rows.
 *
 * @param vectors [count, dimension]
 * @param wanted at most `dimension`
 * @returns [wanted, dimension], in descending order
 */
export function principalDirections(vectors: Float32Array, dimension: number, wanted: number): Float32Array {
  assert(wanted <= dimension, `vectors of ${dimension} numbers have no ${wanted} directions`);
  const moments = new Float64Array(dimension * dimension);
  for (let from = 0; from < vectors.length; from += dimension) {
    for (let i = 0; i < dimension; i++) {
      const value = vectors[from + i]!;
      const row = i * dimension;
      for (let j = 0; j <= i; j++) moments[row + j]! += value * vectors[from + j]!;
    }
  }
  for (let i = 0; i < dimension; i++) for (let j = 0; j < i; j++) moments[j * dimension + i] = moments[i * dimension + j]!;
  const matrix = Matrix.from1DArray(dimension, dimension, moments);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  const order = realEigenvalues.map((_, index) => index).sort((a, b) => realEigenvalues[b]! - realEigenvalues[a]! || a - b);
  const directions = new Float32Array(wanted * dimension);
  for (let direction = 0; direction < wanted; direction++) {
    for (let i = 0; i < dimension; i++) directions[direction * dimension + i] = eigenvectorMatrix.get(i, order[direction]!);
  }
  return directions;
}

/** Coordinates of vectors along directions: [count, width] from [count, dimension] and [directions, dimension]; columns behind the directions are zero. */
export function coordinates(vectors: Float32Array, directions: Float32Array, dimension: number, width: number): Float32Array {
  const count = vectors.length / dimension;
  const directionCount = directions.length / dimension;
  const output = new Float32Array(count * width);
  for (let row = 0; row < count; row++) {
    for (let direction = 0; direction < directionCount; direction++) {
      let sum = 0;
      for (let i = 0; i < dimension; i++) sum += vectors[row * dimension + i]! * directions[direction * dimension + i]!;
      output[row * width + direction] = sum;
    }
  }
  return output;
}
