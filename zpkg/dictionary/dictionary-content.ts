import { type DictionaryBorders, wholeUnits, withEnd } from './word-borders.ts';

/** Bytes of a k-mer, the unit that is counted and covered. Of 5 to 8, 6 gave the smallest frames on English technical text. */
const KMER = 6;
/** Bytes of a segment, the unit that is taken. Of 32 to 512, 64 gave the smallest frames. */
const SEGMENT = 64;
const KMERS_PER_SEGMENT = SEGMENT - KMER + 1;
/** log2 of the number of counters; larger ones did not give smaller frames for 20 MB of text, and cost time in cache misses. */
const COUNTER_BITS = 20;
/** How many segments each epoch gives, about: one best segment a turn, so that no part of the sample rules the dictionary. */
const TURNS = 4;

/**
 * Chooses at most `size` bytes of dictionary content: segments that cover the k-mers which most documents share (the approach of
 * Liao, Petri, Moffat and Wirth, "Effective construction of relative Lempel-Ziv dictionaries", 2016).
 *
 * The sample is cut into epochs; turn by turn each gives its segment with the highest sum of document counts over distinct k-mers that no
 * segment before it covered. Segments taken early lie at the end of the result, where distances are shortest. A segment that
 * would not save its own length over the sample is not taken, so the result may be shorter than asked for.
 *
 * @param borders with `word` a segment grows or shrinks to whole words, and what lies in none (a text without spaces) is not taken
 */
export function selectContent(texts: readonly Uint8Array[], size: number, borders: DictionaryBorders): Uint8Array {
  const samples = borders === 'word' ? texts.map(withEnd) : texts;
  const data = Buffer.concat(samples);
  const keys = new Uint32Array(data.length);
  const worth = countDocuments(samples, data, keys);
  const epochs = Math.max(1, Math.floor(size / SEGMENT / TURNS));
  const span = Math.ceil(data.length / epochs);
  const occurrences = new Uint16Array(worth.length);
  const taken: Uint8Array[] = [];
  let left = size;
  let barren = 0;
  for (let epoch = 0; left > 0 && barren < epochs; epoch = (epoch + 1) % epochs) {
    const best = bestSegment(keys, worth, occurrences, epoch * span, Math.min((epoch + 1) * span, keys.length));
    if (best === undefined) {
      barren++;
      continue;
    }
    barren = 0;
    const found = { from: best.from, to: best.to + KMER - 1 };
    const segment = borders === 'word' ? wholeUnits(data, found.from, found.to) : found;
    const end = Math.max(found.to, segment.to) - KMER;
    for (let at = Math.min(found.from, segment.from); at <= end; at++) worth[keys[at]!] = 0;
    // The last one fills what is left; a part of it might end within a word.
    if (borders === 'any' || segment.to - segment.from <= left)
      taken.push(data.subarray(segment.from, segment.to).subarray(0, left));
    left -= segment.to - segment.from;
  }
  return Buffer.concat(taken.reverse());
}

/**
 * Fills `keys` with the counter of the k-mer that starts at each byte (0 where a document has no k-mer left) and returns how many documents
 * hold each, less one: the first could not have been a copy.
 */
function countDocuments(samples: readonly Uint8Array[], data: Buffer, keys: Uint32Array): Uint32Array {
  const counts = new Uint32Array(1 << COUNTER_BITS);
  const lastDocument = new Int32Array(1 << COUNTER_BITS).fill(-1);
  let start = 0;
  samples.forEach((sample, document) => {
    const end = start + sample.length;
    for (let at = start; at + KMER <= end; at++) {
      const low = data.readInt32LE(at);
      const high = data.readUInt16LE(at + 4);
      // Multiplicative mixing; constants: 2^32 / golden ratio, and a large odd number of MurmurHash3's finaliser.
      let mixed = Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x9e3779b1);
      const key = (mixed >>> (32 - COUNTER_BITS)) | 1;
      keys[at] = key;
      if (lastDocument[key] !== document) {
        counts[key] = lastDocument[key] === -1 ? 0 : counts[key]! + 1;
        lastDocument[key] = document;
      }
    }
    start = end;
  });
  return counts;
}

/** The segment of `[from, to)` whose distinct k-mers are worth most, cut down to those worth anything; undefined when it would not pay. */
function bestSegment(
  keys: Uint32Array,
  worth: Uint32Array,
  occurrences: Uint16Array,
  from: number,
  to: number,
): { from: number; to: number } | undefined {
  let start = from;
  let score = 0;
  let bestScore = 0;
  let best = from;
  for (let at = from; at < to; at++) {
    const entering = keys[at]!;
    const before = occurrences[entering]!;
    if (before === 0) score += worth[entering]!;
    occurrences[entering] = before + 1;
    if (at - start === KMERS_PER_SEGMENT) {
      const leaving = keys[start++]!;
      const after = occurrences[leaving]! - 1;
      occurrences[leaving] = after;
      if (after === 0) score -= worth[leaving]!;
    }
    if (score > bestScore) {
      bestScore = score;
      best = start;
    }
  }
  for (; start < to; start++) occurrences[keys[start]!] = 0;
  if (bestScore === 0) return undefined;
  let first = best;
  let end = Math.min(best + KMERS_PER_SEGMENT, to);
  while (worth[keys[first]!] === 0) first++;
  while (worth[keys[end - 1]!] === 0) end--;
  // The score is about the bytes that it saves over the sample. It must not take more.
  return bestScore >= end - first + KMER - 1 ? { from: first, to: end } : undefined;
}
