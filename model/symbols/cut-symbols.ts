import { type ByteSpan, CemError } from '../../base/index.ts';
import type { FrameSymbols } from '../../zpkg/index.ts';
import { symbolKind } from './symbol-kinds.ts';

/** What of a passage was left out because it has more symbols than the encoder reads. */
export interface LeftOut {
  readonly symbols: number;
  /** Bytes of text that they stand for. */
  readonly bytes: number;
}

/** The symbols of a passage, as many of them as are read. */
export interface PassageSymbols {
  readonly count: number;
  /** [count] bytes that each symbol stands for, within the passage. */
  readonly lengths: Uint32Array;
  /** [count] `symbolKind` of each symbol, by its length within the passage. */
  readonly kinds: Uint8Array;
  /** Symbols that zstd's blocks begin with, ascending from 0. */
  readonly blockStarts: Uint32Array;
  /** Where the passage begins in the frame's content. */
  readonly start: number;
  /** Bytes that the symbols stand for. */
  readonly size: number;
  /** Absent: nothing. */
  readonly leftOut?: LeftOut;
}

/** Bytes that the passages of one chunk stand for together at most: overlaps may make them some times as large as the largest chunk that is encoded, but no more. */
const LARGEST_PASSAGES = 16 * 1024 * 1024;

/**
 * Cuts a frame's symbols at the borders of passages: a copy across a border is a copy on either side of it, shorter ones. Time grows with the symbols of the frame and those of all
 * passages, never with their product.
 *
 * @param spans in order, by their first byte; they may overlap, and may be empty
 * @param maximumSymbols of each passage; what lies behind is left out
 * @throws CemError `PASSAGE_SPAN`, `PASSAGES_TOO_LARGE`
 */
export function cutSymbols(symbols: FrameSymbols, spans: readonly ByteSpan[], maximumSymbols: number): PassageSymbols[] {
  checkSpans(spans, symbols.size);
  const starts = startsOf(symbols);
  let room = LARGEST_PASSAGES;
  return spans.map(({ start, end }) => {
    const from = start === end ? symbols.count : lastUpTo(starts, start);
    const to = start === end ? symbols.count : firstFrom(starts, end);
    const count = Math.min(to - from, maximumSymbols);
    const readEnd = count < to - from ? starts[from + count]! : end;
    room -= readEnd - start;
    if (room < 0) {
      throw new CemError(
        'PASSAGES_TOO_LARGE',
        `the passages of a chunk of ${symbols.size} bytes overlap so far that they are more than ${LARGEST_PASSAGES} bytes together; pack with a smaller overlap`,
        { details: { passages: spans.length, size: symbols.size, limit: LARGEST_PASSAGES } },
      );
    }
    const lengths = symbols.lengths.slice(from, from + count);
    if (count > 0) {
      lengths[0]! -= start - starts[from]!;
      lengths[count - 1]! -= starts[from + count]! - readEnd;
    }
    const kinds = new Uint8Array(count);
    for (let i = 0; i < count; i++) kinds[i] = symbolKind(symbols.offsets[from + i] !== 0, lengths[i]!);
    return {
      count,
      lengths,
      kinds,
      blockStarts: blocksWithin(symbols.blockStarts, from, from + count),
      start,
      size: readEnd - start,
      ...(count < to - from && { leftOut: { symbols: to - from - count, bytes: end - readEnd } }),
    };
  });
}

function checkSpans(spans: readonly ByteSpan[], size: number): void {
  let before = 0;
  spans.forEach(({ start, end }, passage) => {
    const refuse = (problem: string): never => {
      throw new CemError(
        'PASSAGE_SPAN',
        `passage ${passage} is to be bytes ${start} to ${end} of a chunk of ${size}, ${problem}; give the spans that were packed with this very chunk (passagesOf)`,
        { details: { passage, start, end, size } },
      );
    };
    if (!(Number.isInteger(start) && Number.isInteger(end))) refuse('and bytes are counted in whole numbers');
    if (start < 0 || end > size) refuse('which reaches outside it');
    if (end < start) refuse('which ends before it begins');
    if (start < before) refuse(`and the one before it begins at ${before}: spans come in the order of their first bytes`);
    before = start;
  });
}

/** [count + 1] where each symbol begins in the content, then the content's end. */
function startsOf({ count, lengths }: FrameSymbols): Uint32Array {
  const starts = new Uint32Array(count + 1);
  for (let i = 0; i < count; i++) starts[i + 1] = starts[i]! + lengths[i]!;
  return starts;
}

/** The last place whose number is not above `limit`, of ascending numbers from 0. */
function lastUpTo(ascending: Uint32Array, limit: number): number {
  return firstFrom(ascending, limit + 1) - 1;
}

/** The first place whose number is not below `limit`; their length where there is none. */
function firstFrom(ascending: Uint32Array, limit: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The blocks that begin within symbols `from` to `to`, counted from `from`, behind the passage's own beginning. */
function blocksWithin(blockStarts: Uint32Array, from: number, to: number): Uint32Array {
  const inside = blockStarts.subarray(firstFrom(blockStarts, from + 1), firstFrom(blockStarts, to));
  const starts = new Uint32Array(1 + inside.length);
  inside.forEach((start, index) => {
    starts[1 + index] = start - from;
  });
  return starts;
}
