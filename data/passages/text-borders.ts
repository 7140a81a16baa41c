/** Places where a text may be cut, the best first. The cut is behind the match. */
export const BORDERS = {
  paragraph: /\n[ \t]*\n\s*/g,
  line: /\n/g,
  sentence: /[.!?]["')\]]*\s+|[。！？；][」』”’）]*/g,
  word: /\s+|[，、：]/g,
} as const;

/** Places of a text in UTF-16 units, both ends included, and the one that is wanted. */
export interface BorderWindow {
  readonly from: number;
  readonly to: number;
  readonly wanted: number;
}

/** The border of a kind that is nearest to the wanted place; -1 when the window has none that `fits`. */
export function nearestBorder(
  text: string,
  { from, to, wanted }: BorderWindow,
  border: RegExp,
  fits: (place: number) => boolean,
): number {
  let best = -1;
  for (const match of text.slice(from, to).matchAll(border)) {
    const end = from + match.index + match[0].length;
    if (fits(end) && (best < 0 || Math.abs(end - wanted) < Math.abs(best - wanted))) best = end;
  }
  return best;
}

/** Whether a place lies between the two halves of one character. */
export function splitsSurrogates(text: string, place: number): boolean {
  const before = text.charCodeAt(place - 1);
  const after = text.charCodeAt(place);
  return before >= 0xd800 && before < 0xdc00 && after >= 0xdc00 && after < 0xe000;
}
