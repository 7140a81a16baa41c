import { tf } from '../../model/index.ts';
import type { LossConfig } from './config.ts';
import { distillation } from './distillation.ts';
import { infoNce } from './info-nce.ts';
import { type LossSum, type LossVectors, matryoshka } from './matryoshka.ts';
import { pairwiseOrder } from './pairwise-order.ts';
import { similarityMatrix } from './similarity-matrix.ts';
import { spreadOut } from './spread-out.ts';
import { triplet } from './triplet.ts';

/** Weight of the shorter dimensions' loss where the configuration says nothing. */
const MATRYOSHKA_WEIGHT = 1;

/**
 * Every loss of the configuration whose weight is not zero, and their weighted sum; where there are shorter dimensions, the same over vectors cut to them.
 * The caller's tidy holds what is made.
 *
 * @param matryoshkaDimensions each smaller than the vectors' own
 */
export function combinedLoss(vectors: LossVectors, config: LossConfig, matryoshkaDimensions: readonly number[] = []): LossSum {
  const full = weightedTerms(vectors, config);
  const weight = config.matryoshka?.weight ?? MATRYOSHKA_WEIGHT;
  if (matryoshkaDimensions.length === 0 || weight === 0) return full;
  const shorter = matryoshka(vectors, matryoshkaDimensions, (cut) => weightedTerms(cut, config));
  return { total: tf.add(full.total, tf.mul(shorter.total, weight)), terms: { ...full.terms, ...shorter.terms } };
}

function weightedTerms({ student, teacher, negatives, negativesMask }: LossVectors, config: LossConfig): LossSum {
  const terms: Record<string, tf.Scalar> = {};
  let total: tf.Scalar = tf.scalar(0);
  const add = (name: string, weight: number, term: () => tf.Scalar) => {
    if (weight === 0) return;
    const value = term();
    terms[name] = value;
    total = tf.add(total, tf.mul(value, weight));
  };
  const { pairwiseOrder: order } = config;
  add('distillation', config.distillation.weight, () => distillation(student, teacher, config.distillation.kind));
  add('info_nce', config.infoNce.weight, () => infoNce(student, teacher, config.infoNce, negatives, negativesMask));
  add('triplet', config.triplet.weight, () => triplet(student, teacher, config.triplet));
  add('similarity_matrix', config.similarityMatrix?.weight ?? 0, () => similarityMatrix(student, teacher));
  if (order) add('pairwise_order', order.weight, () => pairwiseOrder(student, teacher, order));
  add('spread_out', config.spreadOut?.weight ?? 0, () => spreadOut(student));
  return { total, terms };
}
