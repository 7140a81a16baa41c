import { tf } from '../tf.ts';

/**
 * A convolution of 3 x 3 places with zeros around the picture, as one product of matrices: every place beside its eight neighbours, times the kernel. Not tfjs' own operation: its WebAssembly backend packs a
 * kernel when it sees it first and keeps that for as long as the tensor lives, so that weights which an optimiser changes in place would never change for it; and it has no gradient of a kernel.
 *
 * @param x [batch, height, width, in]
 * @param kernel [9 * in, out], row by row of the nine places
 * @returns [batch, height, width, out]
 */
export function convolve(x: tf.Tensor4D, kernel: tf.Tensor2D): tf.Tensor4D {
  const [batch, height, width, inputs] = x.shape;
  const around = tf.pad4d(x, [
    [0, 0],
    [1, 1],
    [1, 1],
    [0, 0],
  ]);
  const places = Array.from({ length: 9 }, (_, place) =>
    tf.slice4d(around, [0, Math.floor(place / 3), place % 3, 0], [batch, height, width, inputs]),
  );
  const beside = tf.concat(places, 3).reshape([-1, 9 * inputs]) as tf.Tensor2D; // [batch * height * width, 9 * in]
  return tf.matMul(beside, kernel).reshape([batch, height, width, kernel.shape[1]]) as tf.Tensor4D;
}
