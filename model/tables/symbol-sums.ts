import { type Segments, segmentSum } from '../layers/segments.ts';
import { tf } from '../tf.ts';

/**
 * Embeddings of symbols as tensors, with their gradient: what `HashTables.embed` computes on the host. The sum of each symbol's rows over all tables, times length^-1/2.
 *
 * @param tables for each table [rows, dimension]
 * @param rows for each table [positions] int32 the row of each byte
 * @param places [positions] int32, ascending, which symbol of [texts * symbols] a byte belongs to; texts * symbols: none, the byte is padding
 * @param lengths [texts, symbols] bytes of each symbol, 0 for padding
 * @returns [texts, symbols, dimension]; zeros for padding
 */
export function symbolSums(
  tables: readonly tf.Tensor[],
  rows: readonly tf.Tensor1D[],
  places: tf.Tensor1D,
  lengths: tf.Tensor2D,
): tf.Tensor3D {
  const [texts, symbols] = lengths.shape;
  const count = texts * symbols;
  let positions: tf.Tensor = tf.gather(tables[0]!, rows[0]!); // [positions, dimension]
  for (let table = 1; table < tables.length; table++) positions = tf.add(positions, tf.gather(tables[table]!, rows[table]!));
  const dimension = positions.shape[1]!;
  const segments: Segments = { ids: places, count: count + 1, longest: places.size };
  const sums = tf.slice(segmentSum(positions as tf.Tensor2D, segments), [0, 0], [count, dimension]);
  const scales = tf.rsqrt(tf.maximum(lengths, 1)).reshape([count, 1]);
  return tf.mul(sums, scales).reshape([texts, symbols, dimension]);
}
