/** A paragraph of a page's text. */
export interface CaseParagraph {
  readonly text: string;
  readonly firstPage: number;
  readonly lastPage: number;
  /** Size of its first line's letters, in points. */
  readonly fontSize: number;
}

/** A line as it stands on a page; lengths in points. */
export interface CaseLine {
  readonly text: string;
  /** From 1. */
  readonly page: number;
  readonly left: number;
  readonly right: number;
  readonly fontSize: number;
}

/** Letters by which a first line stands further to the right, and by which a last line ends before the others. */
const INDENT = 1;
const SHORT = 2;
/** By so many, whatever the line ends with: a heading. */
const VERY_SHORT = 6;
const SENTENCE_END = /[。：；！？.:;!?][”’」』》）)]*$/;
const NUMBERED = /^(?:[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十\d]{1,3}[）)])/;

/**
 * Lines of a Chinese text to its paragraphs. A paragraph begins with an indented line, with a number (一、), or behind a line that ends before the margin: with the end of a sentence, or
 * long before it.
 *
 * @param begins whether a line begins a paragraph, whatever its place
 * @param isAlone whether it is one by itself, as headings are
 */
export function caseParagraphs(
  lines: readonly CaseLine[],
  begins: (text: string) => boolean,
  isAlone: (text: string) => boolean,
): CaseParagraph[] {
  const [left, right] = [commonest(lines.map((line) => line.left)), commonest(lines.map((line) => line.right))];
  const paragraphs: CaseLine[][] = [];
  let open = false;
  for (const [place, line] of lines.entries()) {
    const before = lines[place - 1];
    const alone = isAlone(line.text);
    const starts =
      !open ||
      alone ||
      begins(line.text) ||
      before === undefined ||
      line.left > left + INDENT * line.fontSize ||
      Math.abs(line.fontSize - before.fontSize) > 0.5 ||
      NUMBERED.test(line.text) ||
      before.right < right - (SENTENCE_END.test(before.text) ? SHORT : VERY_SHORT) * before.fontSize;
    if (starts) paragraphs.push([line]);
    else paragraphs.at(-1)!.push(line);
    open = !alone;
  }
  return paragraphs.map((own) => ({
    text: own.reduce((joined, { text }) => joinChinese(joined, text), ''),
    firstPage: own[0]!.page,
    lastPage: own.at(-1)!.page,
    fontSize: own[0]!.fontSize,
  }));
}

/** Of rounded values the most frequent one. */
function commonest(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(Math.round(value), (counts.get(Math.round(value)) ?? 0) + 1);
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best), [0, 0] as [number, number])[0];
}

/** A line end in Chinese stands for nothing, unless it separates two words or numbers of Latin letters. */
function joinChinese(before: string, after: string): string {
  return before === '' || !/[!-~]$/.test(before) || !/^[!-~]/.test(after) ? before + after : `${before} ${after}`;
}
