import type { PDFPageProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { drawingsOf, type PdfDrawings } from './drawings.ts';
import { glyphText, hasCjk, joinRuns } from './glyph-text.ts';
import { gridsOf, type PdfGrid } from './ruled-tables.ts';
import { isPictured, rulesOf } from './rules.ts';

/** Text of one font on one baseline. Lengths are points; x goes to the right and y down from the page's upper left corner, as its reader holds it. */
export interface PdfRun {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  /** y of the line that the letters stand on. */
  readonly baseline: number;
  readonly fontSize: number;
  /** PostScript name without the tag of its subset: `LiberationSans-Bold`; empty where the file has none. */
  readonly font: string;
  readonly bold: boolean;
  readonly monospace: boolean;
  /** Whether white space stands before it in the file. */
  readonly spaced: boolean;
}

export interface PdfPage {
  /** From 1. */
  readonly number: number;
  readonly width: number;
  readonly height: number;
  /** In the order of the file. */
  readonly runs: readonly PdfRun[];
  /** Of tables whose cells are divided by lines. */
  readonly grids: readonly PdfGrid[];
  /** Images, lines and shapes. */
  readonly drawings: PdfDrawings;
  /** Whether it shows a picture of some size. */
  readonly pictured: boolean;
  /** Characters that the file does not map to Unicode, or only to private use. */
  readonly unmapped: number;
}

/** What a font's PostScript name says of it: `LiberationSans-Bold`. */
const BOLD = /bold|black|heavy|demi|[-,]bd\b|[-,]b$|simhei|黑体/i;
const MONOSPACE = /mono|courier|consol|menlo|typewriter/i;

const QUARTER = Math.PI / 2;
/** Text that is turned by more than this from upright or from a quarter turn (radians) is a watermark's. */
const SLANT = 0.05;

/** Of one text item: where it starts, how long it is, and by how many quarters it is turned. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly length: number;
  readonly fontSize: number;
  readonly turn: number;
}

interface TextItem {
  readonly transform: readonly number[];
  readonly width: number;
  readonly height: number;
}

function placeOf(item: TextItem, view: readonly number[], vertical: boolean): Place | undefined {
  const [a = 1, b = 0, c = 0, d = -1, e = 0, f = 0] = view;
  const [ia = 0, ib = 0, ic = 0, id = 0, x = 0, y = 0] = item.transform;
  // Text runs along the first axis of its matrix, where it is vertical against the second.
  const [alongX, alongY] = vertical ? [-ic, -id] : [ia, ib];
  const fontSize = vertical ? Math.hypot(ia, ib) : Math.hypot(ic, id);
  const quarters = Math.atan2(b * alongX + d * alongY, a * alongX + c * alongY) / QUARTER;
  const length = Math.abs(vertical ? item.height : item.width);
  const place = { x: a * x + c * y + e, y: b * x + d * y + f, length, fontSize, turn: (Math.round(quarters) + 4) % 4 };
  if (!Object.values(place).every(Number.isFinite) || fontSize <= 0) return undefined;
  return Math.abs(quarters - Math.round(quarters)) * QUARTER > SLANT ? undefined : place;
}

/** Turned back, so that the text goes to the right; the page's width and height in that direction. */
function turnBack({ x, y, turn }: Place, width: number, height: number): [left: number, baseline: number] {
  if (turn === 0) return [x, y];
  if (turn === 1) return [y, width - x];
  return turn === 2 ? [width - x, height - y] : [height - y, x];
}

/** The border between columns of a table that stands between two places of a line. */
function borderBetween(grids: readonly PdfGrid[], baseline: number, left: number, right: number): number | undefined {
  for (const { columns, rows } of grids) {
    if (baseline < (rows[0] ?? 0) || baseline > (rows.at(-1) ?? 0)) continue;
    const border = columns.find((x) => x > left && x < right);
    if (border !== undefined) return border;
  }
  return undefined;
}

/** A run that goes over a border of a table is two, divided at the space that is nearest: cells that stand close are one piece of text in the file. */
function splitAtBorders(run: PdfRun, grids: readonly PdfGrid[]): PdfRun[] {
  const border = borderBetween(grids, run.baseline, run.left + run.fontSize / 4, run.right - run.fontSize / 4);
  if (border === undefined) return [run];
  const place = ((border - run.left) / (run.right - run.left)) * run.text.length;
  let split = -1;
  for (const { index } of run.text.matchAll(/ /g))
    if (split < 0 || Math.abs(index - place) < Math.abs(split - place)) split = index;
  if (split < 0) return [run];
  const [first, second] = [run.text.slice(0, split).trim(), run.text.slice(split).trim()];
  if (first === '' || second === '') return [run];
  const width = (run.right - run.left) / run.text.length;
  const right = Math.min(run.left + first.length * width, border);
  return [
    { ...run, text: first, right },
    ...splitAtBorders({ ...run, text: second, left: Math.max(run.right - second.length * width, border), spaced: true }, grids),
  ];
}

/** Runs that follow each other on one line in one font are one. */
function pushMerged(runs: PdfRun[], run: PdfRun, grids: readonly PdfGrid[]): void {
  const last = runs.at(-1);
  const gap = last === undefined ? 0 : run.left - last.right;
  if (
    last === undefined ||
    Math.abs(last.baseline - run.baseline) > 0.1 ||
    Math.abs(last.fontSize - run.fontSize) > 0.1 ||
    last.font !== run.font ||
    last.monospace !== run.monospace ||
    gap < -run.fontSize ||
    gap > run.fontSize ||
    borderBetween(grids, run.baseline, last.right - 1, run.left + 1) !== undefined
  ) {
    runs.push(run);
    return;
  }
  runs[runs.length - 1] = { ...last, text: joinRuns(last, run), right: Math.max(last.right, run.right) };
}

/**
 * A page's text runs. A page whose text is mostly turned by quarters is read so; text that is turned otherwise than the rest stands below it, slanted text (watermarks)
 * nowhere.
 *
 * @throws whatever pdf.js throws for a malformed page
 */
export async function readPage(page: PDFPageProxy): Promise<PdfPage> {
  const { width, height, transform } = page.getViewport({ scale: 1 });
  // Fonts' names come with the drawing operations.
  const operations = await page.getOperatorList();
  const grids = gridsOf(rulesOf(operations, transform as number[]));
  const content = await page.getTextContent({ disableNormalization: true, includeMarkedContent: false });
  const directions: [PdfRun[], PdfRun[], PdfRun[], PdfRun[]] = [[], [], [], []];
  const characters = [0, 0, 0, 0];
  let unmapped = 0;
  let spaced = false;
  for (const item of content.items) {
    if (!('str' in item)) continue;
    const raw = glyphText(item.str);
    const text = raw.trim();
    if (text === '') {
      spaced ||= raw !== '' || item.hasEOL;
      continue;
    }
    const style = content.styles[item.fontName];
    const place = placeOf(item, transform as number[], style?.vertical === true);
    if (place === undefined) continue;
    const font = page.commonObjs.has(item.fontName) ? (page.commonObjs.get(item.fontName) as { name?: unknown } | null) : null;
    const name = String(font?.name ?? '').replace(/^[A-Z]{6}\+/, '');
    const [left, baseline] = turnBack(place, width, height);
    const run: PdfRun = {
      text,
      left,
      right: left + place.length,
      baseline,
      fontSize: place.fontSize,
      font: name,
      bold: BOLD.test(name),
      // Fonts of Chinese say that they are, since all their ideographs have one width.
      monospace: MONOSPACE.test(name) || (style?.fontFamily === 'monospace' && !hasCjk(text)),
      spaced: spaced || /^\s/.test(raw),
    };
    const inGrids = place.turn === 0 ? grids : [];
    for (const piece of splitAtBorders(run, inGrids)) pushMerged(directions[place.turn as 0 | 1 | 2 | 3], piece, inGrids);
    characters[place.turn] = (characters[place.turn] ?? 0) + text.length;
    unmapped += text.match(/[\uFFFD\uE000-\uF8FF]/g)?.length ?? 0;
    spaced = /\s$/.test(raw) || item.hasEOL;
  }
  const main = characters.indexOf(Math.max(...characters));
  const [pageWidth, pageHeight] = main % 2 === 0 ? [width, height] : [height, width];
  const below = 2 * (width + height);
  const others = directions
    .filter((_, turn) => turn !== main)
    .flatMap((runs, index) => runs.map((run) => ({ ...run, baseline: run.baseline + (index + 1) * below })));
  const runs = [...(directions[main] ?? []), ...others];
  return {
    number: page.pageNumber,
    width: pageWidth,
    height: pageHeight,
    runs,
    grids: main === 0 ? grids : [],
    // Pages that are read sidewards have their drawings elsewhere.
    drawings: main === 0 ? drawingsOf(operations, transform as number[]) : { images: [], shapes: [] },
    pictured: isPictured(operations, transform as number[]),
    unmapped,
  };
}
