import { tf } from '../../model/index.ts';
import { falseNegatives } from './false-negatives.ts';

export interface TripletOptions {
  /** How much nearer than the hardest negative the positive has to be. */
  readonly margin: number;
  /** A document whose teacher vector is nearer than 1 - margin to that of the positive is no negative. */
  readonly falseNegativeMargin: number;
}

/**
 * mean(max(0, margin + s_i . t_negative - s_i . t_i)) with the hardest negative of the batch: the teacher vector of another document that is nearest to s_i.
 * Source: Schroff et al. 2015; Hermans et al. 2017 ("batch hard").
 *
 * @param student [batch, dimension], L2-normalised
 * @param teacher [batch, dimension], L2-normalised
 * @returns a scalar
 * @example triplet(teacher, teacher, { margin: 0.1, falseNegativeMargin: 0.05 }) // 0 when no two documents are nearer than 0.9
 */
export function triplet(student: tf.Tensor2D, teacher: tf.Tensor2D, options: TripletOptions): tf.Scalar {
  return tf.tidy(() => {
    const similarities = tf.matMul(student, teacher, false, true); // [batch, batch]
    const positivePlaces = tf.eye(student.shape[0]);
    const excluded = tf.add(falseNegatives(teacher, options.falseNegativeMargin), positivePlaces);
    const hardest = tf.max(tf.sub(similarities, tf.mul(excluded, 1e9)), 1); // [batch]
    const positives = tf.sum(tf.mul(similarities, positivePlaces), 1); // [batch]
    return tf.mean(tf.relu(tf.add(tf.sub(hardest, positives), options.margin))) as tf.Scalar;
  });
}
