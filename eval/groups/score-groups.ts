import { tf } from '../../model/index.ts';
import type { GroupSet } from './group-set.ts';

/** What a group scores by: the sum of the best match of each query vector (ColBERT), or the mean of the best `topPerQuery` of these. */
export const GROUP_SCORES = ['sum', 'top_mean'] as const;
export type GroupScore = (typeof GROUP_SCORES)[number];

/** Rows of one product, at most. */
const ROWS_AT_ONCE = 4096;
/** Scores that are held at a time, at most, of each kind. */
const SCORES_AT_ONCE = 2 ** 22;
/** Far below any cosine. */
const MASKED = 1e9;

/** Scores of one query against all keys, by kind. */
export type ScoresOfQuery = Readonly<Record<GroupScore, Float32Array>>;

/**
 * Scores every query against every key, some queries at a time, by matrix products on the backend.
 *
 * @param topPerQuery matches that `top_mean` counts; all where a query has fewer vectors
 * @param onScores called for each query in their order; the arrays [keys] are its own
 */
export async function scoreGroups(
  queries: GroupSet,
  keys: GroupSet,
  topPerQuery: number,
  onScores: (query: number, scores: ScoresOfQuery) => void,
): Promise<void> {
  const blocks = keyBlocks(keys);
  try {
    for (let first = 0; first < queries.size; ) {
      let end = first + 1;
      const most = first + Math.max(1, Math.floor(SCORES_AT_ONCE / Math.max(1, keys.size)));
      while (end < Math.min(queries.size, most) && queries.starts[end + 1]! - queries.starts[first]! <= ROWS_AT_ONCE) end++;
      const from = queries.starts[first]!;
      const rows = queries.starts[end]! - from;
      const asked = tf.tensor2d(queries.data.subarray(from * queries.dimension, (from + rows) * queries.dimension), [
        rows,
        queries.dimension,
      ]);
      const scores = Array.from({ length: end - first }, () => ({
        sum: new Float32Array(keys.size),
        top_mean: new Float32Array(keys.size),
      }));
      for (const block of blocks) {
        const best = tf.tidy(() => {
          const cosines = tf.matMul(asked, block.vectors, false, true); // [rows, keys * width]
          const shown = block.padding === undefined ? cosines : tf.sub(cosines, block.padding);
          return tf.max(shown.reshape([rows, block.members.length, block.width]), 2); // [rows, keys]
        });
        const values = (await best.data()) as Float32Array;
        best.dispose();
        for (let query = first; query < end; query++) {
          const range = [queries.starts[query]! - from, queries.starts[query + 1]! - from] as const;
          block.members.forEach((key, column) => {
            const own = scores[query - first]!;
            const total = totals(values, range, block.members.length, column, topPerQuery);
            own.sum[key] = total.sum;
            own.top_mean[key] = total.topMean;
          });
        }
      }
      asked.dispose();
      for (let query = first; query < end; query++) onScores(query, scores[query - first]!);
      first = end;
    }
  } finally {
    for (const { vectors, padding } of blocks) tf.dispose(padding === undefined ? [vectors] : [vectors, padding]);
  }
}

interface KeyBlock {
  /** Numbers of its keys. */
  readonly members: readonly number[];
  readonly width: number;
  /** [keys * width, dimension] */
  readonly vectors: tf.Tensor2D;
  /** [keys * width] large where a vector is padding; absent: none is. */
  readonly padding: tf.Tensor1D | undefined;
}

/** Keys of near sizes together. */
function keyBlocks({ size, starts, data, dimension }: GroupSet): KeyBlock[] {
  const count = (key: number) => starts[key + 1]! - starts[key]!;
  const order = Array.from({ length: size }, (_, key) => key).sort((a, b) => count(b) - count(a) || a - b);
  const blocks: KeyBlock[] = [];
  for (let first = 0; first < size; ) {
    const width = Math.max(1, count(order[first]!));
    const members = order.slice(first, first + Math.max(1, Math.floor(ROWS_AT_ONCE / width)));
    const rows = new Float32Array(members.length * width * dimension);
    const padding = new Float32Array(members.length * width);
    members.forEach((key, place) => {
      rows.set(data.subarray(starts[key]! * dimension, starts[key + 1]! * dimension), place * width * dimension);
      padding.fill(MASKED, place * width + count(key), (place + 1) * width);
    });
    const padded = members.some((key) => count(key) < width);
    blocks.push({
      members,
      width,
      vectors: tf.tensor2d(rows, [members.length * width, dimension]),
      padding: padded ? tf.tensor1d(padding) : undefined,
    });
    first += members.length;
  }
  return blocks;
}

/** @param values [rows, columns] best matches */
function totals(
  values: Float32Array,
  [from, to]: readonly [number, number],
  columns: number,
  column: number,
  topPerQuery: number,
): { readonly sum: number; readonly topMean: number } {
  const top: number[] = [];
  let sum = 0;
  for (let row = from; row < to; row++) {
    const value = values[row * columns + column]!;
    sum += value;
    // The largest come first; there are few.
    let place = top.length;
    while (place > 0 && top[place - 1]! < value) place--;
    if (place >= topPerQuery) continue;
    top.splice(place, 0, value);
    if (top.length > topPerQuery) top.pop();
  }
  return { sum, topMean: top.reduce((total, value) => total + value, 0) / Math.max(1, top.length) };
}
