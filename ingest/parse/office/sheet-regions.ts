import { tooLarge } from '../xml.ts';
import type { Cell, CellRange, SheetCells } from './sheet-cells.ts';

/** What stands on a sheet: lines of text, alone or right above a table, or a table. */
export type SheetRegion =
  | { readonly kind: 'text' | 'title'; readonly texts: readonly string[] }
  | { readonly kind: 'table'; readonly rows: readonly (readonly string[])[]; readonly headerRows: number };

type Row = readonly [number: number, cells: ReadonlyMap<number, Cell>];

/** Cells of one table, empty ones included. */
const MOST_CELLS = 4_000_000;
/** A header has at most so many rows. */
const MOST_HEADER_ROWS = 3;

/** Rows that follow each other. */
function groupsOf(cells: SheetCells): Row[][] {
  const groups: Row[][] = [];
  for (const row of [...cells.rows].sort((a, b) => a[0] - b[0])) {
    const last = groups.at(-1)?.at(-1);
    if (last !== undefined && row[0] === last[0] + 1) groups.at(-1)?.push(row);
    else groups.push([row]);
  }
  return groups;
}

function onlyCell([, cells]: Row): Cell | undefined {
  return cells.size === 1 ? [...cells.values()][0] : undefined;
}

/** Rows with one text above a table are its title; if the table has but one column, all are lines of text. */
function splitTitles(rows: readonly Row[]): { titles: string[]; rest: readonly Row[] } {
  const wide = rows.findIndex(([, cells]) => cells.size > 1);
  const end = wide < 0 ? rows.length : wide;
  const titles: string[] = [];
  for (const row of rows.slice(0, end)) titles.push(onlyCell(row)?.text ?? '');
  return { titles, rest: rows.slice(end) };
}

/** How many of the first rows are the header: rows of texts alone, the first of which says what stands below; more than one where it has cells over several columns. */
function headerRowsOf(rows: readonly Row[], columns: readonly number[], merged: readonly CellRange[]): number {
  if (rows.length < 2) return 0;
  const textsAlone = ([, cells]: Row): boolean => [...cells.values()].every(({ number }) => !number);
  let header = 0;
  while (header < Math.min(MOST_HEADER_ROWS, rows.length - 1) && textsAlone(rows[header] as Row)) {
    const [number] = rows[header] as Row;
    header += 1;
    // A cell over several columns has its parts named in the next row; one over several rows reaches into it.
    if (
      !merged.some(
        ({ firstRow, lastRow, firstColumn, lastColumn }) =>
          firstRow === number && (lastRow > firstRow || lastColumn > firstColumn),
      )
    )
      break;
  }
  if (header === 0) return 0;
  const [, first] = rows[0] as Row;
  const full = columns.every(
    (column) =>
      first.has(column) ||
      merged.some((range) => range.firstRow === rows[0]?.[0] && range.firstColumn < column && column <= range.lastColumn),
  );
  const numbersBelow = rows.slice(header).some(([, cells]) => [...cells.values()].some(({ number }) => number));
  return full || numbersBelow ? header : 0;
}

/** Regions of a sheet from top to bottom. Columns that are empty in a region are no part of it. */
export function sheetRegions(cells: SheetCells, path: string): SheetRegion[] {
  return groupsOf(cells).flatMap((group): SheetRegion[] => {
    const { titles, rest } = splitTitles(group);
    const regions: SheetRegion[] = titles.length > 0 ? [{ kind: rest.length > 0 ? 'title' : 'text', texts: titles }] : [];
    if (rest.length === 0) return regions;
    const columns = [...new Set(rest.flatMap(([, row]) => [...row.keys()]))].sort((a, b) => a - b);
    if (columns.length * rest.length > MOST_CELLS) throw tooLarge(path, `has a table of more than ${MOST_CELLS} cells`);
    const rows = rest.map(([, row]) => columns.map((column) => row.get(column)?.text ?? ''));
    return [...regions, { kind: 'table', rows, headerRows: headerRowsOf(rest, columns, cells.merged) }];
  });
}
