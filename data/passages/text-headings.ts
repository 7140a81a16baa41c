/** A heading line of a text, in UTF-16 units. */
export interface TextHeading {
  readonly start: number;
  /** Where what stands under it begins: nothing may be cut behind `start` and up to here. */
  readonly contentStart: number;
}

/** A line of so many characters is no heading. */
const LONGEST_HEADING = 200;

const FENCE = /^ {0,3}(?:`{3,}[^`]*$|~{3})/;
/** Markdown and AsciiDoc; parts, chapters and sections of Chinese laws and books. */
const MARKED = /^ {0,3}(?:#{1,6}|={1,6})[ \t]+\S|^\s*第[〇零一二三四五六七八九十百千\d]{1,8}[编章节](?:\s|$)/;
/** What underlines a heading in Markdown and reStructuredText. */
const UNDERLINE = /^([=\-~^"'#*+_])\1{2,}[ \t]*\r?$/;

/**
 * Headings of a text by how their lines look, in order; those with nothing between them count as one. Lines in fenced code are none. No parser reads the text, for it may be a part
 * of anything.
 */
export function textHeadings(text: string): TextHeading[] {
  const headings: TextHeading[] = [];
  let fenced = false;
  /** Beginning and words of the line before, and the beginning of the line above that when it is one of `UNDERLINE`. */
  let before = { start: 0, line: '', overline: -1 };
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const next = newline < 0 ? end : end + 1;
    const line = end - start > LONGEST_HEADING ? '' : text.slice(start, end);
    if (FENCE.test(line)) fenced = !fenced;
    else if (!fenced) {
      if (MARKED.test(line)) addHeading(headings, text, start, next);
      else if (isUnderlined(before.line, line))
        addHeading(headings, text, before.overline < 0 ? before.start : before.overline, next);
    }
    const overline = UNDERLINE.test(before.line) && line[0] !== undefined ? before.start : -1;
    before = { start, line: fenced ? '' : line, overline };
    start = next;
  }
  return headings;
}

function isUnderlined(title: string, line: string): boolean {
  if (title.trim() === '' || !UNDERLINE.test(line) || UNDERLINE.test(title)) return false;
  return line[0] === '=' || line[0] === '-' || line.trimEnd().length >= title.trim().length;
}

function addHeading(headings: TextHeading[], text: string, start: number, end: number): void {
  let contentStart = end;
  while (contentStart < text.length && /\s/.test(text[contentStart]!)) contentStart += 1;
  const last = headings.at(-1);
  if (last !== undefined && start <= last.contentStart) headings[headings.length - 1] = { start: last.start, contentStart };
  else headings.push({ start, contentStart });
}
