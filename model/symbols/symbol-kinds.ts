/** Kinds of symbols that the model tells apart: padding, literal, and copies by length (exact to 66 bytes, then by powers of two). */
export const PADDING_KIND = 0;
const LITERAL_KIND = 1;
const EXACT_COPY_LENGTHS = 66;
const LONG_COPY_KINDS = 16;
export const SYMBOL_KINDS = 2 + EXACT_COPY_LENGTHS + LONG_COPY_KINDS;

/** Number of the (kind, length) embedding of a symbol, in 1..SYMBOL_KINDS-1; 0 is padding. */
export function symbolKind(isCopy: boolean, length: number): number {
  if (!isCopy) return LITERAL_KIND;
  if (length <= EXACT_COPY_LENGTHS) return LITERAL_KIND + length;
  const octave = Math.floor(Math.log2(length / EXACT_COPY_LENGTHS));
  return LITERAL_KIND + EXACT_COPY_LENGTHS + 1 + Math.min(octave, LONG_COPY_KINDS - 1);
}
