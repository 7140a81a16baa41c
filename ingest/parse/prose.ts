/** Scripts that are written without spaces between words, and their punctuation: a line that ends in one goes on without a space. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff00-\uffef]/u;

/**
 * Prose on one line: every run of white space is one space, and none at the ends. A line break between two characters of Chinese or Japanese goes without one (CSS Text 3, 4.1.3).
 * No-break and ideographic spaces are spaces.
 */
export function joinLines(text: string): string {
  const joined = text.replace(/\s+/g, (space, offset: number) => {
    if (!/[\n\r\u2028\u2029]/.test(space)) return ' ';
    const [before = '', after = ''] = [text[offset - 1], text[offset + space.length]];
    return UNSPACED.test(before) && UNSPACED.test(after) ? '' : ' ';
  });
  return joined.trim();
}
