import { FormatError, fromHalf, RandomNumbers, toHalf } from '../../../base/index.ts';
import { type InnerProducts, plainInnerProducts } from '../../exact/inner-products.ts';
import { leastSquaresParts } from './least-squares-parts.ts';

/** Parts that a residual's values fall into, and what each stands for: 2 bits. */
const PARTS = 4;
/** Centroids for so many rows: a multiple of the square root of their number, as PLAID has it (Santhanam et al. 2022), down to a power of two. */
const CENTROIDS_PER_ROOT = 4;
const MOST_CENTROIDS = 1024;
/** Rows that centroids are made of. */
const MOST_ROWS = 16_384;
const STEPS = 6;

/** What 2-bit residuals are read by: centroids, and the parts of what is left of a row's values beside its centroid. */
export interface ResidualCodebook {
  readonly dimension: number;
  /** [centroids, dimension], L2-normalised and rounded to binary16. */
  readonly centroids: Float32Array;
  /** [3] ascending: a value below the first is part 0, one from the last on part 3. */
  readonly cutoffs: Float32Array;
  /** [4] what a part stands for. */
  readonly weights: Float32Array;
}

/**
 * Centroids by spherical k-means, and parts of the residuals' values that lose least. The same rows and seed give the same codebook with plain loops.
 *
 * @param rows [rows, dimension], L2-normalised, one at least
 */
export async function trainCodebook(
  rows: Float32Array,
  dimension: number,
  { seed = 0, innerProducts = plainInnerProducts }: { readonly seed?: number; readonly innerProducts?: InnerProducts } = {},
): Promise<ResidualCodebook> {
  const sample = drawRows(rows, dimension, new RandomNumbers(seed, 'group-codebook'));
  const count = sample.length / dimension;
  const wanted = 2 ** Math.floor(Math.log2(Math.max(1, CENTROIDS_PER_ROOT * Math.sqrt(count))));
  // The sample is in a random order.
  let centroids: Float32Array = sample.slice(0, Math.min(wanted, MOST_CENTROIDS, count) * dimension);
  for (let step = 0; step < STEPS; step++)
    centroids = meanDirections(sample, dimension, await nearestCentroids(sample, centroids, dimension, innerProducts), centroids);
  centroids = centroids.map((value) => fromHalf(toHalf(value)));
  const nearest = await nearestCentroids(sample, centroids, dimension, innerProducts);
  const residuals = sample.map((value, place) => {
    const row = Math.floor(place / dimension);
    return value - centroids[nearest[row]! * dimension + (place % dimension)]!;
  });
  residuals.sort();
  return { dimension, centroids, ...leastSquaresParts(residuals, PARTS) };
}

/** [rows] the centroid of the highest inner product; of equal ones the first. */
async function nearestCentroids(
  rows: Float32Array,
  centroids: Float32Array,
  dimension: number,
  innerProducts: InnerProducts = plainInnerProducts,
): Promise<Int32Array> {
  const [count, others] = [rows.length / dimension, centroids.length / dimension];
  const products = await innerProducts({ rows: count, dimension, data: rows }, { rows: others, dimension, data: centroids }); // [rows, centroids]
  return Int32Array.from({ length: count }, (_, row) => {
    let best = 0;
    for (let other = 1; other < others; other++)
      if (products[row * others + other]! > products[row * others + best]!) best = other;
    return best;
  });
}

/** Rows in a random order, so many at most. */
function drawRows(rows: Float32Array, dimension: number, random: RandomNumbers): Float32Array {
  const order = Int32Array.from({ length: rows.length / dimension }, (_, row) => row);
  random.shuffle(order);
  const chosen = order.subarray(0, MOST_ROWS);
  const drawn = new Float32Array(chosen.length * dimension);
  chosen.forEach((row, place) => {
    drawn.set(rows.subarray(row * dimension, (row + 1) * dimension), place * dimension);
  });
  return drawn;
}

/** The directions of the clusters' sums; a cluster without rows, or whose rows cancel out, keeps its own. */
function meanDirections(rows: Float32Array, dimension: number, nearest: Int32Array, before: Float32Array): Float32Array {
  const sums = new Float64Array(before.length);
  nearest.forEach((centroid, row) => {
    for (let i = 0; i < dimension; i++)
      sums[centroid * dimension + i] = sums[centroid * dimension + i]! + rows[row * dimension + i]!;
  });
  const after = before.slice();
  for (let start = 0; start < sums.length; start += dimension) {
    let square = 0;
    for (let i = start; i < start + dimension; i++) square += sums[i]! * sums[i]!;
    if (square > 0) for (let i = start; i < start + dimension; i++) after[i] = sums[i]! / Math.sqrt(square);
  }
  return after;
}

const VERSION = 1;
const HEADER_BYTES = 6;
const NUMBERS_AT = HEADER_BYTES;
const CENTROIDS_AT = HEADER_BYTES + 4 * (2 * PARTS - 1);

/** As GROUPS.md says. */
export function writeCodebook({ dimension, centroids, cutoffs, weights }: ResidualCodebook): Uint8Array {
  const bytes = new Uint8Array(CENTROIDS_AT + 2 * centroids.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, VERSION, true);
  view.setUint16(2, dimension, true);
  view.setUint16(4, centroids.length / dimension, true);
  [...cutoffs, ...weights].forEach((value, place) => void view.setFloat32(NUMBERS_AT + 4 * place, value, true));
  centroids.forEach((value, place) => void view.setUint16(CENTROIDS_AT + 2 * place, toHalf(value), true));
  return bytes;
}

/** @throws FormatError `GROUP_CODEBOOK` */
export function readCodebook(bytes: Uint8Array): ResidualCodebook {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [version, dimension, count] =
    bytes.length < CENTROIDS_AT ? [0, 0, 0] : [view.getUint16(0, true), view.getUint16(2, true), view.getUint16(4, true)];
  if (version !== VERSION || dimension === 0 || count === 0 || bytes.length !== CENTROIDS_AT + 2 * dimension * count) {
    throw new FormatError(
      'GROUP_CODEBOOK',
      `${bytes.length} bytes are no codebook of vector groups of version ${VERSION}: the index is damaged, or of another version; ingest its files into another collection`,
      { details: { bytes: bytes.length, version, dimension, count } },
    );
  }
  const numbers = Float32Array.from({ length: 2 * PARTS - 1 }, (_, place) => view.getFloat32(NUMBERS_AT + 4 * place, true));
  return {
    dimension,
    centroids: Float32Array.from({ length: dimension * count }, (_, place) =>
      fromHalf(view.getUint16(CENTROIDS_AT + 2 * place, true)),
    ),
    cutoffs: numbers.slice(0, PARTS - 1),
    weights: numbers.slice(PARTS - 1),
  };
}
