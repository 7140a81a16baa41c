import { type CaptionOf, captionLabel } from '../caption.ts';
import { areNear, around, clustersOf, heightOf, type PdfBox, type PdfDrawings, type PdfImage, widthOf } from './drawings.ts';
import type { PdfRun } from './page-runs.ts';
import { rowsOf, segmentsOf } from './rows.ts';
import type { PdfGrid } from './ruled-tables.ts';

/** A figure of a page: an image, or what lines and shapes draw. */
export interface PdfFigure {
  readonly box: PdfBox;
  /** The one image that it is; absent where it is drawn, or consists of several. */
  readonly image?: PdfImage;
  /** Text in it, which is no text of the page. */
  readonly runs: readonly PdfRun[];
  /** Where the caption stands that it was found by. */
  readonly caption?: { readonly baseline: number; readonly left: number };
}

interface Caption extends PdfBox {
  readonly of: CaptionOf;
  readonly baseline: number;
}

interface Candidate {
  readonly box: PdfBox;
  readonly images: readonly PdfImage[];
  readonly drawn: boolean;
}

/** What is smaller is no figure: points. */
const LEAST_WIDTH = 50;
const LEAST_HEIGHT = 36;
/** Shapes that are no farther apart are one drawing; images that touch are parts of one. */
const NEAR = 8;
const TOUCH = 1.5;
/** What covers so much of a page is its background, or the page itself as a picture. */
export const BACKGROUND = 0.85;
/** A caption is no farther from its figure; between them stand labels of axes and legends. */
const FARTHEST = 64;
/** Labels beside a drawing. */
const LABEL_GAP = 16;
const LONGEST_LABEL = 24;
const LEGEND_GAP = 60;

/**
 * The figures of a page. Images are figures whether they have a caption or not; what lines draw is one where a caption of a figure stands beside it, since frames, rules and tables are drawn, too.
 */
export function pageFigures(
  { images, shapes }: PdfDrawings,
  runs: readonly PdfRun[],
  { width, height }: { readonly width: number; readonly height: number },
): PdfFigure[] {
  const isPart = (box: PdfBox): boolean => widthOf(box) * heightOf(box) < BACKGROUND * width * height;
  const pictures = images.filter(({ box }) => isPart(box) && isLarge(box));
  const captions = captionsOf(runs);
  const drawn = captions.some(({ of }) => of === 'figure') ? shapes.filter(isPart) : [];
  const candidates = candidatesOf(pictures, drawn);
  const owners = ownersOf(captions, candidates);
  const figures: PdfFigure[] = [];
  for (const candidate of candidates) {
    const caption = owners.get(candidate);
    if (caption === undefined && candidate.drawn) continue;
    if (caption?.of === 'table' && candidate.drawn) continue;
    const box = candidate.drawn ? withLabels(withLegend(candidate.box, loose(drawn, candidates)), runs, captions) : candidate.box;
    const inside = candidate.drawn ? runs.filter((run) => isInside(run, box)) : [];
    figures.push({
      box: within(box, width, height),
      ...(!candidate.drawn && candidate.images.length === 1 && { image: candidate.images[0]! }),
      runs: inside,
      ...(caption && { caption: { baseline: caption.baseline, left: caption.left } }),
    });
  }
  return figures.sort((a, b) => a.box.top - b.box.top || a.box.left - b.box.left);
}

function isLarge(box: PdfBox): boolean {
  return widthOf(box) >= LEAST_WIDTH && heightOf(box) >= LEAST_HEIGHT;
}

/** Images, those that touch as one, and drawings, with the images in them. */
function candidatesOf(images: readonly PdfImage[], shapes: readonly PdfBox[]): Candidate[] {
  const drawings = clustersOf(shapes, (box) => box, NEAR).filter(({ box, items }) => isLarge(box) && items.length > 1);
  const isDrawnAround = (box: PdfBox): boolean => drawings.some((drawing) => areNear(drawing.box, box, -TOUCH));
  const free = clustersOf(
    images.filter(({ box }) => !isDrawnAround(box)),
    ({ box }) => box,
    TOUCH,
  );
  return [
    ...free.map(({ box, items }) => ({ box, images: items, drawn: false })),
    ...drawings.map(({ box }) => {
      const inside = images.filter((image) => areNear(image.box, box, -TOUCH));
      return { box: inside.reduce((all, image) => around(all, image.box), box), images: inside, drawn: true };
    }),
  ];
}

/** Parts of rows that are captions by themselves: two may stand side by side. */
function captionsOf(runs: readonly PdfRun[]): Caption[] {
  return rowsOf(runs).flatMap((row) =>
    segmentsOf(row).flatMap(({ text, left, right }) => {
      const of = captionLabel(text)?.of;
      if (of === undefined || of === 'other') return [];
      return [
        { of, baseline: row.baseline, left, right, top: row.baseline - row.fontSize, bottom: row.baseline + row.fontSize / 4 },
      ];
    }),
  );
}

