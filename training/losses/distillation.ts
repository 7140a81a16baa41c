import { tf } from '../../model/index.ts';

/**
 * Puts each student vector where its teacher vector is.
 *
 * `cosine`: mean(1 - s_i . t_i). `mse`: mean(|s_i - t_i|^2); on unit vectors that is twice the cosine loss, with the same minimum.
 *
 * @param student [batch, dimension], L2-normalised
 * @param teacher [batch, dimension], L2-normalised
 * @returns a scalar
 * @example distillation(student, teacher, 'cosine') // 0 where both agree, 2 where they are opposite
 */
export function distillation(student: tf.Tensor2D, teacher: tf.Tensor2D, kind: 'cosine' | 'mse'): tf.Scalar {
  return tf.tidy(() => {
    if (kind === 'mse') return tf.mean(tf.sum(tf.squaredDifference(student, teacher), 1)) as tf.Scalar;
    return tf.mean(tf.sub(1, tf.sum(tf.mul(student, teacher), 1))) as tf.Scalar;
  });
}
