import type { ByteSpan } from '../../base/index.ts';
import { MOST_PASSAGES } from '../metadata/passages-block.ts';
import { BORDERS, type BorderWindow, nearestBorder, splitsSurrogates } from './text-borders.ts';
import { type TextHeading, textHeadings } from './text-headings.ts';

/** How a text is cut into passages. */
export interface PassageSettings {
  /** Bytes of UTF-8 that a passage is to have: from half of it to one and a half times. */
  readonly size: number;
  /** How many bytes earlier than the one before it ends a passage begins, at most; below half the size. */
  readonly overlap: number;
}

/** Smallest target: some characters always fit, so that cutting ends. */
export const SMALLEST_PASSAGE = 64;

/** Shares of the target's size. */
const SHORTEST = 0.5;
const LONGEST = 1.5;

/**
 * Cuts a text into passages of about one size, in front of headings, else between paragraphs, lines, sentences, words, characters; a heading stays with what follows it. A text of up
 * to one and a half times the size stays whole. Takes linear time.
 *
 * @returns spans of the text in UTF-8, in order: each begins where the one before it ends, or up to the overlap earlier, at the beginning of a sentence or a word
 */
export function cutPassages(text: string, { size: wanted, overlap }: PassageSettings): ByteSpan[] {
  const bytes = Buffer.byteLength(text);
  if (bytes <= LONGEST * wanted) return [{ start: 0, end: bytes }];
  const size = Math.max(wanted, Math.ceil(bytes / (SHORTEST * MOST_PASSAGES)));
  const places = new BytePlaces(text, bytes);
  const headings = textHeadings(text);
  const spans: ByteSpan[] = [];
  let heading = 0;
  let begin = 0;
  for (let start = 0; ; ) {
    const first = places.byteAt(start);
    const left = bytes - first;
    const isLast = left <= LONGEST * size;
    if (isLast) {
      spans.push({ start: begin, end: bytes });
      return spans;
    }
    const window = {
      from: places.atOrAfter(first + SHORTEST * size),
      to: places.atOrBefore(first + Math.min(LONGEST * size, left - SHORTEST * size)),
      wanted: places.atOrAfter(first + left / Math.round(left / size)),
    };
    while (heading < headings.length && headings[heading]!.contentStart < window.from) heading += 1;
    const end = bestBorder(text, window, headings, heading);
    spans.push({ start: begin, end: places.byteAt(end) });
    start = end;
    begin = overlap === 0 ? places.byteAt(end) : places.byteAt(overlapStart(text, end, overlap, places));
  }
}

/** @param heading the first of the headings that may lie in the window */
function bestBorder(text: string, window: BorderWindow, headings: readonly TextHeading[], heading: number): number {
  const { from, to, wanted } = window;
  const near: TextHeading[] = [];
  for (let next = heading; next < headings.length && headings[next]!.start <= to; next++) near.push(headings[next]!);
  let best = -1;
  for (const { start } of near) {
    if (start >= from && (best < 0 || Math.abs(start - wanted) < Math.abs(best - wanted))) best = start;
  }
  if (best >= 0) return best;
  const fits = (place: number): boolean =>
    place >= from && !near.some(({ start, contentStart }) => start < place && place <= contentStart);
  for (const border of Object.values(BORDERS)) {
    best = nearestBorder(text, window, border, fits);
    if (best >= 0) return best;
  }
  // A heading as long as a passage.
  best = nearestBorder(text, window, BORDERS.word, () => true);
  return best >= 0 ? best : wanted;
}

/** Where a passage begins that would begin at `end`: at a border of what is left of the overlap's first half, else at a word. */
function overlapStart(text: string, end: number, overlap: number, places: BytePlaces): number {
  const earliest = places.byteAt(end) - overlap;
  const from = places.atOrAfter(earliest);
  const fits = (place: number): boolean => place < end;
  const window = { from, to: places.atOrAfter(earliest + overlap / 2), wanted: from };
  for (const border of [BORDERS.paragraph, BORDERS.line, BORDERS.sentence]) {
    const best = nearestBorder(text, window, border, fits);
    if (best >= 0) return best;
  }
  const word = nearestBorder(text, { ...window, to: end }, BORDERS.word, fits);
  return word >= 0 ? word : Math.min(from, end);
}

/** Which byte of UTF-8 each place of a text is. */
class BytePlaces {
  readonly #text: string;
  /** [characters + 1]; undefined when each character is one byte. Between the halves of one, the place of its beginning. */
  readonly #bytes: Uint32Array | undefined;

  constructor(text: string, byteLength: number) {
    this.#text = text;
    if (byteLength === text.length) return;
    const bytes = new Uint32Array(text.length + 1);
    let position = 0;
    for (let index = 0; index < text.length; ) {
      const code = text.codePointAt(index)!;
      // A half by itself is stored as the replacement character, of three bytes.
      position += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
      if (code >= 0x10000) bytes[index + 1] = bytes[index]!;
      index += code < 0x10000 ? 1 : 2;
      bytes[index] = position;
    }
    this.#bytes = bytes;
  }

  byteAt(place: number): number {
    return this.#bytes?.[place] ?? place;
  }

  /** The first place, between two characters, at this byte or behind it. */
  atOrAfter(byte: number): number {
    const bytes = this.#bytes;
    if (bytes === undefined) return Math.min(Math.ceil(byte), this.#text.length);
    let [low, high] = [0, bytes.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (bytes[middle]! < byte) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The last place, between two characters, at this byte or before it. */
  atOrBefore(byte: number): number {
    if (this.#bytes === undefined) return Math.floor(byte);
    const place = this.atOrAfter(Math.floor(byte) + 1);
    const before = this.byteAt(place) <= byte ? place : place - 1;
    return splitsSurrogates(this.#text, before) ? before - 1 : before;
  }
}