/** Which caption each candidate has: the nearest above or below, on the side on which most of the page's are. */
function ownersOf(captions: readonly Caption[], candidates: readonly Candidate[]): ReadonlyMap<Candidate, Caption> {
  const owners = new Map<Candidate, Caption>();
  for (const of of ['table', 'figure'] as const) {
    const own = captions.filter((caption) => caption.of === of);
    const pairs = own.flatMap((caption) =>
      candidates
        .map((candidate) => ({ caption, candidate, ...distanceOf(caption, candidate.box) }))
        .filter(({ distance }) => distance <= FARTHEST),
    );
    // A caption with something on one side only tells where the others are.
    let below = of === 'figure' ? 0.5 : -0.5;
    for (const caption of own) {
      const sides = new Set(pairs.filter((pair) => pair.caption === caption).map((pair) => pair.below));
      if (sides.size === 1) below += sides.has(true) ? 1 : -1;
    }
    const usual = below > 0;
    const order = pairs.sort((a, b) => Number(b.below === usual) - Number(a.below === usual) || a.distance - b.distance);
    const taken = new Set<Caption>();
    for (const { caption, candidate } of order) {
      if (taken.has(caption) || owners.has(candidate)) continue;
      taken.add(caption);
      owners.set(candidate, caption);
    }
  }
  return owners;
}

/** How far a caption is from a box, and whether it stands below it; infinitely where it stands elsewhere. */
function distanceOf(caption: Caption, box: PdfBox): { readonly distance: number; readonly below: boolean } {
  const middle = (caption.left + caption.right) / 2;
  const overlap = Math.min(caption.right, box.right) - Math.max(caption.left, box.left);
  const isAside = overlap <= 0 && (middle < box.left || middle > box.right);
  const [under, over] = [caption.top - box.bottom, box.top - caption.bottom];
  const slack = caption.bottom - caption.top;
  if (isAside || Math.max(under, over) < -slack) return { distance: Number.POSITIVE_INFINITY, below: under > over };
  return { distance: Math.max(0, under, over), below: under > over };
}

/** Shapes of no drawing that is large enough for a figure. */
function loose(shapes: readonly PdfBox[], candidates: readonly Candidate[]): PdfBox[] {
  return shapes.filter((shape) => !candidates.some(({ box }) => areNear(shape, box, 0)));
}

/** A drawing with the small shapes beside it, at its own height: what explains its colours. */
function withLegend(box: PdfBox, shapes: readonly PdfBox[]): PdfBox {
  const beside = shapes.filter(
    (shape) =>
      shape.top >= box.top - NEAR &&
      shape.bottom <= box.bottom + NEAR &&
      widthOf(shape) < widthOf(box) / 2 &&
      areNear(shape, box, LEGEND_GAP),
  );
  return beside.reduce(around, box);
}

/** A drawing with the short texts around it: numbers of axes, names of lines. */
function withLabels(box: PdfBox, runs: readonly PdfRun[], captions: readonly Caption[]): PdfBox {
  let grown = box;
  for (let round = 0; round < 3; round++) {
    const before = grown;
    for (const run of runs) {
      const label = boxOfRun(run);
      if (run.text.length > LONGEST_LABEL || widthOf(label) > 0.6 * widthOf(box) || !areNear(label, box, LABEL_GAP * (round + 1)))
        continue;
      if (!areNear(label, grown, LABEL_GAP) || captions.some((caption) => areNear(label, caption, 0))) continue;
      const wider = around(grown, label);
      if (!captions.some((caption) => areNear(caption, wider, -1) && !areNear(caption, box, 0))) grown = wider;
    }
    if (grown === before) break;
  }
  return grown;
}

function boxOfRun({ left, right, baseline, fontSize }: PdfRun): PdfBox {
  return { left, right, top: baseline - fontSize, bottom: baseline + fontSize / 4 };
}

function isInside(run: PdfRun, box: PdfBox): boolean {
  const { left, right, top, bottom } = boxOfRun(run);
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  return x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
}

function within({ left, top, right, bottom }: PdfBox, width: number, height: number): PdfBox {
  return { left: Math.max(0, left), top: Math.max(0, top), right: Math.min(width, right), bottom: Math.min(height, bottom) };
}

/** Grids of tables that are no part of a drawing: the lines of a chart divide no cells. */
export function gridsBeside(grids: readonly PdfGrid[], figures: readonly PdfFigure[]): PdfGrid[] {
  const drawn = figures.filter(({ image }) => image === undefined);
  return grids.filter(({ columns, rows }) => {
    const [left = 0, right = 0, top = 0, bottom = 0] = [columns[0], columns.at(-1), rows[0], rows.at(-1)];
    return !drawn.some(
      ({ box }) => left >= box.left - 1 && right <= box.right + 1 && top >= box.top - 1 && bottom <= box.bottom + 1,
    );
  });
}
