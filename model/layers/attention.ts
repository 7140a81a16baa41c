import { tf } from '../backend/tf.ts';
import { maskBias } from './operations.ts';

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
  const padding = maskBias(mask).reshape([batch, 1, 1, positions]);
  const bias = causal ? tf.add(padding, maskBias(band(positions, positions, 0, positions, true))) : padding;
  return attend(query, key, value, bias);
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
    const bias = tf.add(
      maskBias(mask).reshape([batch, 1, 1, positions]),
      maskBias(band(positions, positions, 0, window, causal)),
    );
    return attend(query, key, value, bias);
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
  // [batch, 1, blocks * window, keys]
  const bias = tf
    .add(maskBias(keyMask), maskBias(band(window, keys, window, window, causal)))
    .reshape([batch, 1, positions, keys]);
  const blockShape: [number, number, number, number] = [batch * heads, blocks, window, width];
  const nearKeys = withNeighbours(key.reshape(blockShape), neighbours);
  const nearValues = withNeighbours(value.reshape(blockShape), neighbours);
  // [batch * heads, blocks, window, keys]
  const products = tf.matMul(query.reshape(blockShape), nearKeys, false, true);
  const scores = tf.add(tf.mul(products, width ** -0.5).reshape([batch, heads, positions, keys]), bias);
  const weights = tf.softmax(scores).reshape([batch * heads, blocks, window, keys]);
  return tf.matMul(weights, nearValues).reshape([batch, heads, positions, width]) as tf.Tensor4D;
}

function attend(query: tf.Tensor4D, key: tf.Tensor4D, value: tf.Tensor4D, bias: tf.Tensor): tf.Tensor4D {
  const width = query.shape[3];
  const scores = tf.add(tf.mul(tf.matMul(query, key, false, true), width ** -0.5), bias);
  return tf.matMul(tf.softmax(scores), value) as tf.Tensor4D;
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

/** [queries, keys] 1 where query i may see key j, whose place is j - shift. */
function band(queries: number, keys: number, shift: number, window: number, causal: boolean): tf.Tensor2D {
  const values = new Float32Array(queries * keys);
  for (let i = 0; i < queries; i++) {
    for (let j = 0; j < keys; j++) {
      const distance = i - (j - shift);
      const seen = causal ? distance >= 0 && distance < window : Math.abs(distance) < window;
      if (seen) values[i * keys + j] = 1;
    }
  }
  return tf.tensor2d(values, [queries, keys]);
}
