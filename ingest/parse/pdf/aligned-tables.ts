import { joinLines } from './glyph-text.ts';
import type { PageStyle } from './page-style.ts';
import type { PdfLine } from './pdf-lines.ts';

/** A table that is known by its columns alone. */
export interface AlignedTable {
  /** One after the last of its lines. */
  readonly end: number;
  readonly rows: readonly (readonly string[])[];
}

/** Leaders of a table of contents: `Title . . . . . 12`. */
const LEADER = /(?:\.\s?){4,}\s*(?:\d+|[ivxlc]+)?$/i;
/** What is left of them where the dots are drawn otherwise: a title, and a page number at the right. */
const PAGE = /^(?:\d{1,4}|[ivxlc]{1,7})$/i;

/** Whether a line is one of a table of contents, given that of its neighbours one is. */
export function isContentsLine(lines: readonly PdfLine[], index: number): boolean {
  const line = lines[index];
  if (line === undefined || line.table !== undefined) return false;
  if (LEADER.test(line.text)) return true;
  if (line.segments.length !== 2 || !PAGE.test(line.segments[1]?.text ?? '')) return false;
  return [index - 2, index - 1, index + 1, index + 2].some((near) => LEADER.test(lines[near]?.text ?? ''));
}

/** A line of a table of contents without leaders and page number. */
export function contentsText(line: PdfLine): string {
  if (LEADER.test(line.text)) return line.text.replace(LEADER, '').trim();
  return line.segments[0]?.text ?? line.text;
}

/** Parts of lines that stand above each other: their x ranges overlap. */
function columnsOf(rows: readonly PdfLine[]): { left: number; right: number; rows: number }[] {
  const columns: { left: number; right: number; rows: number }[] = [];
  for (const segment of rows.flatMap(({ segments }) => segments).sort((a, b) => a.left - b.left)) {
    const last = columns.at(-1);
    if (last !== undefined && segment.left < last.right) {
      last.right = Math.max(last.right, segment.right);
      last.rows += 1;
    } else columns.push({ left: segment.left, right: segment.right, rows: 1 });
  }
  return columns;
}

function cellsOf(line: PdfLine, columns: readonly { left: number; right: number }[]): string[] {
  const cells = columns.map(() => '');
  for (const { text, left } of line.segments) {
    const column = Math.max(
      0,
      columns.findLastIndex((each) => each.left <= left + 1),
    );
    cells[column] = joinLines([cells[column] ?? '', text]);
  }
  return cells;
}

/**
 * The table that begins with a line: at least two lines below each other whose parts stand apart in the same columns. A line with one part in a later column goes on with the
 * row above it.
 *
 * @param most one after the last line that may be of it
 */
export function alignedTable(lines: readonly PdfLine[], start: number, most: number, style: PageStyle): AlignedTable | undefined {
  const first = lines[start] as PdfLine;
  const isRow = (index: number): boolean => {
    const line = lines[index];
    return (
      line !== undefined &&
      line.table === undefined &&
      line.region === first.region &&
      line.segments.length >= 2 &&
      !isContentsLine(lines, index)
    );
  };
  if (!isRow(start)) return undefined;
  let end = start + 1;
  for (; end < most; end += 1) {
    const [before, line] = [lines[end - 1] as PdfLine, lines[end] as PdfLine];
    const gap = line.baseline - before.baseline;
    if (line.region !== first.region || line.table !== undefined || gap <= 0 || gap > 2.2 * style.leading(line.fontSize)) break;
    if (isRow(end)) continue;
    const goesOn = line.left > first.left + 2 * line.fontSize && gap <= 1.25 * style.leading(line.fontSize) + 1;
    if (!goesOn || line.segments.length > 1) break;
  }
  const rows = lines.slice(start, end);
  const columns = columnsOf(rows);
  const full = rows.filter(({ segments }) => segments.length >= 2).length;
  const shared = columns.filter((column) => column.rows >= 2).length;
  if (full < 2 || columns.length < 2 || shared < 2) return undefined;
  const cells: string[][] = [];
  for (const line of rows) {
    const row = cellsOf(line, columns);
    const last = cells.at(-1);
    if (line.segments.length === 1 && last !== undefined)
      for (const [column, text] of row.entries()) last[column] = joinLines([last[column] ?? '', text], style.spacedMixed);
    else cells.push(row);
  }
  return { end, rows: cells };
}
