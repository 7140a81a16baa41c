import { BYTE_ID_OFFSET, type NgramHash, SEGMENT_NUMBERS } from './ngram-hash.ts';
import type { Rope } from './rope.ts';

/** Hash rows of a passage: what the tables are asked for, position by position. */
export interface PassageRows {
  /** [positions] byte id of each position. */
  readonly ids: Int32Array;
  /** [positions, sizes] hash rows of the n-grams that end at each position. */
  readonly rows: Int32Array;
  /** How many bytes were looked up across the borders of ranges, and how many borders there were: at most (n - 1) bytes a border. */
  readonly joinedBytes: number;
  readonly borders: number;
}

/** Bytes of a document that are encoded by themselves. */
interface Stretch {
  /** Where it begins in the document. */
  readonly start: number;
  /** In bytes. */
  readonly size: number;
}

/**
 * The n-gram rows of a shared dictionary, computed once for a corpus: what lies inside a range of the dictionary is never hashed again.
 */
export class DictionaryRows {
  /** Dictionary content as byte ids. */
  readonly ids: Uint16Array;
  /** [content, sizes] */
  readonly rows: Int32Array;

  constructor(content: Uint8Array, hash: NgramHash) {
    this.ids = new Uint16Array(content.length);
    writeIds(content, this.ids);
    this.rows = new Int32Array(content.length * hash.sizes.length);
    hash.hash(this.ids, 0, content.length, this.rows);
  }
}

function writeIds(bytes: Uint8Array, ids: Uint16Array): void {
  for (let i = 0; i < bytes.length; i++) ids[i] = bytes[i]! + BYTE_ID_OFFSET;
}

/**
 * The rows of passages of a document from its rope, without producing the document: one call of the kernel for all of them.
 *
 * Inside a range of the dictionary the rows are those of the dictionary; inside a run of literals they are hashed from the literals; the n-grams that end in
 * the first n - 1 positions of a range are hashed from the at most n - 1 bytes before it, which lie in neighbouring ranges of the same passage. What lies before a passage
 * counts as zeros, as before a document: a range across its border is two.
 *
 * @param literals of the frame
 * @param dictionary the one that the rope was resolved with
 */
export function passageRows(
  rope: Rope,
  literals: Uint8Array,
  passages: readonly Stretch[],
  dictionary: DictionaryRows,
  hash: NgramHash,
): PassageRows[] {
  const dictionaryLength = dictionary.ids.length;
  const width = hash.sizes.length;
  const reach = hash.longest - 1;
  const first = passages.map(({ start }) => rope.rangeAt(start));
  const ranges = passages.map(({ start, size }, index) => (size > 0 ? rope.rangeAt(start + size - 1) + 1 - first[index]! : 0));
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  const pieces = sum(ranges);
  const total = sum(passages.map(({ size }) => size));
  // One sequence to hash: the literals, then for each range a window of the last `reach` ids before it (zeros where the passage has none) and its first `reach` ids.
  const window = 2 * reach;
  const sequence = new Uint16Array(literals.length + pieces * window);
  writeIds(literals, sequence);
  const ids = new Int32Array(total);
  const segments = new Int32Array(2 * pieces * SEGMENT_NUMBERS);
  // What the dictionary has: from where, to where, how many positions.
  const known = new Int32Array(pieces * SEGMENT_NUMBERS);
  let segment = 0;
  let knownSegment = 0;
  const addSegment = (from: number, length: number, position: number) => {
    segments[segment] = from;
    segments[segment + 1] = from + length;
    segments[segment + 2] = position;
    segment += SEGMENT_NUMBERS;
  };
  let border = literals.length + reach;
  let position = 0;
  const joined = passages.map(({ start, size }, index) => {
    const passageStart = position;
    let joinedBytes = 0;
    for (let range = first[index]!; range < first[index]! + ranges[index]!; range++, border += window) {
      const from = Math.max(rope.documentStarts[range]!, start);
      const length = Math.min(rope.endOf(range), start + size) - from;
      const at = rope.starts[range]! + from - rope.documentStarts[range]!;
      const inDictionary = at < dictionaryLength;
      const source = inDictionary ? dictionary.ids : sequence;
      const sourceStart = inDictionary ? at : at - dictionaryLength;
      for (let i = 0; i < length; i++) ids[position + i] = source[sourceStart + i]!;
      const head = Math.min(reach, length);
      const before = Math.min(reach, position - passageStart);
      joinedBytes += before;
      for (let i = -before; i < head; i++) sequence[border + i] = ids[position + i]!;
      addSegment(border, head, position);
      if (length > reach) {
        if (inDictionary) {
          known[knownSegment] = sourceStart + reach;
          known[knownSegment + 1] = position + reach;
          known[knownSegment + 2] = length - reach;
          knownSegment += SEGMENT_NUMBERS;
        } else addSegment(sourceStart + reach, length - reach, position + reach);
      }
      position += length;
    }
    return joinedBytes;
  });
  const rows = new Int32Array(hash.hashSegments(sequence, segments.subarray(0, segment), total));
  for (let i = 0; i < knownSegment; i += SEGMENT_NUMBERS) {
    const from = known[i]! * width;
    const target = known[i + 1]! * width;
    const count = known[i + 2]! * width;
    for (let j = 0; j < count; j++) rows[target + j] = dictionary.rows[from + j]!;
  }
  let end = 0;
  return passages.map(({ size }, index) => {
    const start = end;
    end += size;
    return {
      ids: ids.subarray(start, end),
      rows: rows.subarray(start * width, end * width),
      joinedBytes: joined[index]!,
      borders: Math.max(0, ranges[index]! - 1),
    };
  });
}
