import { CemError } from '../../base/index.ts';
import { type EntropyRule, entropyBoundaries } from './entropy-boundaries.ts';

/** Halvings of the range of thresholds: below float32's resolution of an entropy. */
const HALVINGS = 40;

/** A threshold, and the patches that it gives on the sample. */
export interface ChosenThreshold {
  /** Nats. */
  readonly threshold: number;
  /** Bytes a patch on the sample. */
  readonly meanLength: number;
}

/**
 * The threshold whose patches have the wanted mean length on a sample. A higher threshold never gives shorter patches, so halving finds it; of the two
 * thresholds around the wanted length the one that comes nearer is taken.
 *
 * @param entropies of the sample's texts, as `entropyBoundaries` takes them
 * @param meanLength bytes
 * @throws CemError `PATCHING_NO_SAMPLE` without a byte of sample, `PATCHING_LENGTH` for a length that no threshold gives
 */
export function thresholdForMeanLength(
  entropies: readonly Float32Array[],
  meanLength: number,
  rule: Omit<EntropyRule, 'threshold'>,
): ChosenThreshold {
  const bytes = entropies.reduce((sum, values) => sum + values.length, 0);
  if (bytes === 0)
    throw new CemError('PATCHING_NO_SAMPLE', 'there are no bytes to choose a threshold from: give texts that are not empty');
  const meanLengthAt = (threshold: number): number =>
    bytes / entropies.reduce((sum, values) => sum + entropyBoundaries(values, { ...rule, threshold }).length, 0);
  // No entropy of 260 ids, and no growth of one, leaves this range.
  let low = -Math.log(260) - 1;
  let high = Math.log(260) + 1;
  const [shortest, longest] = [meanLengthAt(low), meanLengthAt(high)];
  if (!(meanLength >= shortest && meanLength <= longest)) {
    throw new CemError(
      'PATCHING_LENGTH',
      `no threshold gives patches of ${meanLength} bytes on average: on this sample they have ${shortest.toFixed(2)} to ${longest.toFixed(2)}; ask for a length in between, or raise the longest patch`,
      { details: { meanLength, shortest, longest } },
    );
  }
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (low + high) / 2;
    if (meanLengthAt(middle) < meanLength) low = middle;
    else high = middle;
  }
  const [below, above] = [meanLengthAt(low), meanLengthAt(high)];
  return meanLength - below < above - meanLength ? { threshold: low, meanLength: below } : { threshold: high, meanLength: above };
}
