import type { Compressor } from '../container/codec.ts';
import { readDictionary } from '../frame/dictionary.ts';
import { parseFrame } from '../frame/frame.ts';
import { type DictionaryBorders, lastBytes, levelledOverUnits } from './word-borders.ts';

/** Unused bytes between two used pieces that are kept rather than cut: a copy over them stays in one piece. */
const LARGEST_KEPT_GAP = 4;
/** Bytes of a copy that pay for its own description. */
const COPY_COST = 2;

/**
 * Cuts `content` down to the `size` bytes that copies use most, measured on the frames of `samples`.
 *
 * @param compressor one that writes with `content` as its dictionary
 * @param borders with `word`, content of whole words stays that
 * @returns the kept bytes in their order
 */
export function pruneContent(
  content: Uint8Array,
  samples: readonly Uint8Array[],
  size: number,
  compressor: Compressor,
  borders: DictionaryBorders,
): Uint8Array {
  if (content.length <= size) return content;
  const used = countUsage(content, samples, compressor);
  const usage = borders === 'word' ? levelledOverUnits(content, used) : used;
  // The smallest threshold of usage that leaves no more than `size`: found among the values that occur.
  const levels = Float64Array.from(new Set(usage)).sort();
  let low = 0;
  let high = levels.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keepFrom(usage, levels[middle]!).kept <= size) high = middle;
    else low = middle + 1;
  }
  const level = levels[low];
  const { flags, kept } = level === undefined ? { flags: new Uint8Array(0), kept: 0 } : keepFrom(usage, level);
  // Where many bytes are used equally often no level comes near the size. What lies last was chosen first: that is kept instead.
  if (kept < size / 2) return lastBytes(content, size, borders);
  return content.filter((_, at) => flags[at] === 1);
}

/** [content] How often copies of the samples' frames take each byte, weighted by the part of the copy that is gain. */
function countUsage(content: Uint8Array, samples: readonly Uint8Array[], compressor: Compressor): Float64Array {
  const dictionary = readDictionary(content);
  const changes = new Float64Array(content.length + 1);
  for (const sample of samples) {
    const { count, lengths, offsets } = parseFrame(compressor.compress(sample), dictionary);
    let position = 0;
    for (let i = 0; i < count; i++) {
      const length = lengths[i]!;
      const from = content.length + position - offsets[i]!;
      if (offsets[i]! > position) {
        const gain = (length - COPY_COST) / length;
        const to = Math.min(from + length, content.length);
        changes[from] = changes[from]! + gain;
        changes[to] = changes[to]! - gain;
      }
      position += length;
    }
  }
  let sum = 0;
  // Rounded, because sums of fractions that should be equal differ in their last digits.
  return changes.subarray(0, content.length).map((change) => {
    sum += change;
    return Math.round(sum * 16) / 16;
  });
}

/** [usage] 1 for bytes used at least `least` and for short gaps between them, and how many these are. */
function keepFrom(usage: Float64Array, least: number): { flags: Uint8Array; kept: number } {
  const flags = new Uint8Array(usage.length);
  let kept = 0;
  let last = -1;
  usage.forEach((used, at) => {
    if (used < least) return;
    const from = last >= 0 && at - last - 1 <= LARGEST_KEPT_GAP ? last + 1 : at;
    flags.fill(1, from, at + 1);
    kept += at + 1 - from;
    last = at;
  });
  return { flags, kept };
}
