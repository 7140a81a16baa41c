import { tf } from '../../model/index.ts';
import { falseNegatives, nearerThan } from './false-negatives.ts';

export interface InfoNceOptions {
  /** Divides similarities; 0.02 to 0.05 is usual. */
  readonly temperature: number;
  /** A document whose teacher vector is nearer than 1 - margin to that of the positive is no negative. */
  readonly falseNegativeMargin: number;
}

/**
 * Contrast in the batch: cross-entropy over s_i . t_j / temperature with the positives on the diagonal; further negatives are further columns.
 * Source: van den Oord et al. 2018; false negatives are left out of the denominator.
 *
 * @param student [batch, dimension], L2-normalised
 * @param teacher [batch, dimension], L2-normalised
 * @param negatives [negatives, dimension] teacher vectors of texts that are not in the batch, such as hard negatives
 * @param mask [negatives] 0 for rows of `negatives` that are padding; absent: none is
 * @returns a scalar
 * @example infoNce(teacher, teacher, { temperature: 0.05, falseNegativeMargin: 0.05 }) // near 0 when the batch's documents differ
 */
export function infoNce(
  student: tf.Tensor2D,
  teacher: tf.Tensor2D,
  options: InfoNceOptions,
  negatives?: tf.Tensor2D,
  mask?: tf.Tensor1D,
): tf.Scalar {
  return tf.tidy(() => {
    const { temperature, falseNegativeMargin } = options;
    const similarities = tf.div(tf.matMul(student, teacher, false, true), temperature); // [batch, batch]
    let masked = tf.sub(similarities, tf.mul(falseNegatives(teacher, falseNegativeMargin), 1e9));
    if (negatives) {
      const further = tf.div(tf.matMul(student, negatives, false, true), temperature);
      const nearer = nearerThan(teacher, negatives, falseNegativeMargin);
      const excluded = tf.mul(mask ? tf.maximum(nearer, tf.sub(1, mask)) : nearer, 1e9);
      masked = tf.concat([masked, tf.sub(further, excluded)], 1); // [batch, batch + negatives]
    }
    const positives = tf.sum(tf.mul(similarities, tf.eye(student.shape[0])), 1); // [batch]
    return tf.mean(tf.sub(tf.logSumExp(masked, 1), positives)) as tf.Scalar;
  });
}
