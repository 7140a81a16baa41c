/** A part of a unit that is kept or left out. */
export interface Segment {
  readonly text: string;
  /** A table or code: it is kept as a whole or not at all. */
  readonly isWhole: boolean;
}

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const HEADING = /^#{1,6}\s/;
const TABLE_ROW = /^\|.*\|$/;

/** Paragraphs, lists, tables and code of a Markdown text, in order; a heading belongs to what follows it. */
export function segmentsOf(markdown: string): Segment[] {
  const segments: Segment[] = [];
  let lines: string[] = [];
  let fence = '';
  const close = (): void => {
    const text = lines.join('\n').trim();
    const body = text.split('\n').filter((line) => line !== '' && !HEADING.test(line));
    const isTable = body.length > 0 && body.every((line) => TABLE_ROW.test(line));
    if (text !== '') segments.push({ text, isWhole: isTable || FENCE.test(body[0] ?? '') });
    lines = [];
  };
  for (const line of markdown.split('\n')) {
    const isInside = fence !== '';
    if (isInside && line.startsWith(fence) && line.slice(fence.length).trim() === '') fence = '';
    else if (!isInside) fence = FENCE.exec(line)?.[1] ?? '';
    const endsSegment = !isInside && line.trim() === '' && !lines.every((one) => one.trim() === '' || HEADING.test(one));
    if (endsSegment) close();
    else lines.push(line);
  }
  close();
  return segments;
}
