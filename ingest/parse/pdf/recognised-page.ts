import type { PDFPageProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { type RecognisedLine, type RecognisedPicture, ruledLines } from '../../recognition/index.ts';
import type { ParserTools } from '../parser.ts';
import { drawBox } from './draw-page.ts';
import { heightOf, widthOf } from './drawings.ts';
import { BACKGROUND } from './page-figures.ts';
import type { PdfPage, PdfRun } from './page-runs.ts';
import { gridsOf, type PdfGrid } from './ruled-tables.ts';

/** Dots of an inch that a page is drawn with before it is read: letters of 10 points are 21 pixels high. */
const DOTS_PER_INCH = 150;
const POINTS_PER_INCH = 72;
const LONGEST_SIDE = 3_000;
/** Characters of a stamp or a page number, which stand over a scan. */
const STAMP = 100;

/** Whether a page is a picture of a page: nothing but a picture, or one that covers it under a few letters. */
export function isScan({ runs, drawings, pictured, width, height }: PdfPage, figures: number): boolean {
  if (!pictured) return false;
  const covered = drawings.images.reduce((sum, { box }) => sum + Math.max(0, widthOf(box)) * Math.max(0, heightOf(box)), 0);
  if (covered >= BACKGROUND * width * height) return runs.reduce((sum, { text }) => sum + text.length, 0) < STAMP;
  return runs.length === 0 && figures === 0;
}

/** A page as its picture shows it; undefined where it cannot be drawn. */
export async function recognisedPage(
  page: PDFPageProxy,
  { number, width, height, pictured }: PdfPage,
  recognise: NonNullable<ParserTools['recognise']>,
): Promise<PdfPage | undefined> {
  // The page as it is shown, whatever direction its few letters have.
  const { width: wide, height: tall } = page.getViewport({ scale: 1 });
  const scale = Math.min(DOTS_PER_INCH / POINTS_PER_INCH, LONGEST_SIDE / Math.max(width, height));
  const drawn = await drawBox(page, { left: 0, top: 0, right: wide, bottom: tall }, scale);
  return drawn && { ...pageOfPicture(await recognise(drawn), number, scale), pictured };
}

/** What stands in a picture, as a page of runs. @param scale its pixels of a point */
export function pageOfPicture({ lines, upright }: RecognisedPicture, number: number, scale: number): PdfPage {
  const grids = gridsOf(
    ruledLines(upright).map(({ across, at, from, to }) => ({ across, at: at / scale, from: from / scale, to: to / scale })),
  );
  const slant = slantOf(lines);
  const runs = lines.flatMap((line) => runsOf(line, slant, scale, grids));
  const { width, height } = upright;
  return {
    number,
    width: width / scale,
    height: height / scale,
    runs,
    grids,
    drawings: { images: [], shapes: [] },
    pictured: true,
    unmapped: 0,
  };
}

/** By how much the lines of a page are askew: the middle one of their angles, by length. */
function slantOf(lines: readonly RecognisedLine[]): number {
  const sorted = lines.filter(({ region }) => region.width > region.height).sort((a, b) => a.region.angle - b.region.angle);
  const half = sorted.reduce((sum, { region }) => sum + region.width, 0) / 2;
  let sum = 0;
  for (const { region } of sorted) {
    sum += region.width;
    if (sum >= half) return region.angle;
  }
  return 0;
}

/** The box that is found around a line is higher than its letters' font size. */
const SIZE_OF_BOX = 0.92;
/** A line's letters stand on a line that is so far below its middle, in parts of its height. */
const BASELINE = 0.28;
/** Middles of neighbouring characters that are farther apart, in font sizes, are of two parts: the space between cells. */
const APART = 2.6;

/** A line as runs, one for each of its parts that stand apart, or in cells of a table. */
function runsOf(line: RecognisedLine, slant: number, scale: number, grids: readonly PdfGrid[]): PdfRun[] {
  const { text, places, region } = line;
  const [x, y] = region.center;
  const [cos, sin] = [Math.cos(slant), Math.sin(slant)];
  const [middle, height] = [(y * cos - x * sin) / scale, region.height / scale];
  const width = region.width / scale;
  const left = (x * cos + y * sin) / scale - width / 2;
  const fontSize = SIZE_OF_BOX * height;
  const baseline = middle + BASELINE * height;
  const borders = grids
    .filter(({ rows }) => baseline > (rows[0] ?? 0) && middle < (rows.at(-1) ?? 0))
    .flatMap(({ columns }) => columns);
  const placeOf = (unit: number): number => left + (places[unit] ?? 0) * width;
  const runs: PdfRun[] = [];
  const push = (start: number, end: number, from: number, to: number): void => {
    const piece = text.slice(start, end).trim();
    if (piece === '') return;
    runs.push({ text: piece, left: from, right: to, baseline, fontSize, font: '', bold: false, monospace: false, spaced: true });
  };
  let [start, from, last] = [0, left, -1];
  for (let unit = 0; unit < text.length; unit++) {
    if (text[unit] === ' ') continue;
    const [before, after] = [placeOf(last), placeOf(unit)];
    const border = last < 0 ? undefined : borders.find((at) => at > before && at <= after);
    if (last >= 0 && (border !== undefined || after - before > APART * fontSize)) {
      push(start, unit, from, border ?? before + fontSize / 2);
      [start, from] = [unit, border ?? after - fontSize / 2];
    }
    last = unit;
  }
  push(start, text.length, from, left + width);
  return runs;
}

/** Sizes that differ by no more are of one font. */
const ONE_SIZE = 0.2;

/** Recognised pages of one document, with sizes as its fonts have them: letters without ascenders or descenders make a line look smaller. */
export function withEvenSizes(pages: readonly PdfPage[]): PdfPage[] {
  let rest = pages.flatMap(({ runs }) => runs).sort((a, b) => a.fontSize - b.fontSize);
  const sizes: number[] = [];
  while (rest.length > 0) {
    const size = middleSize(rest);
    sizes.push(size);
    rest = rest.filter(({ fontSize }) => Math.abs(fontSize - size) > ONE_SIZE * size);
  }
  return pages.map((page) => ({ ...page, runs: page.runs.map((run) => ({ ...run, fontSize: nearest(sizes, run.fontSize) })) }));
}

/** The size of the middle one of all characters. @param runs by size, at least one */
function middleSize(runs: readonly PdfRun[]): number {
  const half = runs.reduce((sum, { text }) => sum + text.length, 0) / 2;
  let sum = 0;
  for (const { text, fontSize } of runs) {
    sum += text.length;
    if (sum >= half) return fontSize;
  }
  return runs.at(-1)!.fontSize;
}

function nearest(sizes: readonly number[], size: number): number {
  return sizes.reduce((best, each) => (Math.abs(each - size) < Math.abs(best - size) ? each : best));
}
