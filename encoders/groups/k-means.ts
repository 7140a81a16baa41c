import type { RandomNumbers } from '../../base/index.ts';

/** Lloyd's steps at most; groups of a few hundred tokens settle after fewer than ten. */
const STEPS = 50;

export interface Clusters {
  /** [clusters, dimension], means of their rows. */
  readonly centers: Float32Array;
  /** [rows] */
  readonly clusterOf: Int32Array;
}

/**
 * k-means by Lloyd's algorithm on squared distances, from first centres by k-means++ (Arthur and Vassilvitskii, 2007). Deterministic by the random numbers; ties go to the lower cluster.
 *
 * @param rows [rows, dimension]
 * @param clusters at most; there are fewer where fewer rows differ
 */
export function kMeans(rows: Float32Array, dimension: number, clusters: number, random: RandomNumbers): Clusters {
  const count = rows.length / dimension;
  let centers = firstCenters(rows, dimension, Math.min(clusters, count), random);
  const clusterOf = new Int32Array(count).fill(-1);
  for (let step = 0; step < STEPS; step++) {
    let moved = false;
    for (let row = 0; row < count; row++) {
      const nearest = nearestCenter(rows, row, centers, dimension).center;
      if (nearest !== clusterOf[row]) moved = true;
      clusterOf[row] = nearest;
    }
    if (!moved) break;
    centers = means(rows, dimension, clusterOf, centers);
  }
  return { centers, clusterOf };
}

/** The center nearest to a row, and the squared distance to it. */
export function nearestCenter(
  rows: Float32Array,
  row: number,
  centers: Float32Array,
  dimension: number,
): { center: number; distance: number } {
  let [center, distance] = [0, Number.POSITIVE_INFINITY];
  for (let candidate = 0; candidate * dimension < centers.length; candidate++) {
    let sum = 0;
    for (let i = 0; i < dimension; i++) sum += (rows[row * dimension + i]! - centers[candidate * dimension + i]!) ** 2;
    if (sum < distance) [center, distance] = [candidate, sum];
  }
  return { center, distance };
}

function firstCenters(rows: Float32Array, dimension: number, clusters: number, random: RandomNumbers): Float32Array {
  const count = rows.length / dimension;
  const centers = new Float32Array(clusters * dimension);
  const copy = (row: number, to: number): void =>
    centers.set(rows.subarray(row * dimension, (row + 1) * dimension), to * dimension);
  copy(random.integer(count), 0);
  const distances = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  for (let next = 1; next < clusters; next++) {
    const last = centers.subarray((next - 1) * dimension, next * dimension);
    let total = 0;
    for (let row = 0; row < count; row++) {
      distances[row] = Math.min(distances[row]!, nearestCenter(rows, row, last, dimension).distance);
      total += distances[row]!;
    }
    // Rows that do not differ from the centres make no further ones.
    if (total === 0) return centers.slice(0, next * dimension);
    let left = random.uniform() * total;
    let row = 0;
    while (row < count - 1 && left >= distances[row]!) left -= distances[row++]!;
    copy(row, next);
  }
  return centers;
}

/** The means of the clusters' rows; a cluster that lost all of its rows keeps its centre. */
function means(rows: Float32Array, dimension: number, clusterOf: Int32Array, before: Float32Array): Float32Array {
  const sums = new Float64Array(before.length);
  const sizes = new Int32Array(before.length / dimension);
  clusterOf.forEach((cluster, row) => {
    sizes[cluster] = sizes[cluster]! + 1;
    for (let i = 0; i < dimension; i++)
      sums[cluster * dimension + i] = sums[cluster * dimension + i]! + rows[row * dimension + i]!;
  });
  return before.map((value, index) => {
    const size = sizes[Math.floor(index / dimension)]!;
    return size === 0 ? value : sums[index]! / size;
  });
}
