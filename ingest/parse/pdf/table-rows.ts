import { joinLines } from './glyph-text.ts';
import type { PdfRun } from './page-runs.ts';
import { type PdfRow, type PdfSegment, rowsOf, textOfRow } from './rows.ts';
import type { PdfGrid } from './ruled-tables.ts';

/** A row of a table with a cell for each column. */
export interface PdfTableRow extends PdfRow {
  readonly cells: readonly PdfSegment[];
}

/** Height of small letters, in parts of the font size: a run's middle is half of it above its baseline. */
const MIDDLE = 0.35;

function between(borders: readonly number[], place: number): number {
  for (let index = 1; index < borders.length; index += 1)
    if (place < (borders[index] as number)) return place < (borders[0] as number) ? -1 : index - 1;
  return -1;
}

/** The column whose part of a run is largest, given that a run stands in one. */
function columnOf({ columns }: PdfGrid, run: PdfRun): number {
  return between(columns, Math.min((run.left + run.right) / 2, run.left + run.fontSize));
}

/** Where no lines divide rows, a row begins with text in the first column. */
function rowsWithoutLines(grid: PdfGrid, runs: readonly PdfRun[]): PdfRun[][] {
  const rows: PdfRun[][] = [];
  for (const row of rowsOf(runs)) {
    if (rows.length === 0 || row.runs.some((run) => columnOf(grid, run) === 0)) rows.push([...row.runs]);
    else rows.at(-1)?.push(...row.runs);
  }
  return rows;
}

function cellOf(runs: readonly PdfRun[], left: number, right: number, spacedMixed: boolean): PdfSegment {
  const text = joinLines(rowsOf(runs).map(textOfRow), spacedMixed);
  return { text, left, right };
}

/**
 * The rows of a table that is drawn with lines.
 *
 * @returns undefined where it is none: a box around text has one row or one column with text
 */
export function tableRows(grid: PdfGrid, runs: readonly PdfRun[], spacedMixed: boolean): PdfTableRow[] | undefined {
  const inside = runs.filter((run) => between(grid.rows, run.baseline - MIDDLE * run.fontSize) >= 0 && columnOf(grid, run) >= 0);
  const lined = grid.rows.length > 2;
  const groups = lined ? Array.from({ length: grid.rows.length - 1 }, (): PdfRun[] => []) : rowsWithoutLines(grid, inside);
  if (lined) for (const run of inside) groups[between(grid.rows, run.baseline - MIDDLE * run.fontSize)]?.push(run);
  const filled = groups.filter(({ length }) => length > 0);
  const columns = new Set(inside.map((run) => columnOf(grid, run)));
  if (filled.length < 2 || columns.size < 2) return undefined;
  return filled.map((group) => {
    const cells = grid.columns.slice(1).map((right, column) =>
      cellOf(
        group.filter((run) => columnOf(grid, run) === column),
        grid.columns[column] ?? 0,
        right,
        spacedMixed,
      ),
    );
    const first = rowsOf(group)[0] as PdfRow;
    return { ...first, runs: group, cells };
  });
}
