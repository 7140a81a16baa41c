import { tf } from '../tf.ts';
import { CemLayer, inputsOf, shapesOf } from './layer.ts';
import { linear, maskBias } from './operations.ts';

/** One vector from the patches of a chunk. Inputs: x [batch, positions, dimension], mask [batch, positions]. Output: [batch, dimension], zeros where nothing is unmasked. */
abstract class MaskedPooling<Options extends object> extends CemLayer<Options> {
  override computeOutputShape(shape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, , dimension] = shapesOf(shape)[0] as [number | null, number | null, number];
    return [batch, dimension];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const [x, mask] = inputsOf(inputs) as [tf.Tensor3D, tf.Tensor2D];
      return this.pool(x, mask);
    });
  }

  protected abstract pool(x: tf.Tensor3D, mask: tf.Tensor2D): tf.Tensor;
}

/** Mean over unmasked positions. */
export class MaskedMean extends MaskedPooling<Record<never, never>> {
  static readonly className = 'CemMaskedMean';

  protected override pool(x: tf.Tensor3D, mask: tf.Tensor2D): tf.Tensor {
    const total = tf.maximum(tf.sum(mask, 1, true), 1); // [batch, 1]
    return tf.div(tf.sum(tf.mul(x, tf.expandDims(mask, 2)), 1), total);
  }
}

/** The last unmasked position. */
export class MaskedLast extends MaskedPooling<Record<never, never>> {
  static readonly className = 'CemMaskedLast';

  protected override pool(x: tf.Tensor3D, mask: tf.Tensor2D): tf.Tensor {
    const numbers = tf.mul(mask, tf.range(1, mask.shape[1] + 1)); // [batch, positions], 0 where masked
    const isLast = tf.cast(tf.equal(numbers, tf.max(numbers, 1, true)), 'float32');
    return tf.sum(tf.mul(x, tf.expandDims(tf.mul(isLast, mask), 2)), 1);
  }
}

export interface MaskedAttentionOptions {
  readonly heads: number;
}

/**
 * Attention of one learned query a head: `softmax over unmasked i of (x_i . query / sqrt(dimension))` weighs the head's own channels of x. Positions are not looked at.
 */
export class MaskedAttention extends MaskedPooling<MaskedAttentionOptions> {
  static readonly className = 'CemMaskedAttention';
  #query: tf.LayerVariable | undefined;

  override build(shape: tf.Shape | tf.Shape[]): void {
    this.#query = this.matrix('query', shapesOf(shape)[0]!.at(-1)!, this.options.heads);
    this.built = true;
  }

  protected override pool(x: tf.Tensor3D, mask: tf.Tensor2D): tf.Tensor {
    const [batch, positions, dimension] = x.shape;
    const { heads } = this.options;
    const scores = tf.mul(linear(x, this.#query!.read()), dimension ** -0.5); // [batch, positions, heads]
    const masked = tf.add(tf.transpose(scores, [0, 2, 1]), maskBias(mask).reshape([batch, 1, positions]));
    const weights = tf.softmax(masked).reshape([batch, heads, 1, positions]);
    const channels = tf.transpose(x.reshape([batch, positions, heads, dimension / heads]), [0, 2, 1, 3]);
    const pooled = tf.matMul(weights, channels).reshape([batch, dimension]);
    return tf.mul(pooled, tf.max(mask, 1, true));
  }
}
