import { tf } from '../../model/index.ts';

/**
 * Spreads vectors over the sphere: the mean of squared similarities between different texts, `sum_{i != j} (s_i . s_j)^2 / (batch (batch - 1))`. Points drawn evenly from
 * a sphere of d dimensions have 1 / d.
 * Source: Zhang et al. 2017 (global orthogonal regularisation), its second moment.
 *
 * @param student [batch, dimension], L2-normalised
 * @returns a scalar; 0 for a batch of one
 * @example spreadOut(tf.eye(8)) // 0: all at right angles
 */
export function spreadOut(student: tf.Tensor2D): tf.Scalar {
  return tf.tidy(() => {
    const batch = student.shape[0];
    const others = tf.sub(1, tf.eye(batch));
    const similarities = tf.mul(tf.matMul(student, student, false, true), others); // [batch, batch]
    return tf.div(tf.sum(tf.square(similarities)), Math.max(1, batch * (batch - 1))) as tf.Scalar;
  });
}
