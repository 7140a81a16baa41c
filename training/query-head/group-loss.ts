import { tf } from '../../model/index.ts';

/** Far below any cosine. */
const MASKED = 1e9;

/** Groups side by side, padded to one size. */
export interface PaddedGroups {
  readonly groups: number;
  /** Vectors of a group with its padding. */
  readonly width: number;
  /** [groups * width, dimension], at length 1. */
  readonly vectors: tf.Tensor2D;
  /** [groups * width] what each vector counts; 0 for padding. */
  readonly weights: tf.Tensor1D;
  /** [groups * width] 1, or 0 for padding. */
  readonly mask: tf.Tensor1D;
}

/** What groups score by: all best matches, or the best of these. */
export type GroupScoreKind = 'sum' | 'top_mean';

/**
 * [queries, keys] scores of groups against groups, of each kind. `best_t` being the largest cosine of query vector t with a vector of the key, times what that counts:
 * `sum`: the mean of best_t, weighted; `top_mean`: the mean of the largest `topPerQuery` of them. To be called inside of a tidy.
 */
export function groupScores(
  queries: PaddedGroups,
  keys: PaddedGroups,
  kinds: readonly GroupScoreKind[],
  topPerQuery: number,
): tf.Tensor2D[] {
  const cosines = tf.matMul(queries.vectors, keys.vectors, false, true); // [queries * width, keys * width]
  const counted = tf.sub(tf.mul(cosines, keys.weights), tf.mul(tf.sub(1, keys.mask), MASKED));
  const best = tf.max(counted.reshape([-1, keys.groups, keys.width]), 2).reshape([queries.groups, queries.width, keys.groups]);
  return kinds.map((kind) => (kind === 'sum' ? weightedMean(best, queries) : meanOfLargest(best, queries, topPerQuery)));
}

/** @param best [queries, width, keys] */
function weightedMean(best: tf.Tensor, queries: PaddedGroups): tf.Tensor2D {
  const weights = tf.mul(queries.weights, queries.mask).reshape([queries.groups, queries.width, 1]);
  return tf.div(tf.sum(tf.mul(best, weights), 1), tf.maximum(tf.sum(weights, 1), 1e-6)) as tf.Tensor2D;
}

/** @param best [queries, width, keys] */
function meanOfLargest(best: tf.Tensor, queries: PaddedGroups, count: number): tf.Tensor2D {
  const shown = tf.sub(best, tf.mul(tf.sub(1, queries.mask), MASKED).reshape([queries.groups, queries.width, 1]));
  const byKey = tf.transpose(shown, [0, 2, 1]); // [queries, keys, width]
  const chosen = largest(byKey, Math.min(count, queries.width));
  return tf.div(tf.sum(tf.mul(byKey, chosen), 2), tf.maximum(tf.sum(chosen, 2), 1)) as tf.Tensor2D;
}

/** 1 for the k largest numbers along the last axis that are no padding, 0 for others. Which ones these are is no matter of gradients. */
function largest(values: tf.Tensor, k: number): tf.Tensor {
  const operation = tf.customGrad((input) => {
    const given = input as tf.Tensor;
    const { values: top } = tf.topk(given, k);
    const threshold = tf.slice(top, [0, 0, k - 1], [-1, -1, 1]);
    const shown = tf.logicalAnd(tf.greaterEqual(given, threshold), tf.greater(given, -MASKED / 2));
    return { value: tf.cast(shown, 'float32'), gradFunc: () => tf.zerosLike(given) };
  });
  return operation(values);
}

/**
 * Contrast in the batch: the mean over queries of `log sum exp(scores) - score of the own key`, the first keys being those of the queries in their order. With a teacher the share
 * `distillation` of the loss is the divergence of the softmax over a query's own key and hard negatives from that of the teacher's scores, `sum t (log t - log s)`.
 *
 * @param scores [queries, keys], scaled
 * @param excluded [queries, keys] 1 for those that do not count
 * @param teacher [queries, 1 + negatives] scores of the own key and of the own hard negatives
 */
export function groupLoss(
  scores: tf.Tensor2D,
  excluded: tf.Tensor2D,
  distillation: number,
  teacher?: tf.Tensor2D | undefined,
): tf.Scalar {
  return tf.tidy(() => {
    const [queries, keys] = scores.shape;
    const own = tf.cast(tf.oneHot(tf.range(0, queries, 1, 'int32'), keys), 'float32'); // [queries, keys]
    const positives = tf.sum(tf.mul(scores, own), 1);
    const contrast = tf.mean(tf.sub(tf.logSumExp(tf.sub(scores, tf.mul(excluded, MASKED)), 1), positives)) as tf.Scalar;
    if (teacher === undefined || distillation === 0) return contrast;
    const negatives = teacher.shape[1] - 1;
    const places = Int32Array.from({ length: queries * (1 + negatives) }, (_, index) => {
      const row = Math.floor(index / (1 + negatives));
      const place = index % (1 + negatives);
      return row * keys + (place === 0 ? row : queries + row * negatives + place - 1);
    });
    const student = tf.gather(scores.flatten(), tf.tensor1d(places, 'int32')).reshape(teacher.shape);
    const wanted = tf.softmax(teacher);
    const divergence = tf.mean(tf.sum(tf.mul(wanted, tf.sub(tf.logSoftmax(teacher), tf.logSoftmax(student))), 1));
    return tf.add(tf.mul(contrast, 1 - distillation), tf.mul(divergence, distillation)) as tf.Scalar;
  });
}
