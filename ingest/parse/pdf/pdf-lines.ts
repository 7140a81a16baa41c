import type { PDFDocumentProxy, PDFPageProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { CemError, messageOf } from '../../../base/index.ts';
import type { RecognisedPicture } from '../../recognition/index.ts';
import type { BlockFigure } from '../block.ts';
import type { ParserTools, SourceFile } from '../parser.ts';
import { columnsOf } from './columns.ts';
import { malformedPdf, openPdf } from './document.ts';
import type { PdfBox } from './drawings.ts';
import { figurePicture } from './figure-pixels.ts';
import { spacesMixedText } from './glyph-text.ts';
import { type OutlineEntry, outlineOf } from './outline.ts';
import { gridsBeside, type PdfFigure, pageFigures } from './page-figures.ts';
import { pageFurniture } from './page-furniture.ts';
import { type PdfPage, type PdfRun, readPage } from './page-runs.ts';
import { informationOf } from './pdf-information.ts';
import { isScan, pageOfPicture, recognisedPage, withEvenSizes } from './recognised-page.ts';
import { type PdfRow, type PdfSegment, rowsOf, segmentsOf, textOfRow } from './rows.ts';
import { type PdfTableRow, tableRows } from './table-rows.ts';

/** A line as it stands on a page. Lengths are points; x goes to the right and y down from the page's upper left corner. */
export interface PdfLine {
  /** Its parts with spaces between, ligatures and radicals folded; never empty. */
  readonly text: string;
  /** From 1. */
  readonly page: number;
  /** Which column or full-width region of the document it is of, counted from 0: lines of one region stand below each other. */
  readonly region: number;
  readonly left: number;
  readonly right: number;
  /** y of the line that its letters stand on. */
  readonly baseline: number;
  /** Of most of its characters. */
  readonly fontSize: number;
  /** Of most of its characters, as the file names it; empty where it does not. */
  readonly font: string;
  /** Whether most of its characters are. */
  readonly bold: boolean;
  readonly monospace: boolean;
  /** Its parts that stand apart, as cells of a table do; one where nothing does. */
  readonly segments: readonly PdfSegment[];
  /** Of a row of a table that is drawn with lines: which of the document's; its segments are the row's cells, empty ones too. */
  readonly table?: number;
  readonly runs: readonly PdfRun[];
}

/** A figure with its page and its picture. */
export interface PlacedFigure {
  readonly page: number;
  readonly box: PdfBox;
  readonly figure: BlockFigure;
  /** Words in it, as they stand in rows. */
  readonly text: string;
  readonly caption?: PdfFigure['caption'];
}

/** What a PDF holds, before it is made blocks. */
export interface PdfLines {
  /** In reading order, column by column; without headers, footers and page numbers that repeat. */
  readonly lines: readonly PdfLine[];
  /** In the order of pages, from top to bottom. */
  readonly figures: readonly PlacedFigure[];
  readonly pageCount: number;
  /** Its bookmarks; empty where it has none. */
  readonly outline: readonly OutlineEntry[];
  /** Of its metadata, unless a program wrote it in place of one. */
  readonly title?: string;
  /** BCP 47, of its metadata. */
  readonly language?: string;
  readonly warnings: readonly string[];
}

/** What holds for most of a row's characters. */
function most(row: PdfRow, holds: (run: PdfRun) => boolean): boolean {
  let yes = 0;
  for (const run of row.runs) yes += holds(run) ? run.text.length : -run.text.length;
  return yes > 0;
}

/** The value that most of a row's characters have. */
function commonest<Value>(row: PdfRow, of: (run: PdfRun) => Value): Value {
  const characters = new Map<Value, number>();
  for (const run of row.runs) characters.set(of(run), (characters.get(of(run)) ?? 0) + run.text.length);
  return [...characters].reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0];
}

