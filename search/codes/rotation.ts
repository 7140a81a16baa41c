import assert from 'node:assert/strict';
import { RandomNumbers } from '../../base/index.ts';

/** Rounds of signs and butterflies. With 4 a vector of one value has all of its length spread over the others, whatever the dimension. */
const ROUNDS = 4;

/**
 * A random rotation, fixed by dimension and seed: rounds of random signs and a Walsh-Hadamard transform over the largest power of two of values that there is,
 * in turns the first and the last ones (the fast rotation of RaBitQ, arXiv 2405.12497, needs d log d steps where a matrix takes d squared). Lengths and inner products stay.
 */
export class Rotation {
  readonly dimension: number;
  /** [rounds, dimension]: 1 or -1 */
  readonly #signs: Int8Array;
  readonly #width: number;

  constructor(dimension: number, seed: number) {
    assert.ok(Number.isInteger(dimension) && dimension >= 1, `dimension ${dimension}`);
    this.dimension = dimension;
    this.#width = 2 ** Math.floor(Math.log2(dimension));
    const numbers = new RandomNumbers(seed, 'rotation');
    this.#signs = Int8Array.from({ length: ROUNDS * dimension }, () => (numbers.integer(2) === 0 ? -1 : 1));
  }

  /** @returns [dimension]: a new array */
  apply(vector: Float32Array): Float32Array {
    assert.equal(vector.length, this.dimension);
    const values = Float32Array.from(vector);
    for (let round = 0; round < ROUNDS; round++) {
      const signs = this.#signs.subarray(round * this.dimension, (round + 1) * this.dimension);
      for (let index = 0; index < values.length; index++) values[index]! *= signs[index]!;
      const start = round % 2 === 0 ? 0 : this.dimension - this.#width;
      transform(values.subarray(start, start + this.#width));
    }
    return values;
  }
}

/** The orthonormal Walsh-Hadamard transform, in place; the length is a power of two. */
function transform(values: Float32Array): void {
  const { length } = values;
  for (let half = 1; half < length; half *= 2) {
    for (let block = 0; block < length; block += 2 * half) {
      for (let left = block; left < block + half; left++) {
        const [a, b] = [values[left]!, values[left + half]!];
        values[left] = a + b;
        values[left + half] = a - b;
      }
    }
  }
  const scale = 1 / Math.sqrt(length);
  for (let index = 0; index < length; index++) values[index]! *= scale;
}
