import { tf } from '../backend/tf.ts';
import { fullAttention, windowedAttention } from './attention.ts';
import { CemLayer, inputsOf, shapesOf } from './layer.ts';
import { joinHeads, linear, rmsNormalize, silu, splitHeads } from './operations.ts';
import { applyRotary } from './rotary.ts';

export interface TransformerBlockOptions {
  readonly dimension: number;
  readonly heads: number;
  readonly feedForward: number;
  readonly ropeTheta: number;
  /** A position sees positions nearer than this; absent: all of them. */
  readonly window?: number;
  readonly causal: boolean;
  readonly epsilon: number;
}

/**
 * BLT's block: RMSNorm -> attention -> residual -> RMSNorm -> SwiGLU `down(silu(gate x) * up x)` -> residual; no biases.
 *
 * Inputs: x [batch, positions, dimension], mask [batch, positions]. Output: [batch, positions, dimension].
 */
export class TransformerBlock extends CemLayer<TransformerBlockOptions> {
  static readonly className = 'CemTransformerBlock';
  #weights:
    | Record<
        'attentionNorm' | 'query' | 'key' | 'value' | 'output' | 'feedForwardNorm' | 'gate' | 'up' | 'down',
        tf.LayerVariable
      >
    | undefined;

  override build(): void {
    const { dimension, feedForward } = this.options;
    this.#weights = {
      attentionNorm: this.gain('attention/norm', dimension),
      query: this.matrix('attention/query', dimension, dimension),
      key: this.matrix('attention/key', dimension, dimension),
      value: this.matrix('attention/value', dimension, dimension),
      output: this.matrix('attention/output', dimension, dimension),
      feedForwardNorm: this.gain('feed-forward/norm', dimension),
      gate: this.matrix('feed-forward/gate', dimension, feedForward),
      up: this.matrix('feed-forward/up', dimension, feedForward),
      down: this.matrix('feed-forward/down', feedForward, dimension),
    };
    this.built = true;
  }

  override computeOutputShape(shape: tf.Shape | tf.Shape[]): tf.Shape {
    return shapesOf(shape)[0]!;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const [x, mask] = inputsOf(inputs) as [tf.Tensor, tf.Tensor];
      const weights = this.#weights!;
      const { heads, ropeTheta, window, causal, epsilon } = this.options;
      const normed = rmsNormalize(x, weights.attentionNorm.read(), epsilon);
      const query = applyRotary(splitHeads(linear(normed, weights.query.read()), heads), ropeTheta);
      const key = applyRotary(splitHeads(linear(normed, weights.key.read()), heads), ropeTheta);
      const value = splitHeads(linear(normed, weights.value.read()), heads);
      const attended =
        window === undefined
          ? fullAttention(query, key, value, mask, causal)
          : windowedAttention(query, key, value, mask, window, causal);
      const afterAttention = tf.add(x, linear(joinHeads(attended), weights.output.read()));
      const hidden = rmsNormalize(afterAttention, weights.feedForwardNorm.read(), epsilon);
      const gated = tf.mul(silu(linear(hidden, weights.gate.read())), linear(hidden, weights.up.read()));
      return tf.add(afterAttention, linear(gated, weights.down.read()));
    });
  }
}
