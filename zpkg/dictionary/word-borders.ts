/** Where entries of a dictionary may begin and end: `any` byte, or no place within a `word`. */
export type DictionaryBorders = 'any' | 'word';

const NEW_LINE = 0x0a;
/** Farther than this an entry does not grow to reach a border: it shrinks. */
const REACH = 16;

/**
 * Letters and digits of ASCII, and every byte from 0x80 on: what no encoding of a space or of ASCII's punctuation has. So a word of any script that has those is
 * whole, and no character of UTF-8 is cut.
 */
export function isWordByte(byte: number): boolean {
  return byte >= 0x80 || (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a);
}

/** A unit is a word with the byte behind it, or a byte that is in no word. Units stand one behind the other in any order, and their words stay words. */
function isUnitStart(bytes: Uint8Array, at: number): boolean {
  return at === 0 || !isWordByte(bytes[at - 1]!);
}

/** A text of whole units: with a new line where it ends within one. */
export function withEnd(text: Uint8Array): Uint8Array {
  return text.length > 0 && isWordByte(text.at(-1)!) ? Buffer.concat([text, Uint8Array.of(NEW_LINE)]) : text;
}

/** The range of whole units that `[from, to)` grows to on each side, or shrinks to where a border is far; empty when it holds none. */
export function wholeUnits(bytes: Uint8Array, from: number, to: number): { from: number; to: number } {
  let end = to;
  while (!isUnitStart(bytes, end) && end - to < REACH) end++;
  if (!isUnitStart(bytes, end)) {
    end = to;
    while (end > from && !isUnitStart(bytes, end)) end--;
  }
  let first = from;
  while (!isUnitStart(bytes, first) && from - first < REACH) first--;
  if (!isUnitStart(bytes, first)) {
    first = from;
    while (first < end && !isUnitStart(bytes, first)) first++;
  }
  // Where neither loop met a border the range lies within one word.
  return { from: first, to: isUnitStart(bytes, end) ? end : first };
}

/** [bytes] Each byte's value replaced by the mean over its unit, so that units are kept or left whole. */
export function levelledOverUnits(bytes: Uint8Array, values: Float64Array): Float64Array {
  const levelled = new Float64Array(values.length);
  let start = 0;
  for (let end = 1; end <= bytes.length; end++) {
    if (end < bytes.length && !isUnitStart(bytes, end)) continue;
    let sum = 0;
    for (let at = start; at < end; at++) sum += values[at]!;
    levelled.fill(Math.round((sum / (end - start)) * 16) / 16, start, end);
    start = end;
  }
  return levelled;
}

/** At most the last `size` bytes of a content. With `word` the content consists of whole units, and no unit is cut here. */
export function lastBytes(content: Uint8Array, size: number, borders: DictionaryBorders): Uint8Array {
  let start = Math.max(0, content.length - size);
  if (borders === 'word') while (start < content.length && !isUnitStart(content, start)) start++;
  return content.subarray(start);
}
