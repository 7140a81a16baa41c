import { CemError } from '../../base/index.ts';
import type { FrameSymbols } from '../../zpkg/index.ts';
import { BYTE_ID_OFFSET, type NgramHash, SEGMENT_NUMBERS } from './ngram-hash.ts';

/** Hash rows of one sequence of symbols: what the tables are asked for, symbol by symbol. */
export interface SymbolRows {
  readonly count: number;
  /** [count] bytes that each symbol stands for. */
  readonly lengths: Uint32Array;
  /** [count] 0 for a literal, 1 for a copy. */
  readonly kinds: Uint8Array;
  /** [positions] where each position lies: below the dictionary's length in the dictionary, else that much further in `literalIds`. */
  readonly positions: Int32Array;
  /** [positions, sizes] hash rows of the n-grams that end at each position. */
  readonly rows: Int32Array;
  /** The document's own literals as byte ids, in the order of the frame. */
  readonly literalIds: Uint16Array;
  /** How many bytes were looked up across the borders of ranges, and how many borders there were: at most (n - 1) bytes a border. */
  readonly joinedBytes: number;
  readonly borders: number;
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
 * A document as ranges of two arrays that are not the document: the shared dictionary and the document's own literals.
 * Positions below the dictionary's length lie in the dictionary, the others in the literals.
 *
 * A literal is one byte of the literals; a copy from the dictionary is a range of the dictionary; a copy from the document has the ranges that its
 * source had. Ranges are numbers: no byte is moved, nothing is decompressed. Neighbours that continue each other are merged,
 * except across the dictionary's end, behind which the literals are another array.
 */
class Rope {
  /** Where a range starts in dictionary + literals. */
  starts = new Int32Array(256);
  /** Where a range starts in the document. */
  documentStarts = new Int32Array(257);
  count = 0;
  size = 0;
  readonly #dictionaryLength: number;

  constructor(dictionaryLength: number) {
    this.#dictionaryLength = dictionaryLength;
  }

  lengthOf(range: number): number {
    return (range + 1 < this.count ? this.documentStarts[range + 1]! : this.size) - this.documentStarts[range]!;
  }

  append(start: number, length: number): void {
    const last = this.count - 1;
    if (last >= 0 && start !== this.#dictionaryLength) {
      const lastLength = this.size - this.documentStarts[last]!;
      if (this.starts[last]! + lastLength === start) {
        this.size += length;
        return;
      }
    }
    if (this.count === this.starts.length) {
      const starts = new Int32Array(this.count * 2);
      starts.set(this.starts);
      this.starts = starts;
      const documentStarts = new Int32Array(this.count * 2 + 1);
      documentStarts.set(this.documentStarts);
      this.documentStarts = documentStarts;
    }
    this.starts[this.count] = start;
    this.documentStarts[this.count] = this.size;
    this.count++;
    this.size += length;
  }

  /** Appends the ranges of an earlier part of the document; the part may reach into what is being appended (a match that overlaps itself). */
  copy(from: number, length: number): void {
    let range = this.#find(from);
    let position = from;
    let left = length;
    while (left > 0) {
      const end = range + 1 < this.count ? this.documentStarts[range + 1]! : this.size;
      const part = Math.min(left, end - position);
      this.append(this.starts[range]! + position - this.documentStarts[range]!, part);
      left -= part;
      position += part;
      if (left > 0 && range + 1 < this.count && position === this.documentStarts[range + 1]!) range++;
    }
  }

