import { CsvError, parse } from 'csv-parse/sync';
import { CemError } from '../../../base/index.ts';
import { detectText } from '../../../data/index.ts';
import { BlockWriter } from '../block-writer.ts';
import type { ParsedDocument, SourceFile } from '../parser.ts';
import { joinLines } from '../prose.ts';

const DELIMITERS = [',', ';', '\t', '|'] as const;
/** Characters from which the delimiter is told. */
const LOOKED_AT = 1 << 16;
/** A table has at most so many cells for each field that is there, beyond those of a small one. */
const MOST_FILLED = 4;
const LEAST_CELLS = 100_000;

/**
 * One document with one table. The first row is its header, unless it has a field that is a number or empty where rows below have fields.
 *
 * @throws CemError `PARSE_CSV` for quotes that do not end, and for rows of all too different lengths
 */
export function readCsv({ bytes, path }: SourceFile): readonly ParsedDocument[] {
  const { text, warning } = detectText(bytes, path);
  const delimiter = delimiterOf(text, path);
  const rows = rowsOf(text, delimiter, path).filter((row) => row.some((field) => field.trim() !== ''));
  assertEven(rows, path);
  const cells = rows.map((row) => row.map(joinLines));
  const writer = new BlockWriter(text);
  writer.table(cells, hasHeader(cells) ? 1 : 0, { units: { start: 0, end: text.length } });
  return [{ ...(warning !== undefined && { warnings: [warning] }), blocks: writer.blocks }];
}

/** Rows are filled up to the longest: one of very many fields would make a table of nothing else. */
function assertEven(rows: readonly (readonly string[])[], path: string): void {
  const fields = rows.reduce((sum, row) => sum + row.length, 0);
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
  if (rows.length * width <= MOST_FILLED * fields + LEAST_CELLS) return;
  throw new CemError(
    'PARSE_CSV',
    `${path} has rows of one to ${width} fields, which make no table: mend it, take it out, or read it as text`,
    {
      details: { path, width },
    },
  );
}

function rowsOf(text: string, delimiter: string, path: string): string[][] {
  try {
    return parse(text, { delimiter, relaxColumnCount: true, relaxQuotes: true, skipEmptyLines: true });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new CemError('PARSE_CSV', `${path} is no table of fields (${cause.message}): mend it, or take it out`, {
      details: { path },
      cause,
    });
  }
}

/** The sign that parts most rows into the same number of fields, two at least; a comma where none does. The extension says tabs. */
function delimiterOf(text: string, path: string): string {
  if (/\.(?:tsv|tab)$/i.test(path)) return '\t';
  const start = text.slice(0, LOOKED_AT);
  const whole = text.length <= LOOKED_AT ? start : start.slice(0, start.lastIndexOf('\n') + 1);
  let best = { delimiter: ',', rows: 0 };
  for (const delimiter of DELIMITERS) {
    const counts = new Map<number, number>();
    for (const line of unquoted(whole).split(/\r?\n/)) {
      if (line.trim() === '') continue;
      const fields = line.split(delimiter).length;
      if (fields > 1) counts.set(fields, (counts.get(fields) ?? 0) + 1);
    }
    const rows = Math.max(0, ...counts.values());
    if (rows > best.rows) best = { delimiter, rows };
  }
  return best.delimiter;
}

/** Without what stands in quotes, where delimiters and line ends are text. */
function unquoted(text: string): string {
  return text.replace(/"[^"]*"/g, '""');
}

function hasHeader(rows: readonly (readonly string[])[]): boolean {
  const [first, ...rest] = rows;
  if (first === undefined || rest.length === 0) return false;
  return first.every((name, column) =>
    name === '' ? !rest.some((row) => (row[column] ?? '') !== '') : !/^[-+]?[\d.,\s]+%?$/.test(name),
  );
}
