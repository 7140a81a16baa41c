import { splitLongPatches } from './long-patches.ts';

/** When the entropy of the next byte begins a patch. */
export interface EntropyRule {
  /** Nats. */
  readonly threshold: number;
  /** Compare the growth of the entropy from byte to byte with the threshold, not the entropy itself. */
  readonly monotonic: boolean;
  /** Bytes of the longest patch; absent: no limit. */
  readonly maximumLength?: number;
}

/**
 * Patches that begin where a byte was hard to guess: at byte 0, and at every byte whose entropy is above the threshold. `monotonic`: at bytes 0 and 1, and at every byte whose
 * entropy is more than the threshold above that of the byte before it.
 *
 * Source: `find_entropy_patch_start_ids` in facebookresearch/blt for a text behind its begin-of-sentence id, whose own patch is not counted here.
 *
 * @param entropies [bytes] nats; `entropies[i]` is that of byte i, given the bytes before it
 * @returns number of the first byte of each patch
 */
export function entropyBoundaries(entropies: Float32Array, rule: EntropyRule): Uint32Array {
  const { monotonic, maximumLength } = rule;
  // Entropies, thresholds and differences are float32 numbers in the reference.
  const threshold = Math.fround(rule.threshold);
  const starts: number[] = entropies.length > 0 ? [0] : [];
  if (monotonic && entropies.length > 1) starts.push(1);
  for (let i = monotonic ? 2 : 1; i < entropies.length; i++) {
    const surprise = monotonic ? Math.fround(entropies[i]! - entropies[i - 1]!) : entropies[i]!;
    if (surprise > threshold) starts.push(i);
  }
  return splitLongPatches(starts, entropies.length, maximumLength);
}