function lineOf(row: PdfRow, page: number, region: number): PdfLine {
  return {
    text: textOfRow(row),
    page,
    region,
    left: row.left,
    right: row.right,
    baseline: row.baseline,
    fontSize: commonest(row, ({ fontSize }) => fontSize),
    font: commonest(row, ({ font }) => font),
    bold: most(row, ({ bold }) => bold),
    monospace: most(row, ({ monospace }) => monospace),
    segments: segmentsOf(row),
    runs: row.runs,
  };
}

/** A page with its figures; what it draws need not stay in memory. */
type FiguredPage = PdfPage & { readonly figures: readonly PdfFigure[] };

const NOTHING_DRAWN: PdfPage['drawings'] = { images: [], shapes: [] };

/** Pages of a document, each read and let go; what cannot be read of one is a warning. */
async function readPages(
  document: PDFDocumentProxy,
  { recognise }: ParserTools,
): Promise<{ pages: FiguredPage[]; figures: PlacedFigure[]; warnings: string[] }> {
  const pages: FiguredPage[] = [];
  const figures: PlacedFigure[] = [];
  const warnings: string[] = [];
  const empty: number[] = [];
  const scans = new Set<number>();
  for (let number = 1; number <= document.numPages; number += 1) {
    try {
      const page = await document.getPage(number);
      const read = await readPage(page);
      const shown = pageFigures(read.drawings, read.runs, read);
      const scan =
        recognise !== undefined && isScan(read, shown.length) ? await recognisedPage(page, read, recognise) : undefined;
      if (scan !== undefined) {
        page.cleanup();
        scans.add(number);
        pages.push({ ...scan, figures: [] });
        continue;
      }
      for (const found of shown) figures.push(await placedFigure(page, found));
      page.cleanup();
      pages.push({ ...read, grids: gridsBeside(read.grids, shown), drawings: NOTHING_DRAWN, figures: shown });
      if (read.runs.length === 0 && read.pictured) empty.push(number);
      if (read.unmapped > 0) warnings.push(`page ${number}: ${read.unmapped} characters of a font without a mapping`);
    } catch (error) {
      warnings.push(`page ${number} cannot be read: ${messageOf(error)}`);
    }
  }
  const why = recognise === undefined ? 'no OCR is done: cem fetch-ocr brings its models' : '@napi-rs/canvas does not draw them';
  if (empty.length > 0) warnings.push(`${pagesInWords(empty)} without text: pictures of pages are not read (${why})`);
  return { pages: withEvenScans(pages, scans), figures, warnings };
}

function withEvenScans(pages: readonly FiguredPage[], scans: ReadonlySet<number>): FiguredPage[] {
  const even = new Map(withEvenSizes(pages.filter(({ number }) => scans.has(number))).map((page) => [page.number, page]));
  return pages.map((page) => ({ ...page, ...even.get(page.number) }));
}

async function placedFigure(page: PDFPageProxy, found: PdfFigure): Promise<PlacedFigure> {
  const { box, runs, caption } = found;
  const [left, top] = [Math.round(box.left), Math.round(box.top)];
  const place = { left, top, width: Math.round(box.right) - left, height: Math.round(box.bottom) - top };
  const text = rowsOf(runs).map(textOfRow).join('\n');
  const figure = { ...(await figurePicture(page, found)), place, ...(text !== '' && { words: text }) };
  return { page: page.pageNumber, box, figure, text, ...(caption && { caption }) };
}

/** `page 7`, `pages 1 to 3, 7`. */
function pagesInWords(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return `${numbers.length === 1 ? 'page' : 'pages'} ${ranges.map(([first, last]) => (first === last ? first : `${first} to ${last}`)).join(', ')}`;
}

