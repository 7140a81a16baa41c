import { tf } from '../../model/index.ts';

/** What a loss compares; all of one width, all L2-normalised. */
export interface LossVectors {
  /** [batch, dimension] */
  readonly student: tf.Tensor2D;
  /** [batch, dimension] */
  readonly teacher: tf.Tensor2D;
  /** [negatives, dimension] the teacher's vectors of further texts, which are nobody's positive here. */
  readonly negatives?: tf.Tensor2D | undefined;
  /** [negatives] 1 for those that are there, 0 for padding; absent: all are there. */
  readonly negativesMask?: tf.Tensor1D | undefined;
}

/** Scalars by name, unweighted, and their weighted sum. */
export interface LossSum {
  readonly total: tf.Scalar;
  readonly terms: Readonly<Record<string, tf.Scalar>>;
}

/**
 * Makes the first numbers of a vector a vector by themselves: any loss over the vectors cut to each dimension and normalised again, `mean_d loss(cut(student, d), cut(teacher, d))`.
 * Source: Kusupati et al. 2022 (matryoshka representation learning).
 *
 * @param dimensions each smaller than the vectors'
 * @param loss of vectors of any width
 * @returns the mean over the dimensions; terms are named `name@dimension`
 * @example matryoshka({ student, teacher }, [64, 128], ({ student, teacher }) => ({ total: similarityMatrix(student, teacher), terms: {} }))
 */
export function matryoshka(
  vectors: LossVectors,
  dimensions: readonly number[],
  loss: (vectors: LossVectors) => LossSum,
): LossSum {
  const terms: Record<string, tf.Scalar> = {};
  let sum: tf.Scalar = tf.scalar(0);
  for (const dimension of dimensions) {
    const { student, teacher, negatives, negativesMask } = vectors;
    const cut = loss({
      student: cutVectors(student, dimension),
      teacher: cutVectors(teacher, dimension),
      negatives: negatives && cutVectors(negatives, dimension),
      negativesMask,
    });
    for (const [name, term] of Object.entries(cut.terms)) terms[`${name}@${dimension}`] = term;
    sum = tf.add(sum, cut.total);
  }
  return { total: tf.div(sum, Math.max(1, dimensions.length)), terms };
}

/** Keeps the square root away from zero; far below float32's rounding of a unit vector. */
const UNIT_EPSILON = 1e-12;

/** [rows, width] -> [rows, dimension], L2-normalised */
function cutVectors(vectors: tf.Tensor2D, dimension: number): tf.Tensor2D {
  return tf.tidy(() => {
    const cut = tf.slice2d(vectors, [0, 0], [vectors.shape[0], dimension]);
    return tf.div(cut, tf.sqrt(tf.add(tf.sum(tf.square(cut), 1, true), UNIT_EPSILON))) as tf.Tensor2D;
  });
}
