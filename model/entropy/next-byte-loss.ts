import { tf } from '../tf.ts';
import { BYTE_IDS } from './byte-ids.ts';

/**
 * Mean cross-entropy of the next id in nats, `mean(log sum exp(logits) - logits[target])`, with its gradient in closed form, `(softmax(logits) - one-hot) / rows`.
 *
 * @param logits [..., 260]
 * @param targets [...] int32 ids, as many as there are rows of logits
 */
export function nextByteLoss(logits: tf.Tensor, targets: tf.Tensor): tf.Scalar {
  return tf.tidy(() => {
    const flat = logits.reshape([-1, BYTE_IDS]); // [rows, ids]
    const wanted = tf.cast(tf.oneHot(tf.cast(targets, 'int32').flatten(), BYTE_IDS), 'float32'); // [rows, ids]
    const rows = flat.shape[0]!;
    const operation = tf.customGrad((input, save) => {
      const logProbabilities = tf.logSoftmax(input as tf.Tensor);
      (save as tf.GradSaveFunc)([logProbabilities, wanted]);
      return {
        value: tf.neg(tf.div(tf.sum(tf.mul(logProbabilities, wanted)), rows)),
        gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
          const [reached, asked] = saved as [tf.Tensor, tf.Tensor];
          return tf.mul(tf.sub(tf.exp(reached), asked), tf.div(dy, rows));
        },
      };
    });
    return operation(flat) as tf.Scalar;
  });
}

/** [..., 260] logits -> [...] entropy of the distribution that they stand for, in nats. */
export function entropyOfLogits(logits: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const logProbabilities = tf.logSoftmax(logits);
    return tf.neg(tf.sum(tf.mul(tf.exp(logProbabilities), logProbabilities), -1));
  });
}

/** [..., 260] logits and [...] ids -> [...] minus the logarithm of each id's probability, in nats. */
export function surprisalOfTargets(logits: tf.Tensor, targets: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const wanted = tf.cast(tf.oneHot(tf.cast(targets, 'int32'), BYTE_IDS), 'float32'); // [..., ids]
    return tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), wanted), -1));
  });
}
