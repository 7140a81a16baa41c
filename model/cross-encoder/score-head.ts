import { CemLayer, inputsOf, shapesOf } from '../layers/layer.ts';
import { MASKED_SCORE } from '../layers/operations.ts';
import { tf } from '../tf.ts';
import { affine } from './bert-operations.ts';
import type { CrossEncoderModelConfig } from './config.ts';

/** What each similarity is multiplied by at first: cosines lie close together, and logits should not. */
const FIRST_SCALE = 10;
/** Below any length of a state. */
const UNIT_EPSILON = 1e-12;

export interface ScoreHeadOptions {
  readonly dimension: number;
  readonly pooling: CrossEncoderModelConfig['pooling'];
}

/**
 * One logit of a pair. `first` and `mean`: BERT's pooler and classifier, `tanh(pooled W + b) w + c`. `similarity`: `s (cosine of both texts' mean states) + t (mean over the first text's tokens of the
 * largest cosine with a token of the second) + c`, the second term being late interaction (Khattab and Zaharia 2020, ColBERT).
 *
 * Inputs: x [batch, positions, dimension], mask [batch, positions], types [batch, positions]. Output: [batch, 1].
 */
export class ScoreHead extends CemLayer<ScoreHeadOptions> {
  static readonly className = 'CemScoreHead';
  #read: ((x: tf.Tensor3D, mask: tf.Tensor, types: tf.Tensor) => tf.Tensor) | undefined;

  override build(): void {
    this.#read = this.options.pooling === 'similarity' ? this.#similarity() : this.#classifier(this.options.pooling);
    this.built = true;
  }

  override computeOutputShape(shape: tf.Shape | tf.Shape[]): tf.Shape {
    return [shapesOf(shape)[0]![0]!, 1];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const [x, mask, types] = inputsOf(inputs) as [tf.Tensor3D, tf.Tensor, tf.Tensor];
      return this.#read!(x, mask, types);
    });
  }

  #classifier(pooling: 'first' | 'mean'): (x: tf.Tensor3D, mask: tf.Tensor) => tf.Tensor {
    const { dimension } = this.options;
    const bias = (name: string, size: number) => this.addWeight(name, [size], 'float32', tf.initializers.zeros());
    const pooler = this.matrix('pooler', dimension, dimension);
    const poolerBias = bias('pooler-bias', dimension);
    const classifier = this.matrix('classifier', dimension, 1);
    const classifierBias = bias('classifier-bias', 1);
    return (x, mask) => {
      const pooled = pooling === 'first' ? firstState(x) : meanState(x, mask); // [batch, dimension]
      const hidden = tf.tanh(affine(pooled, pooler.read(), poolerBias.read()));
      return affine(hidden, classifier.read(), classifierBias.read());
    };
  }

  #similarity(): (x: tf.Tensor3D, mask: tf.Tensor, types: tf.Tensor) => tf.Tensor {
    const scales = this.addWeight('scales', [2], 'float32', tf.initializers.constant({ value: FIRST_SCALE }));
    const shift = this.addWeight('shift', [1], 'float32', tf.initializers.zeros());
    return (x, mask, types) => {
      const second = tf.mul(mask, tf.cast(types, 'float32')); // [batch, positions]
      const first = tf.sub(mask, second);
      const means = tf.sum(tf.mul(unit(meanState(x, first)), unit(meanState(x, second))), 1, true); // [batch, 1]
      const values = tf.concat([means, bestMatches(x, first, second)], 1); // [batch, 2]
      return tf.add(tf.sum(tf.mul(values, scales.read()), 1, true), shift.read());
    };
  }
}

/** [batch, 1]: the largest cosine of each token of the first text with one of the second, in the mean. */
function bestMatches(x: tf.Tensor3D, first: tf.Tensor, second: tf.Tensor): tf.Tensor {
  const states = unit(x) as tf.Tensor3D;
  const cosines = tf.matMul(states, states, false, true); // [batch, positions, positions]
  const shown = tf.add(cosines, tf.expandDims(tf.mul(tf.sub(second, 1), MASKED_SCORE), 1));
  const best = tf.max(shown, 2); // [batch, positions]
  const counted = tf.mul(best, first);
  return tf.div(tf.sum(counted, 1, true), tf.maximum(tf.sum(first, 1, true), 1));
}

/** At length 1 over the last axis. */
function unit(x: tf.Tensor): tf.Tensor {
  return tf.mul(x, tf.rsqrt(tf.add(tf.sum(tf.square(x), -1, true), UNIT_EPSILON)));
}

function firstState(x: tf.Tensor3D): tf.Tensor {
  const [batch, , dimension] = x.shape;
  return tf.slice3d(x, [0, 0, 0], [batch, 1, dimension]).reshape([batch, dimension]);
}

/** @param weights [batch, positions] 1 for the states that count, 0 for others */
function meanState(x: tf.Tensor3D, weights: tf.Tensor): tf.Tensor {
  const total = tf.sum(tf.mul(x, tf.expandDims(weights, 2)), 1);
  return tf.div(total, tf.maximum(tf.sum(weights, 1, true), 1));
}
