import { tf } from '../../model/index.ts';

export interface HardNegativeOptions {
  /** Negatives for each text of the batch. */
  readonly perText: number;
  /** What is nearer than 1 - margin to a text is as good an answer as the text itself, and no negative. */
  readonly falseNegativeMargin: number;
}

/**
 * For each text of a batch the nearest others by the teacher: what the student is most likely to take for it.
 *
 * @param targets [batch, dimension] the teacher's vectors, L2-normalised
 * @param pool [candidates, dimension] those of other texts
 * @returns places in the pool, each once, ascending
 */
export async function hardNegatives(
  targets: Float32Array,
  pool: Float32Array,
  dimension: number,
  { perText, falseNegativeMargin }: HardNegativeOptions,
): Promise<number[]> {
  const candidates = pool.length / dimension;
  const product = tf.tidy(() =>
    tf.matMul(
      tf.tensor2d(targets, [targets.length / dimension, dimension]),
      tf.tensor2d(pool, [candidates, dimension]),
      false,
      true,
    ),
  );
  const similarities = await product.data(); // [batch, candidates]
  product.dispose();
  const chosen = new Set<number>();
  for (let from = 0; from < similarities.length; from += candidates) {
    const row = similarities.subarray(from, from + candidates);
    const allowed = Array.from(row.keys()).filter((place) => row[place]! <= 1 - falseNegativeMargin);
    allowed.sort((a, b) => row[b]! - row[a]! || a - b);
    for (const place of allowed.slice(0, perText)) chosen.add(place);
  }
  return [...chosen].sort((a, b) => a - b);
}
