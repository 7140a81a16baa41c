import assert from 'node:assert/strict';
import type { Vectors } from '../../encoders/index.ts';

/** All inner products of two sets of vectors of one dimension: [left.rows, right.rows], row-major. */
export type InnerProducts = (left: Vectors, right: Vectors) => Promise<Float32Array>;

/** On the backend that `selectBackend` chose. */
export const tensorInnerProducts: InnerProducts = async (left, right) => {
  assert.equal(left.dimension, right.dimension);
  if (left.rows === 0 || right.rows === 0) return new Float32Array(0);
  // Loaded here, so that whoever searches without a backend never loads it.
  const { tf } = await import('../../model/index.ts');
  const products = tf.tidy(() =>
    tf.matMul(
      tf.tensor2d(left.data, [left.rows, left.dimension]),
      tf.tensor2d(right.data, [right.rows, right.dimension]),
      false,
      true,
    ),
  );
  try {
    return (await products.data()) as Float32Array;
  } finally {
    products.dispose();
  }
};

/** In plain loops, summed in double precision: needs no backend, and is what the tensor way is checked against. */
export const plainInnerProducts: InnerProducts = async (left, right) => {
  assert.equal(left.dimension, right.dimension);
  const { dimension } = left;
  const products = new Float32Array(left.rows * right.rows);
  for (let row = 0; row < left.rows; row++) {
    const start = row * dimension;
    for (let column = 0; column < right.rows; column++) {
      const other = column * dimension;
      let sum = 0;
      for (let index = 0; index < dimension; index++) sum += left.data[start + index]! * right.data[other + index]!;
      products[row * right.rows + column] = sum;
    }
  }
  return products;
};
