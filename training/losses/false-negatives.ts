import { tf } from '../../model/index.ts';

/**
 * [batch, batch] 1 where document j is as good an answer as the positive i itself: the teacher puts both nearer to each other than 1 - margin. The diagonal is 0.
 *
 * @param teacher [batch, dimension], L2-normalised
 */
export function falseNegatives(teacher: tf.Tensor2D, margin: number): tf.Tensor2D {
  return tf.tidy(() => tf.mul(nearerThan(teacher, teacher, margin), tf.sub(1, tf.eye(teacher.shape[0]))) as tf.Tensor2D);
}

/** [rows, others] 1 where two L2-normalised vectors are nearer to each other than 1 - margin. */
export function nearerThan(vectors: tf.Tensor2D, others: tf.Tensor2D, margin: number): tf.Tensor2D {
  return tf.tidy(() => tf.cast(tf.greater(tf.matMul(vectors, others, false, true), 1 - margin), 'float32') as tf.Tensor2D);
}
