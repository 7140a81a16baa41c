import { RandomNumbers } from '../../base/index.ts';

/** Which batch it is. */
export interface BatchName {
  readonly granularity: string;
  /** Counted from 0 through all epochs. */
  readonly number: number;
  readonly seed: number;
}

/**
 * Which packing each text of a batch is read from: 0 is the run's own, which weighs 1, i the variant i - 1. A function of the batch's number, so that a run resumes exactly.
 *
 * @param weights [variants] of the others
 * @returns [size]
 */
export function drawVariants(weights: readonly number[], size: number, { granularity, number, seed }: BatchName): Uint8Array {
  const random = new RandomNumbers(seed, `variants/${granularity}/${number}`);
  const total = weights.reduce((sum, weight) => sum + weight, 1);
  return Uint8Array.from({ length: size }, () => {
    let left = random.uniform() * total - 1;
    if (left < 0) return 0;
    for (const [variant, weight] of weights.entries()) {
      left -= weight;
      if (left < 0) return 1 + variant;
    }
    // Sums of rounded weights may leave a rest.
    return weights.length;
  });
}
