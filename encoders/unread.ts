import type { Unread } from './encoder.ts';

/** What two parts of a work left unread, in all; undefined when it is nothing. */
export function addUnread(a: Unread | undefined, b: Unread | undefined): Unread | undefined {
  if (!(a && b)) return a ?? b;
  return { passages: a.passages + b.passages, symbols: a.symbols + b.symbols, bytes: a.bytes + b.bytes };
}

/**
 * For people: "3 of 1000 passages are longer than the encoder reads (model.maximumSymbols): 1,234 bytes at their ends are not in their vectors".
 *
 * @param rows passages in all
 */
export function unreadNote({ passages, bytes }: Unread, rows: number): string {
  return `${passages} of ${rows} passages are longer than the encoder reads (model.maximumSymbols): ${bytes} bytes at their ends are not in their vectors`;
}
