/** A line of a text, without its end. */
export interface TextLine {
  readonly text: string;
  /** UTF-16 units of the text before it. */
  readonly start: number;
}

/** Columns from which on a line is not wrapped: its end is the end of a paragraph. */
const LONGEST_WRAPPED = 120;

/** Groups of lines between blank ones. A group with a line that is too long to be wrapped is parted at each line, one with indented Chinese paragraphs at their beginnings. */
export function paragraphsOf(text: string): readonly (readonly TextLine[])[] {
  const groups: TextLine[][] = [];
  let group: TextLine[] = [];
  const close = (): void => {
    if (group.length > 0) groups.push(...partsOf(group));
    group = [];
  };
  for (let start = 0; start <= text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    // Page breaks of printed texts stand on lines of their own or before one.
    const line = text.slice(start, end).replace(/\r$/, '');
    if (line.trim() === '') close();
    else {
      if (line.startsWith('\f')) close();
      group.push({ text: line, start });
    }
    start = end + 1;
  }
  close();
  return groups;
}

function partsOf(lines: TextLine[]): TextLine[][] {
  if (lines.length === 1) return [lines];
  if (lines.some(({ text }) => width(text) > LONGEST_WRAPPED)) return lines.map((line) => [line]);
  const parts: TextLine[][] = [];
  for (const line of lines) {
    const last = parts.at(-1);
    // Two ideographic spaces begin a paragraph of Chinese.
    if (last === undefined || line.text.startsWith('\u3000\u3000')) parts.push([line]);
    else last.push(line);
  }
  return parts;
}

/** Columns that a line takes where Han and full-width characters take two. */
export function width(line: string): number {
  return line.length + (line.match(/[\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60]/g)?.length ?? 0);
}

export function indentation(line: string): number {
  return width(line) - width(line.trimStart());
}
