import { tf } from '../../model/backend/tf.ts';
import type { LossConfig } from '../config.ts';
import { distillation } from './distillation.ts';
import { infoNce } from './info-nce.ts';
import { triplet } from './triplet.ts';

/** Unweighted terms by name, each a scalar. */
export type LossTerms = Record<string, tf.Scalar>;

/**
 * Every loss of the configuration whose weight is not zero, and their weighted sum.
 *
 * @param student [batch, dimension], L2-normalised
 * @param teacher [batch, dimension], L2-normalised
 */
export function combinedLoss(
  student: tf.Tensor2D,
  teacher: tf.Tensor2D,
  config: LossConfig,
): { total: tf.Scalar; terms: LossTerms } {
  const terms: LossTerms = {};
  let total: tf.Scalar = tf.scalar(0);
  const add = (name: string, weight: number, term: () => tf.Scalar) => {
    if (weight === 0) return;
    const value = term();
    terms[name] = value;
    total = tf.add(total, tf.mul(value, weight));
  };
  add('distillation', config.distillation.weight, () => distillation(student, teacher, config.distillation.kind));
  add('info_nce', config.infoNce.weight, () => infoNce(student, teacher, config.infoNce));
  add('triplet', config.triplet.weight, () => triplet(student, teacher, config.triplet));
  return { total, terms };
}
