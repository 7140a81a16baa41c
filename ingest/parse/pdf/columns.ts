import type { PdfRun } from './page-runs.ts';
import { type PdfRow, rowsOf } from './rows.ts';

/** Fewest rows on either side of a gutter; what is shorter is a table's, or a title in two parts. */
const FEWEST_ROWS = 5;
/** Narrowest column and gutter, in parts of the text's font size. */
const NARROWEST = 10;
const GUTTER = 0.8;
/** Share of a column's rows that fill more than `FULL` of its width, at least: running text does, cells do not. */
const FILLED_ROWS = 0.5;
const FULL = 0.75;

interface Band {
  /** Of rows: the first, and one after the last. */
  readonly start: number;
  readonly end: number;
  readonly x: number;
}

function covers(row: PdfRow, x: number): boolean {
  return row.runs.some(({ left, right }) => left < x && x < right);
}

/** Whether what stands on one side of the gutter is running text of a column. */
function isColumn(sides: readonly (readonly PdfRun[])[], size: number): boolean {
  const rows = sides.filter(({ length }) => length > 0);
  if (rows.length < FEWEST_ROWS) return false;
  // Code stands in columns that are one line.
  if (rows.flat().filter(({ monospace }) => monospace).length > rows.flat().length / 2) return false;
  const left = Math.min(...rows.map((runs) => runs[0]?.left ?? 0));
  const width = Math.max(...rows.map((runs) => runs.at(-1)?.right ?? 0)) - left;
  if (width < NARROWEST * size) return false;
  const full = rows.filter((runs) => runs.reduce((sum, run) => sum + run.right - run.left, 0) > FULL * width);
  return full.length >= FILLED_ROWS * rows.length;
}

/** The longest run of rows that stand in two columns, left and right of x. */
function bandAt(rows: readonly PdfRow[], x: number, size: number): Band | undefined {
  let best: Band | undefined;
  for (let start = 0; start < rows.length; ) {
    let end = start;
    while (end < rows.length && !covers(rows[end] as PdfRow, x)) end += 1;
    const band = rows.slice(start, end);
    const lefts = band.map(({ runs }) => runs.filter((run) => run.right <= x));
    const rights = band.map(({ runs }) => runs.filter((run) => run.left >= x));
    const gutter = Math.min(...rights.flat().map(({ left }) => left)) - Math.max(...lefts.flat().map(({ right }) => right));
    if (
      end - start > (best === undefined ? 0 : best.end - best.start) &&
      gutter >= GUTTER * size &&
      isColumn(lefts, size) &&
      isColumn(rights, size)
    ) {
      best = { start, end, x };
    }
    start = Math.max(end, start + 1);
  }
  return best;
}

/** Most gutters that are looked at on a page, against pages made to have millions. */
const MOST_CANDIDATES = 64;

function longestBand(rows: readonly PdfRow[], size: number): Band | undefined {
  const counts = new Map<number, number>();
  for (const { runs } of rows) {
    for (let index = 1; index < runs.length; index += 1) {
      const gap = (runs[index] as PdfRun).left - (runs[index - 1] as PdfRun).right;
      const middle = Math.round((runs[index] as PdfRun).left - Math.min(gap, 2 * size) / 2);
      if (gap >= GUTTER * size) counts.set(middle, (counts.get(middle) ?? 0) + 1);
    }
  }
  const candidates = [...counts].sort((a, b) => b[1] - a[1]).slice(0, MOST_CANDIDATES);
  let best: Band | undefined;
  for (const [x] of candidates) {
    const band = bandAt(rows, x, size);
    if (band !== undefined && (best === undefined || band.end - band.start > best.end - best.start)) best = band;
  }
  return best;
}

/** The size of most characters. */
function commonFontSize(runs: readonly PdfRun[]): number {
  const characters = new Map<number, number>();
  for (const { fontSize, text } of runs) {
    const size = Math.round(fontSize * 10) / 10;
    characters.set(size, (characters.get(size) ?? 0) + text.length);
  }
  return [...characters].reduce((best, entry) => (entry[1] > best[1] ? entry : best), [10, 0])[0];
}

/**
 * Runs as regions in reading order: where rows stand in columns of running text, the left column comes before the right one, and what goes across both divides them.
 */
export function columnsOf(runs: readonly PdfRun[], depth = 0): PdfRun[][] {
  const rows = rowsOf(runs);
  const band = depth < 4 && rows.length >= FEWEST_ROWS ? longestBand(rows, commonFontSize(runs)) : undefined;
  if (band === undefined) return runs.length === 0 ? [] : [[...runs]];
  const those = (part: readonly PdfRow[]) => part.flatMap((row) => row.runs);
  const inside = those(rows.slice(band.start, band.end));
  return [
    ...columnsOf(those(rows.slice(0, band.start)), depth + 1),
    ...columnsOf(
      inside.filter((run) => run.right <= band.x),
      depth + 1,
    ),
    ...columnsOf(
      inside.filter((run) => run.right > band.x),
      depth + 1,
    ),
    ...columnsOf(those(rows.slice(band.end)), depth + 1),
  ];
}
