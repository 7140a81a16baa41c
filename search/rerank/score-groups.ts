import { CemError } from '../../base/index.ts';
import type { VectorGroup } from '../../encoders/index.ts';
import type { InnerProducts } from '../exact/inner-products.ts';
import { yieldToSignal } from '../search-signal.ts';
import type { GroupScorer } from './group-scorer.ts';
import { simdInnerProducts } from './simd-inner-products.ts';

/** Rows of candidates that are multiplied at once: 4096 of 384 values are 6 MiB. */
const ROWS_AT_ONCE = 4096;

export interface ScoreGroupsOptions {
  readonly scorer: GroupScorer;
  /** What multiplies; SIMD in one thread unless given (`tensorInnerProducts` of `search/exact` once a backend is selected). */
  readonly innerProducts?: InnerProducts | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Scores candidates for a query, block by block. Groups may be of any sizes: a candidate's rows lie one behind another, without padding.
 *
 * @returns [candidates.length]
 * @throws CemError `GROUP_DIMENSION` for candidates of another dimension than the query's; the signal's reason
 */
export async function scoreGroups(
  query: VectorGroup,
  candidates: readonly VectorGroup[],
  { scorer, innerProducts = simdInnerProducts, signal }: ScoreGroupsOptions,
): Promise<Float64Array> {
  for (const candidate of candidates) checkGroupDimension(candidate.dimension, query.dimension);
  const scores = new Float64Array(candidates.length);
  const { dimension } = query;
  const left = { rows: query.vectors, dimension, data: query.data };
  const best = new Float32Array(query.vectors);
  for (let first = 0; first < candidates.length; ) {
    await yieldToSignal(signal);
    let [end, rows] = [first, 0];
    while (end < candidates.length && (end === first || rows + candidates[end]!.vectors <= ROWS_AT_ONCE))
      rows += candidates[end++]!.vectors;
    const data = new Float32Array(rows * dimension); // [rows, dimension]
    let filled = 0;
    for (const candidate of candidates.slice(first, end)) {
      data.set(candidate.data, filled);
      filled += candidate.data.length;
    }
    const products = await innerProducts(left, { rows, dimension, data }); // [query vectors, rows]
    let start = 0;
    for (; first < end; first++) {
      const { vectors } = candidates[first]!;
      bestOf(products, rows, start, vectors, best);
      scores[first] = scorer.combine(best);
      start += vectors;
    }
  }
  return scores;
}

/** Into `best` [query vectors]: the highest of each row of products [query vectors, rows] within these columns. */
function bestOf(products: Float32Array, rows: number, start: number, count: number, best: Float32Array): void {
  for (let row = 0; row < best.length; row++) {
    const from = row * rows + start;
    let highest = products[from]!;
    for (let place = from + 1; place < from + count; place++) if (products[place]! > highest) highest = products[place]!;
    best[row] = highest;
  }
}

/** @throws CemError `GROUP_DIMENSION` */
export function checkGroupDimension(got: number, wanted: number): void {
  if (got === wanted) return;
  throw new CemError(
    'GROUP_DIMENSION',
    `a vector group of ${got} values a vector cannot be compared with one of ${wanted}: they were made by different encoders or projections; encode queries with what made the stored groups`,
    { details: { got, wanted } },
  );
}

/** What a query's vectors found in one group. */
export interface GroupMatch {
  readonly score: number;
  /** [query vectors], in their order. */
  readonly best: readonly {
    /** Place of the best match among the group's vectors. */
    readonly match: number;
    readonly score: number;
    /** Whether it counts in the score. */
    readonly used: boolean;
  }[];
}

/**
 * How a score came about, in plain loops.
 *
 * @throws CemError `GROUP_DIMENSION`
 */
export function matchGroups(query: VectorGroup, group: VectorGroup, scorer: GroupScorer): GroupMatch {
  checkGroupDimension(group.dimension, query.dimension);
  const { dimension } = query;
  const best = new Float32Array(query.vectors).fill(Number.NEGATIVE_INFINITY);
  const matches = new Int32Array(query.vectors);
  for (let left = 0; left < query.vectors; left++) {
    for (let right = 0; right < group.vectors; right++) {
      let sum = 0;
      for (let i = 0; i < dimension; i++) sum += query.data[left * dimension + i]! * group.data[right * dimension + i]!;
      if (Math.fround(sum) <= best[left]!) continue;
      best[left] = sum;
      matches[left] = right;
    }
  }
  const used = new Set(scorer.used(best));
  return {
    score: scorer.combine(best),
    best: Array.from(best, (score, place) => ({ match: matches[place]!, score, used: used.has(place) })),
  };
}
