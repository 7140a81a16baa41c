import { tf } from '../tf.ts';
import { CemLayer, inputsOf, shapesOf } from './layer.ts';
import { linear, maskBias, normedProducts } from './operations.ts';
import { attendBlocks, attendRuns } from './patch-attention.ts';
import { recomputed } from './recompute.ts';
import { patchSegments, segmentMaximum } from './segments.ts';

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

const WEIGHT_NAMES = ['widen', 'queryNorm', 'symbolNorm', 'query', 'key', 'value', 'output'] as const;
type PoolingWeights<Weight> = Record<(typeof WEIGHT_NAMES)[number], Weight>;

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
  /** Keep no intermediate results for the gradient and compute them again then, as `TransformerBlock.recompute`. */
  recompute = false;
  #weights: PoolingWeights<tf.LayerVariable> | undefined;

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
      const [states, ...constants] = inputsOf(inputs) as [tf.Tensor, ...tf.Tensor[]];
      const weights = WEIGHT_NAMES.map((name) => this.#weights![name].read());
      const forward = ([state, ...read]: readonly tf.Tensor[], given: readonly tf.Tensor[]) => {
        const named = Object.fromEntries(WEIGHT_NAMES.map((name, index) => [name, read[index]!])) as PoolingWeights<tf.Tensor>;
        const [second, patchMask] = given as [tf.Tensor2D, tf.Tensor2D];
        return patchSize === undefined
          ? this.#poolRuns(state as tf.Tensor3D, second, patchMask, named)
          : this.#poolBlocks(state as tf.Tensor3D, second, patchSize, named);
      };
      return this.recompute ? recomputed(forward, [states, ...weights], constants) : forward([states, ...weights], constants);
    });
  }

  /** Patches of one size are blocks of the states: no gathering. */
  #poolBlocks(states: tf.Tensor3D, mask: tf.Tensor2D, patchSize: number, weights: PoolingWeights<tf.Tensor>): tf.Tensor {
    const { dimension, heads, queries } = this.options;
    const [batch, symbols] = states.shape;
    const patches = (batch * symbols) / patchSize;
    // [patches, patchSize, 1]
    const patchMask = mask.reshape([patches, patchSize, 1]);
    const { read, key, value } = this.#projectSymbols(states, weights);
    const occupied = tf.max(patchMask, 1); // [patches, 1]
    const masked = tf.add(read.reshape([patches, patchSize, dimension]), maskBias(patchMask));
    const largest = tf.mul(tf.max(masked, 1), occupied); // [patches, dimension]
    const { asked, query } = this.#projectQueries(largest, weights);
    const attended = attendBlocks({ query, key, value }, mask, heads, patchSize);
    const pooled = this.#joinQueries(asked, attended, occupied, weights.output);
    return pooled.reshape([batch, symbols / patchSize, queries * dimension]);
  }

  /** The same where every patch is a run of symbols of its own length. */
  #poolRuns(states: tf.Tensor3D, patchIds: tf.Tensor2D, patchMask: tf.Tensor2D, weights: PoolingWeights<tf.Tensor>): tf.Tensor {
    const { dimension, heads, queries, longestPatch } = this.options;
    const [batch, symbols] = states.shape;
    const rows = batch * symbols;
    const patches = patchMask.size;
    const segments = patchSegments(patchIds, patchMask.shape[1], longestPatch ?? symbols);
    const occupied = patchMask.reshape([patches, 1]);
    const { read, key, value } = this.#projectSymbols(states, weights);
    const maxima = segmentMaximum(read.reshape([rows, dimension]), segments);
    const largest = tf.mul(tf.slice(maxima, [0, 0], [patches, dimension]), occupied); // [patches, dimension]
    const { asked, query } = this.#projectQueries(largest, weights);
    const attended = attendRuns({ query, key, value }, patchIds, segments, heads);
    const pooled = this.#joinQueries(asked, attended, occupied, weights.output);
    return pooled.reshape([batch, patchMask.shape[1], queries * dimension]);
  }

  /** `key` and `value` [batch, symbols, dimension]; `read` is the states, to be gone on with so that their gradients come together in one pass. */
  #projectSymbols(states: tf.Tensor3D, weights: PoolingWeights<tf.Tensor>): Record<'read' | 'key' | 'value', tf.Tensor> {
    const kernels = [weights.key, weights.value];
    const { sum, products } = normedProducts(states, undefined, weights.symbolNorm, this.options.epsilon, kernels);
    const [key, value] = products.map((product) => product.reshape(states.shape)) as [tf.Tensor, tf.Tensor];
    return { read: sum, key, value };
  }

  /**
   * @param largest [patches, dimension]
   * @returns [patches, queries, dimension] both
   */
  #projectQueries(largest: tf.Tensor, weights: PoolingWeights<tf.Tensor>): Record<'asked' | 'query', tf.Tensor> {
    const { dimension, queries, epsilon } = this.options;
    const wide = linear(largest, weights.widen).reshape([largest.shape[0]!, queries, dimension]);
    const { sum, products } = normedProducts(wide, undefined, weights.queryNorm, epsilon, [weights.query]);
    return { asked: sum, query: products[0]!.reshape(wide.shape) };
  }

  /** [patches, queries, dimension] each, occupied [patches, 1] -> [patches, queries * dimension] */
  #joinQueries(asked: tf.Tensor, attended: tf.Tensor, occupied: tf.Tensor, output: tf.Tensor): tf.Tensor {
    const pooled = tf.add(tf.mul(asked, 2), linear(attended, output));
    return tf.mul(pooled.reshape([occupied.shape[0]!, -1]), occupied);
  }
}
