import { joinLines } from '../prose.ts';
import { type TextLine, width } from './paragraphs.ts';

/** A heading of a plain text: lines of a paragraph, and how deep it is. */
export interface TextHeading {
  readonly level: number;
  readonly text: string;
  /** Lines of the paragraph that are the heading, marks over and under it included; what follows is text. */
  readonly lines: number;
}

const ADORNMENT = /^([=\-~^"'+*#`_:.])\1{2,}\s*$/;
/** Columns and lines of a heading; more where its number says that it is one. */
const LONGEST = 120;
const MOST_LINES = 2;
const LONGEST_IN_SEQUENCE = 240;
const MOST_LINES_IN_SEQUENCE = 4;
/** Signs that end a sentence or go on: a heading has none at its end, but may ask. */
const ENDS = /[.。;；:：,，、]$/u;
/** `1.2`, `1.2.3.` or `A.1`, then words. */
const NUMBERED = /^((?:\d{1,3}|[A-Z])(?:\.\d{1,3}){1,4})\.?[ \t\u3000]+(?=\S)/u;
/** A price or a measure begins no heading: a capital or a character of Chinese must follow, unless the number comes after one that was there. */
const BEGINS = /^\S+[ \t\u3000]+[\p{Lu}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}"'“‘`]/u;
const SINGLE = /^(\d{1,3})\.[ \t\u3000]+(?=[\p{Lu}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}"'“‘`])/u;
/** Candidates behind a single number among which `N.1` must be the first with a point. */
const NEAR = 50;
const CHAPTER = /^(?:Chapter|Part|Appendix|附录)[ \t]*(?:\d{1,3}|[IVXLC]{1,7}|[A-Z])\b(?:[.:][ \t]*|[ \t]+|$)/;
const CHINESE = /^第[ \t]*[〇零一二三四五六七八九十百千\d]{1,7}[ \t]*([编部篇章节])(?:[ \t\u3000]|$|(?=[\p{Script=Han}]))/u;
const CHINESE_RANKS = ['编部篇', '章', '节'] as const;

/**
 * The headings among paragraphs, each by the paragraph's number. Only what is certain: a line with a line of marks under it (and perhaps over it), whose level is that of its marks in the order
 * in which they appear; a paragraph of one or two lines that begins with `1.2`, `Chapter 3` or `第三章` and does not end as a sentence does. A single number is one where `N.1` follows it.
 */
export function textHeadings(paragraphs: readonly (readonly TextLine[])[]): ReadonlyMap<number, TextHeading> {
  const headings = new Map<number, TextHeading>();
  const marks: string[] = [];
  const numbered = numberedHeadings(paragraphs);
  paragraphs.forEach((lines, index) => {
    const heading = adorned(lines, marks) ?? numbered.get(index);
    if (heading !== undefined) headings.set(index, heading);
  });
  return headings;
}

function adorned(lines: readonly TextLine[], marks: string[]): TextHeading | undefined {
  const over = ADORNMENT.exec(lines[0]?.text ?? '')?.[1];
  const title = lines[over === undefined ? 0 : 1]?.text;
  const under = lines[over === undefined ? 1 : 2]?.text ?? '';
  const mark = ADORNMENT.exec(under)?.[1];
  if (title === undefined || mark === undefined || ADORNMENT.test(title) || width(title) > LONGEST) return undefined;
  if (over !== undefined && over !== mark) return undefined;
  // Some underline each character of Chinese by one mark, others by two.
  if (under.trim().length < 0.8 * title.trim().length || !/\p{L}/u.test(title)) return undefined;
  const style = `${over ?? ''}${mark}`;
  if (!marks.includes(style)) marks.push(style);
  return { level: Math.min(6, marks.indexOf(style) + 1), text: joinLines(title), lines: over === undefined ? 2 : 3 };
}

interface Numbered {
  readonly index: number;
  readonly text: string;
  /** `3.1`; undefined for a chapter by word. */
  readonly number?: string;
  readonly rank?: number;
  readonly isCertain?: boolean;
  readonly lines: number;
}

/** `3.2` comes after `3.1`, and `3.1.1` after `3.1`. */
function followsAnother(number: string, numbers: ReadonlySet<string | undefined>): boolean {
  const point = number.lastIndexOf('.');
  const last = Number(number.slice(point + 1));
  const above = number.slice(0, point);
  return numbers.has(`${above}.${last - 1}`) || (last === 1 && numbers.has(above));
}

function numberedHeadings(paragraphs: readonly (readonly TextLine[])[]): ReadonlyMap<number, TextHeading> {
  const found: Numbered[] = [];
  paragraphs.forEach((lines, index) => {
    const text = joinLines(lines.map((line) => line.text).join('\n'));
    if (
      lines.length > MOST_LINES_IN_SEQUENCE ||
      width(text) > LONGEST_IN_SEQUENCE ||
      ENDS.test(text) ||
      /^[ \t]/.test(lines[0]!.text)
    )
      return;
    const isShort = lines.length <= MOST_LINES && width(text) <= LONGEST;
    const dotted = NUMBERED.exec(text)?.[1];
    if (dotted !== undefined)
      found.push({ index, text, number: dotted, isCertain: isShort && BEGINS.test(text), lines: lines.length });
    if (dotted !== undefined || !isShort) return;
    const number = SINGLE.exec(text)?.[1];
    const rank = CHINESE.exec(text)?.[1];
    if (number !== undefined) found.push({ index, text, number, lines: lines.length });
    else if (rank !== undefined)
      found.push({ index, text, rank: CHINESE_RANKS.findIndex((names) => names.includes(rank)), lines: lines.length });
    else if (CHAPTER.test(text)) found.push({ index, text, rank: text.startsWith('Part') ? 0 : 1, lines: lines.length });
  });
  const numbers = new Set(found.map(({ number }) => number));
  const ranks = [...new Set(found.flatMap(({ rank }) => (rank === undefined ? [] : [rank])))].sort();
  // Sections by number lie below chapters by word, where there are any.
  const below = ranks.includes(1) || ranks.includes(0) ? ranks.filter((rank) => rank < 2).length - 1 : 0;
  const headings = new Map<number, TextHeading>();
  for (const [place, { index, text, number, rank, isCertain, lines }] of found.entries()) {
    const following = found.slice(place + 1, place + 1 + NEAR).find((other) => other.number?.includes('.'));
    if (number !== undefined && !number.includes('.') && following?.number !== `${number}.1`) continue;
    if (number?.includes('.') && (numbers.size < 2 || !(isCertain || followsAnother(number, numbers)))) continue;
    const level = rank !== undefined ? ranks.indexOf(rank) + 1 : number!.split('.').length + below;
    headings.set(index, { level: Math.min(6, level), text, lines });
  }
  return headings;
}
