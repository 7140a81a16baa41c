import type { ByteRange } from './wire.ts';

// Code of the page: see site-script.ts.

/** A text in three parts: before what is quoted, the quote, after it. */
export type Marked = readonly [before: string, quote: string, after: string];

/**
 * Finds a quote in a text: by its bytes in UTF-8 where they hold it, else by its words, else by its words without regard to white space. Undefined where the text
 * does not have it.
 */
export function markQuote(text: string, quote: string, span?: ByteRange): Marked | undefined {
  const byBytes = span === undefined ? undefined : cutAtBytes(text, span);
  if (byBytes !== undefined && (quote === '' || byBytes[1] === quote)) return byBytes;
  const wanted = quote.trim();
  if (wanted === '') return undefined;
  const at = text.indexOf(wanted);
  if (at >= 0) return [text.slice(0, at), wanted, text.slice(at + wanted.length)];
  const words = wanted.split(/\s+/).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const found = new RegExp(words.join('\\s+')).exec(text);
  if (found === null) return undefined;
  const end = found.index + found[0].length;
  return [text.slice(0, found.index), found[0], text.slice(end)];
}

/** Cuts a text at two of its bytes in UTF-8; undefined where they lie outside of it, or inside a character. */
export function cutAtBytes(text: string, { start, end }: ByteRange): Marked | undefined {
  const bytes = new TextEncoder().encode(text);
  if (start < 0 || start >= end || end > bytes.length) return undefined;
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    const parts = [bytes.subarray(0, start), bytes.subarray(start, end), bytes.subarray(end)];
    return parts.map((part) => decoder.decode(part)) as unknown as Marked;
  } catch {
    return undefined;
  }
}
