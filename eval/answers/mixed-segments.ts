/** Ideographs that count as characters of their own in the scripts of MLQA and CMRC 2018: Unicode's first block of them, without its last characters. */
const IDEOGRAPH = /[\u4e00-\u9fa5]/;

/**
 * Cuts a text into Chinese characters and, between them, what `cut` makes of the rest.
 *
 * @param cut of a part without Chinese characters
 */
export function mixedSegments(text: string, cut: (part: string) => readonly string[]): string[] {
  const segments: string[] = [];
  let part = '';
  const close = (): void => {
    if (part !== '') segments.push(...cut(part));
    part = '';
  };
  for (const character of text) {
    if (!IDEOGRAPH.test(character)) {
      part += character;
      continue;
    }
    close();
    segments.push(character);
  }
  close();
  return segments;
}
