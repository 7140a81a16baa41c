import { tf } from '../../model/index.ts';

/** Texts whose pairs are compared with each other: 64 texts have 2,016 pairs and 4 million comparisons. Larger batches are cut into groups of this many. */
const LARGEST_GROUP = 64;

export interface PairwiseOrderOptions {
  /** How much more similar the pair must be that the teacher finds more similar (Jasper and Stella: 0.015). */
  readonly margin: number;
}

/**
 * Asks for the teacher's order of pairs: for two pairs of texts p and q of which the teacher finds p the more similar, `max(0, sim_s(q) - sim_s(p) + margin)`, averaged over all such
 * comparisons. Pairs that are equal to the teacher are not compared. A batch of more than 64 texts is cut into groups, in whose comparisons the average is taken.
 * Source: Zhang et al. 2024 (Jasper and Stella), "relative similarity distillation".
 *
 * @param student [batch, dimension], L2-normalised
 * @param teacher [batch, any dimension], L2-normalised
 * @returns a scalar; 0 for batches of two or fewer, which have no two pairs
 * @example pairwiseOrder(teacher, teacher, { margin: 0 }) // 0: every order is the teacher's
 */
export function pairwiseOrder(student: tf.Tensor2D, teacher: tf.Tensor2D, { margin }: PairwiseOrderOptions): tf.Scalar {
  return tf.tidy(() => {
    let violations: tf.Scalar = tf.scalar(0);
    let comparisons: tf.Scalar = tf.scalar(0);
    const [batch] = student.shape;
    for (let from = 0; from < batch; from += LARGEST_GROUP) {
      const size = Math.min(LARGEST_GROUP, batch - from);
      const wanted = pairSimilarities(teacher, from, size);
      const given = pairSimilarities(student, from, size);
      const pairs = wanted.size;
      if (pairs < 2) continue;
      // [pairs, pairs]: row p, column q
      const ordered = tf.cast(tf.greater(wanted.reshape([pairs, 1]), wanted.reshape([1, pairs])), 'float32');
      const excess = tf.relu(tf.add(tf.sub(given.reshape([1, pairs]), given.reshape([pairs, 1])), margin));
      violations = tf.add(violations, tf.sum(tf.mul(excess, ordered)));
      comparisons = tf.add(comparisons, tf.sum(ordered));
    }
    return tf.div(violations, tf.maximum(comparisons, 1)) as tf.Scalar;
  });
}

/** [pairs] similarities of all pairs i < j among `size` vectors from a row on. */
function pairSimilarities(vectors: tf.Tensor2D, from: number, size: number): tf.Tensor1D {
  const group = tf.slice2d(vectors, [from, 0], [size, vectors.shape[1]]);
  const places: number[] = [];
  for (let i = 0; i < size; i++) for (let j = i + 1; j < size; j++) places.push(i * size + j);
  const all = tf.matMul(group, group, false, true).flatten(); // [size * size]
  return tf.gather(all, tf.tensor1d(places, 'int32')) as tf.Tensor1D;
}
