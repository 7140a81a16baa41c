import { tf } from '../backend/tf.ts';
import { rotaryAttention } from './attention.ts';
import { CemLayer, inputsOf, shapesOf } from './layer.ts';
import { linear, normedProducts, swiGlu } from './operations.ts';
import { recomputed } from './recompute.ts';

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

const WEIGHT_NAMES = ['attentionNorm', 'query', 'key', 'value', 'output', 'feedForwardNorm', 'gate', 'up', 'down'] as const;
type BlockWeights<Weight> = Record<(typeof WEIGHT_NAMES)[number], Weight>;

/**
 * BLT's block: RMSNorm -> attention -> residual -> RMSNorm -> SwiGLU `down(silu(gate x) * up x)` -> residual; no biases.
 *
 * Inputs: x [batch, positions, dimension], mask [batch, positions]. Output: [batch, positions, dimension].
 */
export class TransformerBlock extends CemLayer<TransformerBlockOptions> {
  static readonly className = 'CemTransformerBlock';
  /** Keep no intermediate results for the gradient and compute them again then. It changes memory and time, not results, so it is no part of the configuration. */
  recompute = false;
  #weights: BlockWeights<tf.LayerVariable> | undefined;

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
      const weights = WEIGHT_NAMES.map((name) => this.#weights![name].read());
      const forward = ([state, ...read]: readonly tf.Tensor[], [shown]: readonly tf.Tensor[]) => {
        const named = Object.fromEntries(WEIGHT_NAMES.map((name, index) => [name, read[index]!])) as BlockWeights<tf.Tensor>;
        return this.#forward(state!, shown!, named);
      };
      return this.recompute ? recomputed(forward, [x, ...weights], [mask]) : forward([x, ...weights], [mask]);
    });
  }

  #forward(x: tf.Tensor, mask: tf.Tensor, weights: BlockWeights<tf.Tensor>): tf.Tensor {
    const { epsilon } = this.options;
    const shape = x.shape;
    const { attentionNorm, feedForwardNorm } = weights;
    const before = normedProducts(x, undefined, attentionNorm, epsilon, [weights.query, weights.key, weights.value]);
    const [query, key, value] = before.products.map((product) => product.reshape(shape)) as [
      tf.Tensor3D,
      tf.Tensor3D,
      tf.Tensor3D,
    ];
    const attended = rotaryAttention(query, key, value, mask as tf.Tensor2D, this.options);
    const after = normedProducts(before.sum, linear(attended, weights.output), feedForwardNorm, epsilon, [
      weights.gate,
      weights.up,
    ]);
    const [gate, up] = after.products as [tf.Tensor2D, tf.Tensor2D];
    return tf.add(after.sum, linear(swiGlu(gate, up), weights.down).reshape(shape));
  }
}
