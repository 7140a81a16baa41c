import { compiledAttention } from '../kernels/compiled/compiled-attention.ts';
import { attentionProduct } from '../kernels/tfjs/attention-product.ts';
import { tf } from '../tf.ts';
import { joinHeads, MASKED_SCORE, maskBias, splitHeads } from './operations.ts';
import { applyRotary, rotaryPairs } from './rotary.ts';

export interface RotaryAttentionOptions {
  readonly heads: number;
  readonly ropeTheta: number;
  /** A position sees positions nearer than this; absent: all of them. */
  readonly window?: number;
  /** No position sees a later one. */
  readonly causal: boolean;
}

/**
 * Softmax attention over heads, with rotary positions on queries and keys.
 *
 * @param projections [batch * positions, 3 * heads * width] query, key and value side by side
 * @param mask [batch, positions] 1 for real keys, 0 for padding
 * @returns [batch * positions, heads * width]; at padding it is finite and means nothing
 */
export function rotaryAttention(projections: tf.Tensor2D, mask: tf.Tensor2D, options: RotaryAttentionOptions): tf.Tensor2D {
  return tf.tidy(() => {
    const angles = (positions: number, width: number) => rotaryPairs(positions, width, options.ropeTheta);
    return compiledAttention(projections, mask, angles, options) ?? composedRotaryAttention(projections, mask, options);
  });
}

/** The same of tfjs' operations, for every backend: what the compiled kernel must agree with. */
export function composedRotaryAttention(
  projections: tf.Tensor2D,
  mask: tf.Tensor2D,
  { heads, ropeTheta, window, causal }: RotaryAttentionOptions,
): tf.Tensor2D {
  const [rows, columns] = projections.shape;
  const [query, key, values] = tf
    .split(projections.reshape([...mask.shape, columns]), 3, 2)
    .map((part) => splitHeads(part, heads)) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  const turned = [applyRotary(query, ropeTheta), applyRotary(key, ropeTheta)] as const;
  const attended =
    window === undefined
      ? fullAttention(...turned, values, mask, causal)
      : windowedAttention(...turned, values, mask, window, causal);
  return joinHeads(attended).reshape([rows, columns / 3]) as tf.Tensor2D;
}

/**
 * Softmax attention in which every query sees every unmasked key.
 *
 * @param query [batch, heads, positions, width]
 * @param mask [batch, positions] 1 for real keys, 0 for padding
 * @param causal a query sees no later key
 * @returns [batch, heads, positions, width]
 */
export function fullAttention(
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  value: tf.Tensor4D,
  mask: tf.Tensor,
  causal: boolean,
): tf.Tensor4D {
  const [batch, , positions] = query.shape;
  const keys = maskBias(mask).reshape([batch, positions]) as tf.Tensor2D;
  if (!causal) return attentionProduct(query, key, value, { keys });
  return attentionProduct(query, key, value, { keys, pairs: bandBias(positions, positions, 0, positions, true) });
}

/**
 * Attention inside a window: query i sees key j where |i - j| < window (`causal`: 0 <= i - j < window). Memory is O(positions * window): the sequence is cut
 * into blocks of one window, and each block of queries sees its own block of keys and the neighbours.
 *
 * @param query [batch, heads, positions, width]; positions is a multiple of `window` or at most twice as long
 * @returns [batch, heads, positions, width]
 */
export function windowedAttention(
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  value: tf.Tensor4D,
  mask: tf.Tensor,
  window: number,
  causal: boolean,
): tf.Tensor4D {
  const [batch, heads, positions, width] = query.shape;
  if (positions <= 2 * window) {
    const keys = maskBias(mask).reshape([batch, positions]) as tf.Tensor2D;
    if (window >= positions && !causal) return attentionProduct(query, key, value, { keys });
    return attentionProduct(query, key, value, { keys, pairs: bandBias(positions, positions, 0, window, causal) });
  }
  const blocks = positions / window;
  const neighbours = causal ? [0, 1] : [0, 1, 2];
  const keys = neighbours.length * window;
  // [batch, blocks, keys]
  const keyMask = withNeighbours(mask.reshape([batch, blocks, window, 1]) as tf.Tensor4D, neighbours).reshape([
    batch,
    blocks,
    1,
    keys,
  ]);
  // [batch, blocks, window, keys]
  const pairs = tf.add(maskBias(keyMask), bandBias(window, keys, window, window, causal)) as tf.Tensor4D;
  const blockShape: [number, number, number, number] = [batch * heads, blocks, window, width];
  const nearShape: [number, number, number, number] = [batch, heads * blocks, keys, width];
  const nearKeys = withNeighbours(key.reshape(blockShape), neighbours).reshape(nearShape) as tf.Tensor4D;
  const nearValues = withNeighbours(value.reshape(blockShape), neighbours).reshape(nearShape) as tf.Tensor4D;
  const queries = query.reshape([batch, heads * blocks, window, width]) as tf.Tensor4D;
  return attentionProduct(queries, nearKeys, nearValues, { pairs }).reshape([batch, heads, positions, width]) as tf.Tensor4D;
}

/** [rows, blocks, window, width] -> [rows, blocks, neighbours * window, width]: each block between the ones before and after it (zeros at both ends). */
function withNeighbours(x: tf.Tensor4D, neighbours: readonly number[]): tf.Tensor4D {
  const [rows, blocks, window, width] = x.shape;
  const padded = tf.pad4d(x, [
    [0, 0],
    [1, 1],
    [0, 0],
    [0, 0],
  ]);
  return tf.concat(
    neighbours.map((first) => tf.slice4d(padded, [0, first, 0, 0], [rows, blocks, window, width])),
    2,
  );
}

/** [1, 1, queries, keys], see `bandValues`. */
function bandBias(queries: number, keys: number, shift: number, window: number, causal: boolean): tf.Tensor4D {
  return tf.tensor4d(bandValues(queries, keys, shift, window, causal), [1, 1, queries, keys]);
}

/** [queries, keys] 0 where query i may see key j, whose place is j - shift; far below any score elsewhere. */
export function bandValues(queries: number, keys: number, shift: number, window: number, causal: boolean): Float32Array {
  const values = new Float32Array(queries * keys);
  for (let i = 0; i < queries; i++) {
    for (let j = 0; j < keys; j++) {
      const distance = i - (j - shift);
      const seen = causal ? distance >= 0 && distance < window : Math.abs(distance) < window;
      if (!seen) values[i * keys + j] = -MASKED_SCORE;
    }
  }
  return values;
}
