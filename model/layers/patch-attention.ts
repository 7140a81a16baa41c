import { compiledPatchAttention } from '../kernels/compiled/compiled-patch-attention.ts';
import { tf } from '../tf.ts';
import { linear, maskBias } from './operations.ts';
import { type Segments, segmentSoftmax, segmentSum, spreadToRows } from './segments.ts';

/** Operands of a pooling: the queries of a patch ask its own symbols. Patches are those of all rows. */
export interface PatchOperands {
  /** [patches, queries, dimension] */
  readonly query: tf.Tensor;
  /** [batch, symbols, dimension] */
  readonly key: tf.Tensor;
  /** [batch, symbols, dimension] */
  readonly value: tf.Tensor;
}

/**
 * Patches of one size. What a patch of padding gets is finite and means nothing.
 *
 * @param mask [batch, symbols] 1 for real symbols, 0 for padding
 * @returns [patches, queries, dimension]
 */
export function attendBlocks(operands: PatchOperands, mask: tf.Tensor2D, heads: number, patchSize: number): tf.Tensor {
  const { query, key, value } = operands as { [name in keyof PatchOperands]: tf.Tensor3D };
  return tf.tidy(
    () => compiledPatchAttention(query, key, value, mask, heads, patchSize) ?? composedBlocks(operands, mask, heads, patchSize),
  );
}

/** The same of tfjs' operations, for every backend: what the compiled kernel must agree with. */
export function composedBlocks(
  { query, key, value }: PatchOperands,
  mask: tf.Tensor2D,
  heads: number,
  patchSize: number,
): tf.Tensor {
  const [patches, queries, dimension] = query.shape as [number, number, number];
  // A patch is a handful of symbols: products of such small matrices cost more to start than to compute, so scores are taken elementwise and summed over each head's
  // width by one product with a constant matrix of ones.
  const headOfChannel = headColumns(dimension, heads);
  // [patches, queries, patchSize, dimension]
  const products = tf.mul(query.reshape([patches, queries, 1, dimension]), key.reshape([patches, 1, patchSize, dimension]));
  // [patches, queries, patchSize, heads]
  const scores = tf.add(
    tf.mul(linear(products, headOfChannel), (dimension / heads) ** -0.5),
    maskBias(mask).reshape([patches, 1, patchSize, 1]),
  );
  const attention = tf.transpose(tf.softmax(tf.transpose(scores, [0, 1, 3, 2])), [0, 1, 3, 2]);
  const spread = linear(attention, tf.transpose(headOfChannel)); // [patches, queries, patchSize, dimension]
  return tf.sum(tf.mul(spread, value.reshape([patches, 1, patchSize, dimension])), 2);
}

/**
 * Patches that are runs of symbols.
 *
 * @param patchIds [batch, symbols] number of each symbol's patch in its row, ascending, -1 for padding
 * @param segments the same patches, and one more for padding
 * @returns [patches, queries, dimension]; zeros for a patch without a symbol
 */
export function attendRuns(operands: PatchOperands, patchIds: tf.Tensor2D, segments: Segments, heads: number): tf.Tensor {
  const { query, key, value } = operands as { [name in keyof PatchOperands]: tf.Tensor3D };
  return tf.tidy(() => compiledPatchAttention(query, key, value, patchIds, heads) ?? composedRuns(operands, segments, heads));
}

/** The same of tfjs' operations, for every backend: what the compiled kernel must agree with. */
export function composedRuns({ query, key, value }: PatchOperands, segments: Segments, heads: number): tf.Tensor {
  const [patches, queries, dimension] = query.shape as [number, number, number];
  const rows = key.size / dimension;
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
  return tf
    .slice(segmentSum(weighted as tf.Tensor2D, segments), [0, 0], [patches, queries * dimension])
    .reshape([patches, queries, dimension]);
}

/** [dimension, heads] 1 where a channel belongs to a head. */
function headColumns(dimension: number, heads: number): tf.Tensor2D {
  const width = dimension / heads;
  const values = new Float32Array(dimension * heads);
  for (let channel = 0; channel < dimension; channel++) values[channel * heads + Math.floor(channel / width)] = 1;
  return tf.tensor2d(values, [dimension, heads]);
}