/** A page's runs with one in place of each table, as wide as it, and the tables' rows. */
function takeTables(
  { runs, grids }: Pick<PdfPage, 'runs' | 'grids'>,
  spacedMixed: boolean,
): { runs: PdfRun[]; tables: Map<PdfRun, PdfTableRow[]> } {
  const tables = new Map<PdfRun, PdfTableRow[]>();
  let left = [...runs];
  for (const grid of grids) {
    const rows = tableRows(grid, left, spacedMixed);
    if (rows === undefined) continue;
    const inside = new Set(rows.flatMap((row) => row.runs));
    const [start, end, top, bottom] = [grid.columns[0] ?? 0, grid.columns.at(-1) ?? 0, grid.rows[0] ?? 0, grid.rows.at(-1) ?? 0];
    const place = {
      text: ' ',
      left: start,
      right: end,
      baseline: (top + bottom) / 2,
      fontSize: 1,
      font: '',
      bold: false,
      monospace: false,
      spaced: true,
    };
    left = [...left.filter((run) => !inside.has(run)), place];
    tables.set(place, rows);
  }
  return { runs: left, tables };
}

const PIXELS_OF_POINT = 150 / 72;

/** Pages from which it is told whether Chinese stands apart from other letters. */
const PAGES_THAT_TELL = 20;

/** Lines of pages in reading order. */
function linesOf(pages: readonly FiguredPage[]): PdfLine[] {
  const furniture = pageFurniture(pages);
  // Some pages tell.
  const rows = pages.slice(0, PAGES_THAT_TELL).flatMap(({ runs }) => rowsOf(runs));
  const spacedMixed = spacesMixedText(rows.map(textOfRow));
  const lines: PdfLine[] = [];
  let regions = 0;
  let tableCount = 0;
  for (const page of pages) {
    const inFigures = new Set(page.figures.flatMap((figure) => figure.runs));
    const text = page.runs.filter((run) => !furniture.has(run) && !inFigures.has(run));
    const { runs, tables } = takeTables({ ...page, runs: text }, spacedMixed);
    for (const region of columnsOf(runs)) {
      for (const row of rowsOf(region)) {
        const words = row.runs.filter((run) => !tables.has(run));
        if (words.length > 0) lines.push(lineOf({ ...row, runs: words }, page.number, regions));
        for (const place of row.runs.filter((run) => tables.has(run))) {
          for (const { cells, ...tableRow } of tables.get(place) ?? []) {
            const line = lineOf(tableRow, page.number, regions);
            lines.push({
              ...line,
              text: cells
                .map((cell) => cell.text)
                .filter((cell) => cell !== '')
                .join(' '),
              segments: cells,
              table: tableCount,
            });
          }
          tableCount += 1;
        }
      }
      regions += 1;
    }
  }
  return lines;
}

/** The lines of a picture of a page. */
export function pictureLines(picture: RecognisedPicture): PdfLines {
  // No picture says how large a point is: letters of 150 dots an inch are as likely as others.
  const pages = withEvenSizes([pageOfPicture(picture, 1, PIXELS_OF_POINT)]).map((page) => ({ ...page, figures: [] }));
  return { lines: linesOf(pages), figures: [], pageCount: 1, outline: [], warnings: [] };
}

/**
 * Reads the lines of a PDF. Pages that are pictures of pages have lines where `tools` can read them.
 *
 * @throws CemError `PARSE_PDF` for a malformed file, also where no page can be read; `PARSE_ENCRYPTED`, `PARSE_PDF_MISSING`
 */
export async function readPdfLines(file: SourceFile, tools: ParserTools = {}): Promise<PdfLines> {
  const document = await openPdf(file);
  try {
    const { pages, figures, warnings } = await readPages(document, tools);
    if (pages.length === 0) throw malformedPdf(file, new CemError('PARSE_PDF', warnings[0] ?? 'it has no pages'));
    return {
      lines: linesOf(pages),
      figures,
      pageCount: document.numPages,
      outline: await outlineOf(document),
      ...(await informationOf(document)),
      warnings,
    };
  } finally {
    await document.destroy();
  }
}
