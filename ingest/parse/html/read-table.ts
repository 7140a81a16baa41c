import { joinLines } from '../prose.ts';
import { attribute, type Element, elementsWithin, isElement, textWithin } from './elements.ts';

export interface HtmlTable {
  readonly rows: readonly (readonly string[])[];
  readonly headerRows: number;
  readonly captions: readonly Element[];
}

interface Cell {
  readonly text: string;
  /** What stands for its pictures, which is a cell's text where it has no other. */
  readonly pictures: string;
}

const EMPTY: Cell = { text: '', pictures: '' };

type LeftOut = (element: Element) => boolean;

/** The standard's own bounds (4.9.11 and 4.9.12) are 1,000 columns and 65,534 rows; a table that its spans would make this large is read without them. */
const MOST_COLUMNS = 1000;
const MOST_CELLS = 500_000;

/** A table's cells; undefined for one that only arranges what stands in it: with tables inside, a role that says so, or texts in one column alone. */
export function readTable(table: Element, leftOut: LeftOut): HtmlTable | undefined {
  const role = attribute(table, 'role');
  if (role === 'presentation' || role === 'none') return undefined;
  for (const inner of elementsWithin(table, leftOut)) if (inner !== table && inner.tagName === 'table') return undefined;
  const rowElements: { readonly row: Element; readonly inHead: boolean }[] = [];
  const captions: Element[] = [];
  for (const child of childrenOf(table, leftOut)) {
    if (child.tagName === 'caption') captions.push(child);
    else if (child.tagName === 'tr') rowElements.push({ row: child, inHead: false });
    else
      for (const row of childrenOf(child, leftOut))
        if (row.tagName === 'tr') rowElements.push({ row, inHead: child.tagName === 'thead' });
  }
  const rows = rowElements.map(({ row }) =>
    childrenOf(row, leftOut).filter(({ tagName }) => tagName === 'td' || tagName === 'th'),
  );
  if (rows.reduce((most, cells) => Math.max(most, cells.length), 0) < 2) return undefined;
  const grid = gridOf(rows, leftOut);
  const used = new Set(grid.flatMap((cells) => cells.flatMap(({ text }, column) => (text === '' ? [] : [column]))));
  if (used.size < 2) return undefined;
  const texts = grid.map((cells) => cells.map(({ text, pictures }) => text || pictures));
  let headerRows = 0;
  while (headerRows < rows.length && rowElements[headerRows]!.inHead) headerRows += 1;
  if (headerRows === 0) while (headerRows < rows.length && isHeader(rows[headerRows]!)) headerRows += 1;
  return { rows: texts, headerRows: headerRows === rows.length ? Math.min(1, headerRows) : headerRows, captions };
}

function childrenOf(element: Element, leftOut: LeftOut): Element[] {
  return element.childNodes.filter((child): child is Element => isElement(child) && !leftOut(child));
}

function isHeader(cells: readonly Element[]): boolean {
  return cells.length > 0 && cells.every(({ tagName }) => tagName === 'th');
}

/** Cells in their places: one that spans several stands in the first of them. */
function gridOf(rows: readonly (readonly Element[])[], leftOut: LeftOut): Cell[][] {
  const count = rows.reduce(
    (sum, cells) => sum + cells.reduce((inRow, cell) => inRow + span(cell, 'colspan') * span(cell, 'rowspan', rows.length), 0),
    0,
  );
  const spans = count <= MOST_CELLS;
  const grid: Cell[][] = rows.map(() => []);
  const taken = rows.map(() => new Set<number>());
  rows.forEach((cells, row) => {
    let column = 0;
    for (const cell of cells) {
      while (taken[row]!.has(column)) column += 1;
      const width = spans ? span(cell, 'colspan') : 1;
      const height = spans ? Math.min(span(cell, 'rowspan', rows.length), rows.length - row) : 1;
      for (let down = 0; down < height; down++)
        for (let right = 0; right < width; right++) taken[row + down]!.add(column + right);
      grid[row]![column] = readCell(cell, leftOut);
      column += width;
    }
  });
  const width = grid.reduce((most, cells) => Math.max(most, cells.length), 0);
  return grid.map((cells) => Array.from({ length: width }, (_, column) => cells[column] ?? EMPTY));
}

function span(cell: Element, name: 'colspan' | 'rowspan', most = MOST_COLUMNS): number {
  const number = Number.parseInt(attribute(cell, name) ?? '1', 10);
  // A rowspan of 0 reaches to the end of its rows.
  if (number === 0 && name === 'rowspan') return most;
  return Number.isFinite(number) && number >= 1 ? Math.min(number, most) : 1;
}

function readCell(cell: Element, leftOut: LeftOut): Cell {
  const images = [...elementsWithin(cell, leftOut)].filter(({ tagName }) => tagName === 'img');
  const pictures = joinLines(images.map((image) => attribute(image, 'alt') ?? '').join(' '));
  return { text: joinLines(textWithin(cell, leftOut)), pictures };
}
