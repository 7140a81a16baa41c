import { strict as assert } from 'node:assert';
import type { ByteSpan } from '../../base/index.ts';
import { type Compressor, LARGEST_CHUNK_CONTENT } from '../../zpkg/index.ts';
import { cutPassages } from '../passages/cut-passages.ts';
import { BORDERS, nearestBorder, splitsSurrogates } from '../passages/text-borders.ts';
import type { CompressedPart, CompressionSettings } from './compression-messages.ts';

/** Smallest target for a part's frame: one character always fits, so that splitting ends. */
export const SMALLEST_TARGET = 64;

/** A text of more than this many times the target is cut before it is compressed for the first time. */
const LARGEST_FIRST_TRY = 64;
/** Parts compress a little worse than the whole: so much more room is planned. */
const PLANNED_LOSS = 1.05;
/** How far from the planned place a border is looked for, in parts. */
const REACH = 0.25;

/**
 * Cuts a text into parts whose frames have at most `target` bytes, at the borders of paragraphs, else lines, sentences, words, characters. The parts joined
 * are the text; a text that fits is one part. Each part is then cut into passages, where these are wanted.
 *
 * @returns the parts in order
 */
export function compressInParts(
  text: string,
  compressor: Compressor,
  { targetChunkSize: target, passages }: Pick<CompressionSettings, 'targetChunkSize' | 'passages'>,
): CompressedPart[] {
  assert(target >= SMALLEST_TARGET);
  const compressed: CompressedPart[] = [];
  const add = (part: string, atLeast: number): void => {
    const bytes = Buffer.from(part, 'utf8');
    let parts = Math.max(atLeast, Math.ceil(bytes.length / Math.min(LARGEST_FIRST_TRY * target, LARGEST_CHUNK_CONTENT)));
    if (parts === 1) {
      const frame = compressor.compress(bytes);
      if (frame.length <= target) {
        compressed.push({ frame, passages: passages === undefined ? [] : severalOf(cutPassages(part, passages)) });
        return;
      }
      parts = Math.max(2, Math.ceil((frame.length / target) * PLANNED_LOSS));
    }
    for (const piece of cut(part, parts)) add(piece, 1);
  };
  add(text, 1);
  return compressed;
}

function severalOf(passages: readonly ByteSpan[]): readonly ByteSpan[] {
  return passages.length > 1 ? passages : [];
}

/** Cuts a text of at least two characters into about `parts` pieces of about one length, and into two at least. */
function cut(text: string, parts: number): string[] {
  const pieces: string[] = [];
  let start = 0;
  for (let number = 1; number < parts; number++) {
    const length = (text.length - start) / (parts - number + 1);
    const end = borderNear(text, start, start + length, REACH * length);
    if (end <= start || end >= text.length) continue;
    pieces.push(text.slice(start, end));
    start = end;
  }
  pieces.push(text.slice(start));
  assert(pieces.length > 1, 'a text of one character was to be cut');
  return pieces;
}

/** Where to cut near `wanted`: the nearest border of the best kind within reach, else between two characters. */
function borderNear(text: string, start: number, wanted: number, reach: number): number {
  const from = Math.max(start, Math.floor(wanted - reach));
  const to = Math.min(text.length, Math.ceil(wanted + reach));
  const fits = (end: number): boolean => end > start && end < text.length;
  for (const border of Object.values(BORDERS)) {
    const best = nearestBorder(text, { from, to, wanted }, border, fits);
    if (best >= 0) return best;
  }
  const place = Math.min(Math.max(Math.round(wanted), start + 1), text.length - 1);
  if (!splitsSurrogates(text, place)) return place;
  return place + 1 < text.length ? place + 1 : place - 1;
}
