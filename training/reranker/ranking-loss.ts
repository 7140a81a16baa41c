import { tf } from '../../model/index.ts';
import type { RerankerTrainingConfig } from './config.ts';

/**
 * Loss of groups of pairs, in nats.
 *
 * `listwise`: the mean over groups of `log sum exp(logits) - logits[0]`, the cross-entropy of the softmax within a group. `binary`: the mean over pairs of the cross-entropy of
 * sigmoid(logit) with 1 for the first of a group and 0 for the others, computed as `max(x, 0) - x y + log(1 + exp(-|x|))`.
 *
 * @param logits [groups, texts of a group], the relevant text first
 */
export function rankingLoss(logits: tf.Tensor2D, kind: RerankerTrainingConfig['loss']): tf.Scalar {
  return tf.tidy(() => {
    const [groups, texts] = logits.shape;
    const first = tf.cast(tf.oneHot(tf.zeros([groups], 'int32'), texts), 'float32'); // [groups, texts]
    if (kind === 'listwise') return tf.div(tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), first))), groups) as tf.Scalar;
    const positive = tf.sub(tf.relu(logits), tf.mul(logits, first));
    return tf.mean(tf.add(positive, tf.log1p(tf.exp(tf.neg(tf.abs(logits)))))) as tf.Scalar;
  });
}
