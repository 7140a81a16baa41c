import assert from 'node:assert/strict';
import { RandomNumbers } from '../../base/index.ts';

/** Rounds of a test unless asked otherwise: the standard error of a p value of 0.05 is then 0.002. */
export const DEFAULT_ROUNDS = 10_000;
const CONFIDENCE = 0.95;
/** Sums of the same numbers in another order differ by rounding; they count as equal. */
const RELATIVE_ROUNDING = 1e-12;

export interface SamplingOptions {
  readonly seed?: number;
  /** Random assignments, or resamples. */
  readonly rounds?: number;
}

export interface RandomizationTest {
  /** Two-sided: how often a mean difference at least this large arises when each query's two scores change places at random. */
  readonly p: number;
  /** Whether all assignments were gone through (few differences) or `rounds` random ones. */
  readonly exact: boolean;
}

/**
 * Paired randomisation test of the mean (Fisher 1935; Smucker, Allan and Carterette 2007): under the null hypothesis the sign of each query's difference is arbitrary. All
 * 2^n assignments are gone through when they are no more than `rounds`; else p = (1 + as extreme) / (1 + rounds) over seeded random ones (Phipson and Smyth 2010).
 *
 * @param differences one a query, left minus right
 */
export function randomizationTest(differences: readonly number[], options: SamplingOptions = {}): RandomizationTest {
  const { seed = 0, rounds = DEFAULT_ROUNDS } = options;
  // Changing the sign of 0 changes nothing.
  const moving = differences.filter((difference) => difference !== 0);
  const magnitude = moving.reduce((total, difference) => total + Math.abs(difference), 0);
  const observed = Math.abs(moving.reduce((total, difference) => total + difference, 0)) - RELATIVE_ROUNDING * magnitude;
  if (2 ** moving.length <= rounds) {
    let extreme = 0;
    for (let signs = 0; signs < 2 ** moving.length; signs++) {
      const total = moving.reduce((sum, difference, bit) => sum + ((signs >> bit) & 1 ? -difference : difference), 0);
      if (Math.abs(total) >= observed) extreme++;
    }
    return { p: extreme / 2 ** moving.length, exact: true };
  }
  const numbers = new RandomNumbers(seed, 'paired randomisation test');
  let extreme = 0;
  for (let round = 0; round < rounds; round++) {
    let total = 0;
    let bits = 0;
    for (let index = 0; index < moving.length; index++) {
      if (index % 32 === 0) bits = numbers.uint32();
      total += bits & 1 ? -moving[index]! : moving[index]!;
      bits >>>= 1;
    }
    if (Math.abs(total) >= observed) extreme++;
  }
  return { p: (1 + extreme) / (1 + rounds), exact: false };
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Percentile bootstrap interval of a mean, 95% (Efron 1979; Sakai 2006 for retrieval): queries are drawn with replacement, `rounds` times.
 *
 * @param values one a query, at least one
 */
export function bootstrapInterval(values: readonly number[], options: SamplingOptions = {}): Interval {
  const { seed = 0, rounds = DEFAULT_ROUNDS } = options;
  assert.ok(values.length > 0, 'an interval needs at least one query');
  const numbers = new RandomNumbers(seed, 'bootstrap');
  const means = Float64Array.from({ length: rounds }, () => {
    let total = 0;
    for (let draw = 0; draw < values.length; draw++) total += values[numbers.integer(values.length)]!;
    return total / values.length;
  }).sort();
  return { low: quantile(means, (1 - CONFIDENCE) / 2), high: quantile(means, (1 + CONFIDENCE) / 2) };
}

/** Linear interpolation between the neighbours (Hyndman and Fan 1996, type 7). */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)]!;
  return below + (place - Math.floor(place)) * (sorted[Math.ceil(place)]! - below);
}
