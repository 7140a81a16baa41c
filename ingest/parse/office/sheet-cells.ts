import { readXml, tooLarge } from '../xml.ts';
import { numberFormatText } from './number-format.ts';
import type { Workbook } from './workbook.ts';

/** A cell with a text to show. */
export interface Cell {
  readonly text: string;
  /** Whether it is a number, a date or a truth value, and no text. */
  readonly number: boolean;
}

/** Ranges of a sheet count rows and columns from 0, ends included. */
export interface CellRange {
  readonly firstRow: number;
  readonly lastRow: number;
  readonly firstColumn: number;
  readonly lastColumn: number;
}

export interface SheetCells {
  /** Cells that show something, by row and column, both ascending. */
  readonly rows: ReadonlyMap<number, ReadonlyMap<number, Cell>>;
  readonly merged: readonly CellRange[];
  /** Formulas whose result the file does not have. */
  readonly withoutResult: number;
}

const MOST_CELLS = 3_000_000;
/** A sheet has no more rows and columns (Excel's specification). */
const MOST_ROWS = 1 << 20;
const MOST_COLUMNS = 1 << 14;

/** Row and column, from 0, of `B3`; undefined for what is none. */
function placeOf(reference: string): { row: number; column: number } | undefined {
  const [, letters = '', digits = ''] = /^\$?([A-Z]{1,3})\$?(\d{1,7})$/i.exec(reference) ?? [];
  if (letters === '') return undefined;
  let column = 0;
  for (const letter of letters.toUpperCase()) column = column * 26 + letter.charCodeAt(0) - 64;
  const place = { row: Number(digits) - 1, column: column - 1 };
  return place.row >= 0 && place.row < MOST_ROWS && place.column < MOST_COLUMNS ? place : undefined;
}

function rangeOf(reference: string): CellRange | undefined {
  const [start = '', end = start] = reference.split(':');
  const [first, last] = [placeOf(start), placeOf(end)];
  if (first === undefined || last === undefined) return undefined;
  return { firstRow: first.row, lastRow: last.row, firstColumn: first.column, lastColumn: last.column };
}

/** What a cell shows. */
function cellOf(type: string, style: number, value: string, { strings, formats, date1904 }: Workbook): Cell | undefined {
  const asText = (text: string): Cell | undefined => (text.trim() === '' ? undefined : { text: text.trim(), number: false });
  if (type === 's') return asText(strings[Number(value)] ?? '');
  if (type === 'str' || type === 'inlineStr' || type === 'e') return asText(value);
  if (value.trim() === '') return undefined;
  if (type === 'b') return { text: value.trim() === '1' ? 'TRUE' : 'FALSE', number: true };
  if (type === 'd')
    return {
      text: value
        .trim()
        .replace(/T00:00:00(?:\.0+)?Z?$/, '')
        .replace('T', ' '),
      number: true,
    };
  const number = Number(value);
  if (!Number.isFinite(number)) return asText(value);
  const text = numberFormatText(number, formats[style] ?? 'General', date1904);
  return text === '' ? undefined : { text, number: true };
}

/**
 * The cells of a sheet.
 *
 * @throws CemError `PARSE_LIMIT`; what `readXml` throws
 */
export function readSheetCells(bytes: Uint8Array, path: string, workbook: Workbook): SheetCells {
  const rows = new Map<number, Map<number, Cell>>();
  const merged: CellRange[] = [];
  let count = 0;
  let withoutResult = 0;
  let [row, column] = [-1, -1];
  let cell: { type: string; style: number; value: string; formula: boolean } | undefined;
  let inValue = false;
  let spoken = 0;
  readXml(bytes, path, {
    open(name, attributes) {
      inValue = false;
      if (name === 'row') {
        const number = Number(attributes['r'] ?? Number.NaN);
        row = Number.isInteger(number) && number > row + 1 && number <= MOST_ROWS ? number - 1 : row + 1;
        column = -1;
      } else if (name === 'c') {
        const place = placeOf(attributes['r'] ?? '');
        column = place !== undefined ? place.column : column + 1;
        cell = { type: attributes['t'] ?? 'n', style: Number(attributes['s'] ?? 0), value: '', formula: false };
      } else if (name === 'f' && cell !== undefined) cell.formula = true;
      else if (name === 'rPh') spoken += 1;
      else if (name === 'v' || name === 't') inValue = cell !== undefined && spoken === 0;
      else if (name === 'mergeCell' && merged.length < MOST_CELLS) {
        const range = rangeOf(attributes['ref'] ?? '');
        if (range !== undefined) merged.push(range);
      }
    },
    text(piece) {
      if (inValue && cell !== undefined) cell.value += piece;
    },
    close(name) {
      inValue = false;
      if (name === 'rPh') spoken -= 1;
      if (name !== 'c' || cell === undefined) return;
      const { type, style, value, formula } = cell;
      cell = undefined;
      if (formula && value === '') withoutResult += 1;
      const shown = cellOf(type, style, value, workbook);
      if (shown === undefined || row >= MOST_ROWS || column >= MOST_COLUMNS) return;
      count += 1;
      if (count > MOST_CELLS) throw tooLarge(path, `has more than ${MOST_CELLS} cells in one sheet`);
      const cells = rows.get(row);
      if (cells === undefined) rows.set(row, new Map([[column, shown]]));
      else cells.set(column, shown);
    },
  });
  return { rows, merged, withoutResult };
}
