import { type MarkdownSection, markdownSections } from './markdown-sections.ts';

/** A part of a Markdown file that can be read by itself. */
export interface MarkdownPassage {
  /** The headings that it stands under, outermost first, joined by ` > `; empty above the first heading. */
  readonly title: string;
  readonly text: string;
  /** Where it stands in the file, in UTF-16 units: from its first character up to and without `end`. What was left out lies between them, too. */
  readonly start: number;
  readonly end: number;
}

export interface PassageLengths {
  /** Characters; shorter sections are joined with their neighbours, and what stays shorter is left out. */
  readonly shortest: number;
  /** Characters; longer sections are cut between paragraphs, else lines, else words. */
  readonly longest: number;
}

/** A stretch of a text, from `from` up to and without `to`. */
interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** A byte order mark, of which parsers count no character. */
const MARK = '\ufeff';

/** Cuts Markdown at its headings into passages of some paragraphs, in order. */
export function markdownPassages(markdown: string, lengths: PassageLengths): MarkdownPassage[] {
  if (markdown.startsWith(MARK)) {
    return markdownPassages(markdown.slice(MARK.length), lengths).map((passage) => ({
      ...passage,
      start: passage.start + MARK.length,
      end: passage.end + MARK.length,
    }));
  }
  const pieces = markdownSections(markdown).flatMap((section) => {
    const title = section.headings.filter((heading) => heading !== '').join(' > ');
    const text = section.parts.map(({ start, end }) => markdown.slice(start, end)).join('');
    const placeOf = placesOf(section);
    return cut(text, lengths.longest).map(({ from, to }) => {
      const start = placeOf(from);
      return { title, text: text.slice(from, to), start, end: placeOf(to - 1) + 1 };
    });
  });
  return joinShort(pieces, lengths).filter(({ text }) => text.length >= lengths.shortest);
}

/** Says where a character of a section's text stands in the file, for characters that are asked for in order. */
function placesOf({ parts }: MarkdownSection): (index: number) => number {
  let part = 0;
  let passed = 0;
  return (index) => {
    while (index >= passed + parts[part]!.end - parts[part]!.start) {
      passed += parts[part]!.end - parts[part]!.start;
      part += 1;
    }
    return parts[part]!.start + index - passed;
  };
}

/** Stretches of at most `longest` characters, cut as coarsely as that allows; no white space at their ends. */
function cut(text: string, longest: number): Stretch[] {
  const fits = ({ from, to }: Stretch): boolean => to - from <= longest;
  let parts = trimmed(text, { from: 0, to: text.length });
  for (const border of ['\n\n', '\n', ' '])
    parts = parts.flatMap((part) => (fits(part) ? [part] : fill(text, part, border, longest)));
  return parts.flatMap((part) => (fits(part) ? [part] : cutAnywhere(text, part, longest)));
}

/** Parts a stretch at a border and joins neighbours while they fit. */
function fill(text: string, { from, to }: Stretch, border: string, longest: number): Stretch[] {
  const filled: Stretch[] = [];
  for (let start = from; start <= to; ) {
    const found = text.indexOf(border, start);
    const end = found < 0 || found + border.length > to ? to : found;
    const last = filled.at(-1);
    if (last !== undefined && end - last.from <= longest) filled[filled.length - 1] = { from: last.from, to: end };
    else filled.push({ from: start, to: end });
    start = end + border.length;
  }
  return filled.flatMap((part) => trimmed(text, part));
}

/** Between characters, none of which is cut. */
function cutAnywhere(text: string, { from, to }: Stretch, longest: number): Stretch[] {
  const pieces: Stretch[] = [];
  for (const { 0: piece, index } of text.slice(from, to).matchAll(new RegExp(`.{1,${longest}}`, 'gsu')))
    pieces.push({ from: from + index, to: from + index + piece.length });
  return pieces;
}

/** A stretch without white space at its ends; none when nothing else is left. */
function trimmed(text: string, { from, to }: Stretch): Stretch[] {
  const content = text.slice(from, to);
  const start = from + content.length - content.trimStart().length;
  const end = from + content.trimEnd().length;
  return start < end ? [{ from: start, to: end }] : [];
}

/** Joins a piece to the one before it when either is short and both fit; its own heading becomes a line of the text. */
function joinShort(pieces: readonly MarkdownPassage[], { shortest, longest }: PassageLengths): MarkdownPassage[] {
  const joined: MarkdownPassage[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (last !== undefined && Math.min(last.text.length, piece.text.length) < shortest) {
      const heading = piece.title === last.title ? '' : `${piece.title.split(' > ').at(-1) ?? ''}\n\n`;
      const text = `${last.text}\n\n${heading}${piece.text}`;
      if (text.length <= longest) {
        joined[joined.length - 1] = { title: last.title || piece.title, text, start: last.start, end: piece.end };
        continue;
      }
    }
    joined.push(piece);
  }
  return joined;
}
