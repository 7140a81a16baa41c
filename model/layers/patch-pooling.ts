import { tf } from '../backend/tf.ts';
import { CemLayer, inputsOf, shapesOf } from './layer.ts';
import { linear, maskBias, rmsNormalize } from './operations.ts';
import { patchSegments, segmentMaximum, segmentSoftmax, segmentSum, spreadToRows } from './segments.ts';

export interface PatchPoolingOptions {
  /** Width of a symbol's state. */
  readonly dimension: number;
  readonly heads: number;
  /** Symbols a patch. Absent: patches have any lengths, and which symbol belongs to which is an input. */
  readonly patchSize?: number;
  /** No patch of any length has more symbols; absent: as many as there are. */
  readonly longestPatch?: number;
  /** Queries a patch (BLT's k): a patch comes out `queries * dimension` wide. */
  readonly queries: number;
  readonly epsilon: number;
}

/**
 * BLT's cross-attention pooling: the elementwise maximum of a patch's states, widened to `queries` vectors, asks its own patch's symbols; RMSNorm on both sides,
 * no rotary positions; `2 * query + attention` (the layer adds its residual, then the caller does again). A patch without a real symbol comes out as zeros.
 *
 * Inputs: states [batch, symbols, dimension], then
 * - patches of one size: mask [batch, symbols]; symbols is a multiple of the patch size;
 * - patches of any lengths: patch ids [batch, symbols] int32, ascending from 0 in each row and -1 for padding, and patch mask [batch, patches].
 *
 * Output: [batch, patches, queries * dimension]. Memory grows with the symbols, however they are cut.
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
    const [states, , patchMask] = shapesOf(shape);
    const [batch, symbols] = states as [number | null, number | null];
    const { patchSize, queries, dimension } = this.options;
    const patches = patchSize === undefined ? patchMask![1]! : symbols === null ? null : symbols / patchSize;
    return [batch, patches, queries * dimension];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const { patchSize } = this.options;
      const [states, second, patchMask] = inputsOf(inputs) as [tf.Tensor3D, tf.Tensor2D, tf.Tensor2D];
      return patchSize === undefined ? this.#poolRuns(states, second, patchMask) : this.#poolBlocks(states, second, patchSize);
    });
  }

  /** Patches of one size are blocks of the states: no gathering. */
  #poolBlocks(states: tf.Tensor3D, mask: tf.Tensor2D, patchSize: number): tf.Tensor {
    const { dimension, heads, queries } = this.options;
    const [batch, symbols] = states.shape;
    const patches = (batch * symbols) / patchSize;
    // [patches, patchSize, 1]
    const patchMask = mask.reshape([patches, patchSize, 1]);
    const occupied = tf.max(patchMask, 1); // [patches, 1]
    const masked = tf.add(states.reshape([patches, patchSize, dimension]), maskBias(patchMask));
    const largest = tf.mul(tf.max(masked, 1), occupied); // [patches, dimension]
    const { asked, query, key, value } = this.#project(largest, states);
    // A patch is a handful of symbols: products of such small matrices cost more to start than to compute, so scores are taken elementwise and summed over each head's
    // width by one product with a constant matrix of ones.
    const headOfChannel = headColumns(dimension, heads);
    // [patches, queries, patchSize, dimension]
    const products = tf.mul(query.reshape([patches, queries, 1, dimension]), key.reshape([patches, 1, patchSize, dimension]));
    // [patches, queries, patchSize, heads]
    const scores = tf.add(
      tf.mul(linear(products, headOfChannel), (dimension / heads) ** -0.5),
      maskBias(patchMask).reshape([patches, 1, patchSize, 1]),
    );
    const attention = tf.transpose(tf.softmax(tf.transpose(scores, [0, 1, 3, 2])), [0, 1, 3, 2]);
    const spread = linear(attention, tf.transpose(headOfChannel)); // [patches, queries, patchSize, dimension]
    const attended = tf.sum(tf.mul(spread, value.reshape([patches, 1, patchSize, dimension])), 2); // [patches, queries, dimension]
    const pooled = this.#joinQueries(asked, attended, occupied);
    return pooled.reshape([batch, symbols / patchSize, queries * dimension]);
  }

  /** The same where every patch is a run of symbols of its own length. */
  #poolRuns(states: tf.Tensor3D, patchIds: tf.Tensor2D, patchMask: tf.Tensor2D): tf.Tensor {
    const { dimension, heads, queries, longestPatch } = this.options;
    const [batch, symbols] = states.shape;
    const rows = batch * symbols;
    const patches = patchMask.size;
    const segments = patchSegments(patchIds, patchMask.shape[1], longestPatch ?? symbols);
    const occupied = patchMask.reshape([patches, 1]);
    const maxima = segmentMaximum(states.reshape([rows, dimension]), segments);
    const largest = tf.mul(tf.slice(maxima, [0, 0], [patches, dimension]), occupied); // [patches, dimension]
    const { asked, query, key, value } = this.#project(largest, states);
    const headOfChannel = headColumns(dimension, heads);
    // The last segment, where padding is, asks nothing.
    const queryRows = tf.concat([query.reshape([patches, queries * dimension]), tf.zeros([1, queries * dimension])], 0);
    // [rows, queries, dimension]
    const products = tf.mul(
      spreadToRows(queryRows as tf.Tensor2D, segments).reshape([rows, queries, dimension]),
      key.reshape([rows, 1, dimension]),
    );
    const scores = tf.mul(linear(products, headOfChannel), (dimension / heads) ** -0.5).reshape([rows, queries * heads]);
    const attention = segmentSoftmax(scores as tf.Tensor2D, segments).reshape([rows, queries, heads]);
    const spread = linear(attention, tf.transpose(headOfChannel)); // [rows, queries, dimension]
    const weighted = tf.mul(spread, value.reshape([rows, 1, dimension])).reshape([rows, queries * dimension]);
    const attended = tf
      .slice(segmentSum(weighted as tf.Tensor2D, segments), [0, 0], [patches, queries * dimension])
      .reshape([patches, queries, dimension]);
    const pooled = this.#joinQueries(asked, attended, occupied);
    return pooled.reshape([batch, patchMask.shape[1], queries * dimension]);
  }

  /**
   * @param largest [patches, dimension]
   * @returns `asked` and `query` [patches, queries, dimension]; `key` and `value` [batch, symbols, dimension]
   */
  #project(largest: tf.Tensor, states: tf.Tensor3D): Record<'asked' | 'query' | 'key' | 'value', tf.Tensor> {
    const weights = this.#weights!;
    const { dimension, queries, epsilon } = this.options;
    const asked = linear(largest, weights.widen.read()).reshape([largest.shape[0]!, queries, dimension]);
    const query = linear(rmsNormalize(asked, weights.queryNorm.read(), epsilon), weights.query.read());
    const normed = rmsNormalize(states, weights.symbolNorm.read(), epsilon);
    const key = linear(normed, weights.key.read());
    const value = linear(normed, weights.value.read());
    return { asked, query, key, value };
  }

  /** [patches, queries, dimension] each, occupied [patches, 1] -> [patches, queries * dimension] */
  #joinQueries(asked: tf.Tensor, attended: tf.Tensor, occupied: tf.Tensor): tf.Tensor {
    const pooled = tf.add(tf.mul(asked, 2), linear(attended, this.#weights!.output.read()));
    return tf.mul(pooled.reshape([occupied.shape[0]!, -1]), occupied);
  }
}

/** [dimension, heads] 1 where a channel belongs to a head. */
function headColumns(dimension: number, heads: number): tf.Tensor2D {
  const width = dimension / heads;
  const values = new Float32Array(dimension * heads);
  for (let channel = 0; channel < dimension; channel++) values[channel * heads + Math.floor(channel / width)] = 1;
  return tf.tensor2d(values, [dimension, heads]);
}
