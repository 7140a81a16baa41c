import { joinLines } from './glyph-text.ts';
import type { PageStyle } from './page-style.ts';
import type { PdfLine } from './pdf-lines.ts';

/** Bullets are markup; numbers of items are text, since other places refer to them. */
const BULLET = /^(?:[•●○◦▪■□◆◇➢‣∙]\s*|[·–—*-]\s+)(?=\S)/u;
const NUMBER = /^(?:\(?\d{1,3}[.)、]|\(?[a-z][.)]|[（(][一二三四五六七八九十\d]{1,3}[)）]|[①-⑳])\s*(?=\S)/u;

/** Lines of running text that are one paragraph, or one item of a list. */
export interface PdfParagraph {
  readonly lines: PdfLine[];
  /** How its first line is marked as an item of a list. */
  readonly marker: 'bullet' | 'number' | 'none';
  /** Where its lines begin, once a second one says it. */
  contentLeft: number | undefined;
}

export function startParagraph(line: PdfLine): PdfParagraph {
  const marker = BULLET.test(line.text) ? 'bullet' : NUMBER.test(line.text) ? 'number' : 'none';
  return { lines: [line], marker, contentLeft: undefined };
}

export function paragraphText({ lines, marker }: PdfParagraph, { spacedMixed }: PageStyle): string {
  const text = joinLines(
    lines.map((line) => line.text),
    spacedMixed,
  );
  return marker === 'bullet' ? text.replace(BULLET, '') : text;
}

/** Distance from the leading at which lines are of two paragraphs, as a factor and in points. */
const APART = 1.25;
const APART_POINTS = 1;
/** Lines that begin farther from each other than this, in font sizes, are indented differently. */
const INDENTED = 0.8;
/** Sizes that differ by more points are of two paragraphs. */
const SAME_SIZE = 0.6;
/** Room that a line leaves beyond what the next word takes, in font sizes, to have been ended on purpose. */
const ROOM = 1.5;

function widthOfFirstWord(line: PdfLine): number {
  const word =
    /^(?:[\p{Script=Han}\u3000-\u30ff\uff00-\uffef]{1,2}|\S+?(?=[\p{Script=Han}\s]|$))/u.exec(line.text)?.[0] ?? line.text;
  return ((line.right - line.left) / line.text.length) * word.length;
}

/** Whether a line ends before its region does, though the next word had room: its paragraph ends there. */
function endsEarly(line: PdfLine, next: PdfLine, style: PageStyle): boolean {
  return style.rightOf(line.region) - line.right > widthOfFirstWord(next) + ROOM * line.fontSize;
}

const SENTENCE_END = /[.。！？!?…：:][”"’')）」』\]]*$/u;

/** Whether a line goes on with a paragraph. */
export function continues(paragraph: PdfParagraph, line: PdfLine, style: PageStyle): boolean {
  const last = paragraph.lines.at(-1) as PdfLine;
  const first = paragraph.lines[0] as PdfLine;
  if (Math.abs(last.fontSize - line.fontSize) > SAME_SIZE || startParagraph(line).marker === 'bullet') return false;
  if (last.region !== line.region) return continuesElsewhere(paragraph, line, style);
  const gap = line.baseline - last.baseline;
  if (gap <= 0 || gap > APART * style.leading(line.fontSize) + APART_POINTS) return false;
  if (endsEarly(last, line, style)) return false;
  const indent = INDENTED * line.fontSize;
  if (paragraph.lines.length === 1) {
    // The second line of a paragraph may begin left of the first, of a list item right of it.
    if (line.left > last.left + indent) return paragraph.marker !== 'none' || isHanging(last, line);
    if (line.left < last.left - indent) return paragraph.marker === 'none' && line.left >= style.leftOf(line.region) - indent;
    return startParagraph(line).marker === 'none' || !SENTENCE_END.test(last.text);
  }
  const left = paragraph.contentLeft ?? first.left;
  return Math.abs(line.left - left) <= indent;
}

/** A term that hangs out left of its explanation. */
function isHanging(first: PdfLine, second: PdfLine): boolean {
  return second.left - first.left <= 4 * first.fontSize && /^\S{1,12}\s/u.test(first.text) && !SENTENCE_END.test(first.text);
}

/** Whether the first line of a page or column goes on with the last paragraph of the one before. */
function continuesElsewhere(paragraph: PdfParagraph, line: PdfLine, style: PageStyle): boolean {
  const last = paragraph.lines.at(-1) as PdfLine;
  if (startParagraph(line).marker !== 'none' || last.monospace !== line.monospace) return false;
  const indented = line.left > style.leftOf(line.region) + INDENTED * line.fontSize;
  // Both are indented where the text is an item's.
  const sameIndent =
    Math.abs(line.left - style.leftOf(line.region) - (last.left - style.leftOf(last.region))) <= INDENTED * line.fontSize;
  if (endsEarly(last, line, style) || (indented && (!sameIndent || paragraph.lines.length === 1))) return false;
  return !SENTENCE_END.test(last.text) || /^\p{Ll}/u.test(line.text);
}

export function addLine(paragraph: PdfParagraph, line: PdfLine): void {
  // A second line says where lines begin, and so does the first one of another page or column.
  if (paragraph.lines.length === 1 || paragraph.lines.at(-1)?.region !== line.region) paragraph.contentLeft = line.left;
  paragraph.lines.push(line);
}
