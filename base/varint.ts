/** LEB128 of unsigned integers: seven bits a byte, the lowest first, the high bit set on all bytes but the last. */

/** Appends a whole number from 0 to 2^53 - 1. */
export function pushVarint(value: number, to: number[]): void {
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) to.push((rest % 0x80) | 0x80);
  to.push(rest);
}

/**
 * Reads a number.
 *
 * @param maximumBytes more bytes than these are refused, so that a number cannot go on for ever
 * @returns the number and the place behind it; undefined where the bytes end first or the number is longer
 */
export function readVarint(
  bytes: Uint8Array,
  position: number,
  maximumBytes: number,
): { readonly value: number; readonly next: number } | undefined {
  let value = 0;
  for (let index = 0; index < maximumBytes; index++) {
    const byte = bytes[position + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, next: position + index + 1 };
  }
  return undefined;
}