  #find(position: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.documentStarts[middle]! <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function resolveRanges(symbols: FrameSymbols, dictionaryLength: number): Rope {
  const rope = new Rope(dictionaryLength);
  let literal = dictionaryLength;
  for (let i = 0; i < symbols.count; i++) {
    const offset = symbols.offsets[i]!;
    let length = symbols.lengths[i]!;
    if (offset === 0) {
      rope.append(literal, length);
      literal += length;
      continue;
    }
    const beforeDocument = offset - rope.size;
    if (beforeDocument > 0) {
      const start = dictionaryLength - beforeDocument;
      if (start < 0) {
        throw new CemError(
          'ROPE_WITHOUT_DICTIONARY',
          `a copy reaches ${-start} bytes before the dictionary; open the chunk with the dictionary of its container`,
          {
            details: { symbol: i, offset, dictionaryLength },
          },
        );
      }
      // A copy may begin in the dictionary and go on at the document's start.
      const inDictionary = Math.min(length, beforeDocument);
      const continuation = length - inDictionary;
      rope.append(start, inDictionary);
      length = continuation;
      if (length > 0) rope.copy(0, length);
      continue;
    }
    rope.copy(rope.size - offset, length);
  }
  return rope;
}

/**
 * Resolves every copy and every border of a frame's symbols: gives the hash rows of each document position without producing the document.
 *
 * Inside a range of the dictionary the rows are those of the dictionary; inside a run of literals they are hashed from the literals; the n-grams that end in
 * the first n - 1 positions of a range are hashed from the at most n - 1 bytes before it, which lie in neighbouring ranges.
 *
 * @throws CemError `ROPE_WITHOUT_DICTIONARY` when a copy reaches outside the dictionary
 */
export function symbolRows(symbols: FrameSymbols, dictionary: DictionaryRows, hash: NgramHash): SymbolRows {
  const dictionaryLength = dictionary.ids.length;
  const rope = resolveRanges(symbols, dictionaryLength);
  const width = hash.sizes.length;
  const reach = hash.longest - 1;
  // One sequence to hash: the literals, then for each range a window of the last `reach` ids before it (zeros at the document's start) and its first `reach` ids.
  const literals = symbols.literals.length;
  const window = 2 * reach;
  const ids = new Uint16Array(literals + rope.count * window);
  writeIds(symbols.literals, ids);
  const literalIds = ids.subarray(0, literals);
  const positions = new Int32Array(rope.size);
  const segments = new Int32Array(2 * rope.count * SEGMENT_NUMBERS);
  let segment = 0;
  const addSegment = (from: number, length: number, position: number) => {
    segments[segment] = from;
    segments[segment + 1] = from + length;
    segments[segment + 2] = position;
    segment += SEGMENT_NUMBERS;
  };
  let joinedBytes = 0;
  for (let range = 0; range < rope.count; range++) {
    const position = rope.documentStarts[range]!;
    const length = rope.lengthOf(range);
    const start = rope.starts[range]!;
    const inDictionary = start < dictionaryLength;
    const source = inDictionary ? dictionary.ids : ids;
    const sourceStart = inDictionary ? start : start - dictionaryLength;
    for (let i = 0; i < length; i++) positions[position + i] = start + i;
    const head = Math.min(reach, length);
    const before = Math.min(reach, position);
    joinedBytes += before;
    const border = literals + range * window + reach;
    for (let i = 1; i <= before; i++) {
      const at = positions[position - i]!;
      ids[border - i] = at < dictionaryLength ? dictionary.ids[at]! : ids[at - dictionaryLength]!;
    }
    for (let i = 0; i < head; i++) ids[border + i] = source[sourceStart + i]!;
    addSegment(border, head, position);
    if (length > reach && !inDictionary) addSegment(sourceStart + head, length - head, position + head);
  }
  const rows = new Int32Array(hash.hashSegments(ids, segments.subarray(0, segment), rope.size));
  for (let range = 0; range < rope.count; range++) {
    const start = rope.starts[range]!;
    const length = rope.lengthOf(range);
    if (length <= reach || start >= dictionaryLength) continue;
    const target = (rope.documentStarts[range]! + reach) * width;
    const from = (start + reach) * width;
    const count = (length - reach) * width;
    for (let i = 0; i < count; i++) rows[target + i] = dictionary.rows[from + i]!;
  }
  const kinds = new Uint8Array(symbols.count);
  for (let i = 0; i < symbols.count; i++) kinds[i] = symbols.offsets[i] === 0 ? 0 : 1;
  return {
    count: symbols.count,
    lengths: symbols.lengths,
    kinds,
    positions,
    rows,
    literalIds,
    joinedBytes,
    borders: Math.max(0, rope.count - 1),
  };
}
