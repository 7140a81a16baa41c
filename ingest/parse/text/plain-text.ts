import type { BlockPlace, BlockWriter } from '../block-writer.ts';
import { joinLines } from '../prose.ts';
import { indentation, paragraphsOf, type TextLine } from './paragraphs.ts';
import { textHeadings } from './text-headings.ts';

export interface PlainTextOptions {
  /** Whether the text is the writer's source, so that blocks have spans. */
  readonly places: boolean;
}

const BULLET = /^\s*([*+•◦▪·‣●○■□–-])[ \t\u3000]+(?=\S)/u;
const NUMBER = /^\s*(?:\d{1,3}[.)、]|[(（](?:\d{1,3}|[a-z]|[一二三四五六七八九十]{1,3})[)）])[ \t\u3000]*(?=\S)/u;
const RULE = /^\s*([-=_*~#+.])\1{3,}\s*$/;

/**
 * The blocks of a plain text: paragraphs between blank lines with their lines joined, headings where they are certain, items of lists by their marks, and what is drawn with lines and columns as code, so that it
 * keeps them. Lines of marks alone are left out.
 */
export function writePlainText(text: string, writer: BlockWriter, { places }: PlainTextOptions): void {
  const paragraphs = paragraphsOf(text);
  const headings = textHeadings(paragraphs);
  const depths: number[] = [];
  paragraphs.forEach((lines, index) => {
    const heading = headings.get(index);
    if (heading !== undefined) {
      writer.heading(heading.level, heading.text, placeOf(lines.slice(0, heading.lines), places));
      writeParagraph(lines.slice(heading.lines), writer, places, depths);
    } else writeParagraph(lines, writer, places, depths);
  });
}

/** @param depths indentations of the list that goes on, outermost first */
function writeParagraph(lines: readonly TextLine[], writer: BlockWriter, places: boolean, depths: number[]): void {
  const shown = lines.filter(({ text }) => !RULE.test(text));
  if (shown.length === 0) return;
  if (isDrawn(lines)) {
    depths.length = 0;
    writer.add('code', withoutIndentation(lines), placeOf(lines, places));
    return;
  }
  const items = itemsOf(shown);
  if (items === undefined) {
    depths.length = 0;
    writer.add('paragraph', joined(shown), placeOf(shown, places));
    return;
  }
  for (const item of items) {
    const mark = markOf(item[0]!.text);
    if (mark === undefined) {
      writer.add('paragraph', joined(item), placeOf(item, places));
      continue;
    }
    const indented = indentation(item[0]!.text);
    while (depths.length > 0 && depths.at(-1)! > indented) depths.pop();
    if (depths.at(-1) !== indented) depths.push(indented);
    writer.add('list-item', joined(item).slice(mark.length).trim(), placeOf(item, places), { level: depths.length });
  }
}

/** Lines grouped by item; undefined when the paragraph has none. One number alone does not make a list, but one bullet does. */
function itemsOf(lines: readonly TextLine[]): readonly (readonly TextLine[])[] | undefined {
  const bullets = lines.filter(({ text }) => BULLET.test(text)).length;
  const numbers = lines.filter(({ text }) => NUMBER.test(text)).length;
  if (!(bullets > 0 && BULLET.test(lines[0]!.text)) && numbers < 2) return undefined;
  const items: TextLine[][] = [];
  for (const line of lines) {
    const last = items.at(-1);
    if (last === undefined || markOf(line.text) !== undefined) items.push([line]);
    else last.push(line);
  }
  return items;
}

/** The mark as it stands in the item's joined text. */
function markOf(line: string): string | undefined {
  return (BULLET.exec(line) ?? NUMBER.exec(line))?.[0].trimStart();
}

/** Tables and pictures of characters: most lines have gaps of three spaces between words, or are drawn with lines. */
function isDrawn(lines: readonly TextLine[]): boolean {
  if (lines.length < 2) return false;
  const drawn = lines.filter(({ text }) => /\S {3,}\S|\S\t+\S|^\s*[|+][-=+| ]|^\s*[┌├└│╔║]/u.test(text.trim()));
  return drawn.length >= 0.6 * lines.length;
}

function withoutIndentation(lines: readonly TextLine[]): string {
  const least = Math.min(...lines.map(({ text }) => text.length - text.trimStart().length));
  return lines.map(({ text }) => text.slice(least).trimEnd()).join('\n');
}

function joined(lines: readonly TextLine[]): string {
  return joinLines(lines.map(({ text }) => text).join('\n'));
}

function placeOf(lines: readonly TextLine[], places: boolean): BlockPlace {
  if (!places || lines.length === 0) return {};
  const [first, last] = [lines[0]!, lines.at(-1)!];
  return { units: { start: first.start, end: last.start + last.text.length } };
}
