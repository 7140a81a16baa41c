import { CemError } from '../../base/index.ts';
import type { FrameSymbols } from '../../zpkg/index.ts';

/**
 * A document as ranges of two arrays that are not the document: the shared dictionary and the document's own literals.
 * Positions below the dictionary's length lie in the dictionary, the others in the literals.
 *
 * A literal is one byte of the literals; a copy from the dictionary is a range of the dictionary; a copy from the document has the ranges that its
 * source had. Ranges are numbers: no byte is moved, nothing is decompressed. Neighbours that continue each other are merged,
 * except across the dictionary's end, behind which the literals are another array.
 */
export class Rope {
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

  /** Where a range ends in the document. */
  endOf(range: number): number {
    return range + 1 < this.count ? this.documentStarts[range + 1]! : this.size;
  }

  /** The range that a position of the document lies in. */
  rangeAt(position: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.documentStarts[middle]! <= position) low = middle;
      else high = middle - 1;
    }
    return low;
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
    let range = this.rangeAt(from);
    let position = from;
    let left = length;
    while (left > 0) {
      const end = this.endOf(range);
      const part = Math.min(left, end - position);
      this.append(this.starts[range]! + position - this.documentStarts[range]!, part);
      left -= part;
      position += part;
      if (left > 0 && range + 1 < this.count && position === this.documentStarts[range + 1]!) range++;
    }
  }
}

/**
 * The rope of a frame's symbols.
 *
 * @throws CemError `ROPE_WITHOUT_DICTIONARY` when a copy reaches outside the dictionary
 */
export function resolveRope(symbols: FrameSymbols, dictionaryLength: number): Rope {
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
