import { tf } from '../tf.ts';
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

const WEIGHT_NAMES = ['attentionNorm', 'projections', 'output', 'feedForwardNorm', 'gateUp', 'down'] as const;
type BlockWeights<Weight> = Record<(typeof WEIGHT_NAMES)[number], Weight>;

/**
 * BLT's block: RMSNorm -> attention -> residual -> RMSNorm -> SwiGLU `down(silu(gate x) * up x)` -> residual; no biases. Matrices that multiply the same rows are one weight, side
 * by side: one product instead of several.
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
      projections: this.matrix('attention/query.key.value', dimension, 3 * dimension),
      output: this.matrix('attention/output', dimension, dimension),
      feedForwardNorm: this.gain('feed-forward/norm', dimension),
      gateUp: this.matrix('feed-forward/gate.up', dimension, 2 * feedForward),
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
    // Rows from here on: a change of shape costs the native backend as much as a small operation.
    const rows = x.reshape([-1, x.shape.at(-1)!]);
    const before = normedProducts(rows, undefined, weights.attentionNorm, epsilon, [weights.projections]);
    const attended = rotaryAttention(before.products[0] as tf.Tensor2D, mask as tf.Tensor2D, this.options);
    const after = normedProducts(before.sum, linear(attended, weights.output), weights.feedForwardNorm, epsilon, [
      weights.gateUp,
    ]);
    return tf.add(after.sum, linear(swiGlu(after.products[0]!), weights.down)).reshape(x.shape);
  }
}
