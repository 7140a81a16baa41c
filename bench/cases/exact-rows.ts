import type { Vectors } from '../../encoders/index.ts';
import { TopK } from '../../search/top-k.ts';

/** Numbers of the k rows of the largest inner products with a query, by a look at each, best first. */
export function exactRows({ rows, dimension, data }: Vectors, query: Float32Array, k: number): number[] {
  const best = new TopK(k, { compareTies: (left, right) => right - left });
  for (let row = 0, at = 0; row < rows; row++) {
    let sum = 0;
    for (let index = 0; index < dimension; index++) sum += data[at++]! * query[index]!;
    best.push(row, sum);
  }
  return best.sorted().map(({ item }) => item);
}
