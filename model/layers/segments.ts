import { tf } from '../tf.ts';
import { maskBias } from './operations.ts';

/**
 * Rows that are cut into runs (segments): sums, maxima and softmax of each run, whatever the runs' lengths, in memory that grows with the rows alone.
 */
export interface Segments {
  /** [rows] int32 number of each row's segment. Rows of one segment stand side by side, but for the last segment, which takes what belongs nowhere. */
  readonly ids: tf.Tensor1D;
  /** How many segments there are, the last one for rows that belong nowhere included. */
  readonly count: number;
  /** No segment but the last has more rows. */
  readonly longest: number;
}

/**
 * Segments of a batch's patches: patch p of chunk b is segment `b * patches + p`, padding goes to the last one.
 *
 * @param patchIds [batch, symbols] int32 ascending from 0 in each row, -1 for padding
 */
export function patchSegments(patchIds: tf.Tensor2D, patches: number, longest: number): Segments {
  const [batch, symbols] = patchIds.shape;
  const firsts = tf.mul(tf.range(0, batch, 1, 'int32'), tf.scalar(patches, 'int32')).reshape([batch, 1]);
  const padding = tf.fill([batch, symbols], batch * patches, 'int32');
  const ids = tf.where(tf.greaterEqual(patchIds, tf.scalar(0, 'int32')), tf.add(patchIds, firsts), padding);
  return { ids: ids.flatten() as tf.Tensor1D, count: batch * patches + 1, longest: Math.min(longest, symbols) };
}

/*
 * What a gradient needs is saved with the operation, the ids too: the tidy that made them has ended by then.
 */

/** [rows, width] -> [segments, width]; zeros for a segment without rows. */
export function segmentSum(x: tf.Tensor2D, { ids, count }: Segments): tf.Tensor2D {
  const operation = tf.customGrad((input, save) => {
    (save as tf.GradSaveFunc)([ids]);
    return {
      value: tf.unsortedSegmentSum(input as tf.Tensor2D, ids, count),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.gather(dy, saved[0] as tf.Tensor1D),
    };
  });
  return operation(x) as tf.Tensor2D;
}

/** [segments, width] -> [rows, width]: to each row what its segment has. */
export function spreadToRows(x: tf.Tensor2D, { ids }: Segments): tf.Tensor2D {
  return tf.gather(x, ids);
}

/**
 * Elementwise maxima: [rows, width] -> [segments, width]. What comes out for a segment without rows and for the last one is finite and means nothing.
 * The gradient of a maximum is shared evenly by the rows that reach it.
 */
export function segmentMaximum(x: tf.Tensor2D, segments: Segments): tf.Tensor2D {
  const operation = tf.customGrad((input, save) => {
    const largest = largestOfSegments(input as tf.Tensor2D, segments);
    (save as tf.GradSaveFunc)([input as tf.Tensor2D, largest, segments.ids]);
    return {
      value: largest,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [values, maxima, ids] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
        const reached = tf.cast(tf.equal(values, tf.gather(maxima, ids)), 'float32') as tf.Tensor2D;
        const sharers = tf.maximum(tf.unsortedSegmentSum(reached, ids, segments.count), 1);
        return tf.mul(reached, tf.gather(tf.div(dy, sharers), ids));
      },
    };
  });
  return operation(x) as tf.Tensor2D;
}

/**
 * Softmax over the rows of each segment, column by column: [rows, width] -> [rows, width].
 * Gradient: `dx = y * (dy - sum over the segment of y dy)`.
 */
export function segmentSoftmax(x: tf.Tensor2D, segments: Segments): tf.Tensor2D {
  const { count } = segments;
  const operation = tf.customGrad((input, save) => {
    const scores = input as tf.Tensor2D;
    const powers = tf.exp(tf.sub(scores, spreadToRows(largestOfSegments(scores, segments), segments))) as tf.Tensor2D;
    const shares = tf.div(powers, spreadToRows(tf.unsortedSegmentSum(powers, segments.ids, count), segments)) as tf.Tensor2D;
    (save as tf.GradSaveFunc)([shares, segments.ids]);
    return {
      value: shares,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [y, ids] = saved as [tf.Tensor2D, tf.Tensor1D];
        const weighted = tf.mul(y, dy) as tf.Tensor2D;
        return tf.sub(weighted, tf.mul(y, tf.gather(tf.unsortedSegmentSum(weighted, ids, count), ids)));
      },
    };
  });
  return operation(x) as tf.Tensor2D;
}

/** The forward half of `segmentMaximum`. */
function largestOfSegments(x: tf.Tensor2D, { ids, count, longest }: Segments): tf.Tensor2D {
  const [rows, width] = x.shape;
  // Each step looks twice as far back as the one before: in the end a row holds the maximum over its segment up to itself, and a segment's last row the segment's.
  let largest: tf.Tensor = x;
  for (let reach = 1; reach < longest; reach *= 2) {
    const before = tf.concat([tf.zeros([reach, width]), tf.slice(largest, [0, 0], [rows - reach, width])], 0);
    const idsBefore = tf.concat([tf.fill([reach], -1, 'int32'), tf.slice(ids, [0], [rows - reach])], 0);
    const together = tf.cast(tf.equal(ids, idsBefore), 'float32').reshape([rows, 1]);
    largest = tf.maximum(largest, tf.add(before, maskBias(together)));
  }
  const idsBehind = tf.concat([tf.slice(ids, [1], [rows - 1]), tf.fill([1], -1, 'int32')], 0);
  const isLast = tf.cast(tf.notEqual(ids, idsBehind), 'float32');
  const places = tf.mul(isLast, tf.range(0, rows, 1, 'float32')).reshape([rows, 1]) as tf.Tensor2D;
  const ends = tf.minimum(tf.unsortedSegmentSum(places, ids, count), rows - 1); // [segments, 1]
  return tf.gather(largest, tf.cast(ends, 'int32').flatten()) as tf.Tensor2D;
}
