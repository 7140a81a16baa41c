import { tf } from '../backend/tf.ts';
import { CemLayer, inputsOf, shapesOf } from './layer.ts';
import { linear, maskBias, rmsNormalize } from './operations.ts';

export interface PatchPoolingOptions {
  /** Width of a symbol's state. */
  readonly dimension: number;
  readonly heads: number;
  /** Symbols a patch. */
  readonly patchSize: number;
  /** Queries a patch (BLT's k): a patch comes out `queries * dimension` wide. */
  readonly queries: number;
  readonly epsilon: number;
}

/**
 * BLT's cross-attention pooling over patches of a fixed number of symbols: the elementwise maximum of a patch's states, widened to `queries` vectors, asks its own
 * patch's symbols; RMSNorm on both sides, no rotary positions; `2 * query + attention` (the layer adds its residual, then the caller does again).
 * A patch without a real symbol comes out as zeros.
 *
 * Inputs: states [batch, symbols, dimension], mask [batch, symbols]; symbols is a multiple of the patch size.
 * Output: [batch, patches, queries * dimension].
 */
export class PatchPooling extends CemLayer<PatchPoolingOptions> {
  static readonly className = 'CemPatchPooling';
  #weights: Record<'widen' | 'queryNorm' | 'symbolNorm' | 'query' | 'key' | 'value' | 'output', tf.LayerVariable> | undefined;

  override build(): void {
    const { dimension, queries } = this.options;
    this.#weights = {
      widen: this.matrix('widen', dimension, queries * dimension),
      queryNorm: this.gain('query-norm', dimension),
      symbolNorm: this.gain('symbol-norm', dimension),
      query: this.matrix('query', dimension, dimension),
      key: this.matrix('key', dimension, dimension),
      value: this.matrix('value', dimension, dimension),
      output: this.matrix('output', dimension, dimension),
    };
    this.built = true;
  }

  override computeOutputShape(shape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, symbols] = shapesOf(shape)[0] as [number | null, number | null];
    const { patchSize, queries, dimension } = this.options;
    return [batch, symbols === null ? null : symbols / patchSize, queries * dimension];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const [states, mask] = inputsOf(inputs) as [tf.Tensor, tf.Tensor];
      const weights = this.#weights!;
      const { dimension, heads, patchSize, queries, epsilon } = this.options;
      const [batch, symbols] = states.shape as [number, number, number];
      const patches = (batch * symbols) / patchSize;
      // [patches, patchSize, 1]
      const patchMask = mask.reshape([patches, patchSize, 1]);
      const occupied = tf.max(patchMask, 1); // [patches, 1]
      const masked = tf.add(states.reshape([patches, patchSize, dimension]), maskBias(patchMask));
      const largest = tf.mul(tf.max(masked, 1), occupied); // [patches, dimension]
      const asked = linear(largest, weights.widen.read()).reshape([patches, queries, dimension]);
      const query = linear(rmsNormalize(asked, weights.queryNorm.read(), epsilon), weights.query.read());
      const normed = rmsNormalize(states, weights.symbolNorm.read(), epsilon);
      const key = linear(normed, weights.key.read());
      const value = linear(normed, weights.value.read());
      // A patch is a handful of symbols: products of such small matrices cost more to start than to compute, so scores are taken elementwise and summed over each head's
      // width by one product with a constant matrix of ones.
      const width = dimension / heads;
      const headOfChannel = tf.tensor2d(headColumns(dimension, heads), [dimension, heads]);
      // [patches, queries, patchSize, dimension]
      const products = tf.mul(query.reshape([patches, queries, 1, dimension]), key.reshape([patches, 1, patchSize, dimension]));
      // [patches, queries, patchSize, heads]
      const scores = tf.add(
        tf.mul(linear(products, headOfChannel), width ** -0.5),
        maskBias(patchMask).reshape([patches, 1, patchSize, 1]),
      );
      const attention = tf.transpose(tf.softmax(tf.transpose(scores, [0, 1, 3, 2])), [0, 1, 3, 2]);
      const spread = linear(attention, tf.transpose(headOfChannel)); // [patches, queries, patchSize, dimension]
      const attended = tf.sum(tf.mul(spread, value.reshape([patches, 1, patchSize, dimension])), 2); // [patches, queries, dimension]
      const pooled = tf.add(tf.mul(asked, 2), linear(attended, weights.output.read()));
      return tf
        .mul(pooled.reshape([patches, queries * dimension]), occupied)
        .reshape([batch, symbols / patchSize, queries * dimension]);
    });
  }
}

/** [dimension, heads] 1 where a channel belongs to a head. */
function headColumns(dimension: number, heads: number): Float32Array {
  const width = dimension / heads;
  const values = new Float32Array(dimension * heads);
  for (let channel = 0; channel < dimension; channel++) values[channel * heads + Math.floor(channel / width)] = 1;
  return values;
}
