import { type OperatorList, walkOperations } from './rules.ts';

/** A rectangle of a page. Points, y down from the page's upper edge. */
export interface PdfBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** An image that a page shows. */
export interface PdfImage {
  readonly box: PdfBox;
  /** Where its pixels are: an object of the page by its name, or the pixels themselves. */
  readonly source: string | object;
}

/** What a page draws: images, and boxes around lines and shapes. */
export interface PdfDrawings {
  readonly images: readonly PdfImage[];
  readonly shapes: readonly PdfBox[];
}

/** Numbers of pdf.js's operations (`OPS`). */
const END_PATH = 28;
const IMAGE = 85;
const INLINE_IMAGE = 86;
const CONSTRUCT_PATH = 91;
/** Pages with more are maps and plans: what else is drawn is not looked at. */
const MOST_SHAPES = 20_000;
const MOST_IMAGES = 1_000;

const UNIT: readonly number[] = [0, 0, 1, 1];

/** @param view from the file's coordinates to the page's */
export function drawingsOf(operations: OperatorList, view: readonly number[]): PdfDrawings {
  const images: PdfImage[] = [];
  const shapes: PdfBox[] = [];
  walkOperations(operations, view, (operation, parameters, matrix) => {
    if (operation === IMAGE || operation === INLINE_IMAGE) {
      const [source] = parameters;
      const box = boxOf(UNIT, matrix);
      if (box !== undefined && (typeof source === 'string' || (typeof source === 'object' && source !== null)))
        images.push({ box, source });
    } else if (operation === CONSTRUCT_PATH && parameters[0] !== END_PATH) {
      const bounds = parameters[2] as ArrayLike<number> | null | undefined;
      const box = bounds === null || bounds === undefined ? undefined : boxOf(Array.from(bounds), matrix);
      if (box !== undefined) shapes.push(box);
    }
    return shapes.length <= MOST_SHAPES && images.length <= MOST_IMAGES;
  });
  return { images, shapes: shapes.length > MOST_SHAPES ? [] : shapes };
}

function boxOf([x0 = 0, y0 = 0, x1 = 0, y1 = 0]: readonly number[], matrix: readonly number[]): PdfBox | undefined {
  const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = matrix;
  const corners = [
    [x0, y0],
    [x1, y0],
    [x0, y1],
    [x1, y1],
  ].map(([x = 0, y = 0]) => [a * x + c * y + e, b * x + d * y + f] as const);
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
  const box = { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
  return Object.values(box).every(Number.isFinite) ? box : undefined;
}

export const widthOf = ({ left, right }: PdfBox): number => right - left;
export const heightOf = ({ top, bottom }: PdfBox): number => bottom - top;

export function around(a: PdfBox, b: PdfBox): PdfBox {
  return {
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  };
}

/** Whether two boxes are no farther apart than this, across and down. */
export function areNear(a: PdfBox, b: PdfBox, gap: number): boolean {
  return a.left - gap <= b.right && b.left - gap <= a.right && a.top - gap <= b.bottom && b.top - gap <= a.bottom;
}

/** Boxes around what stands together, and what of it each one holds. */
export function clustersOf<Item>(
  items: readonly Item[],
  boxIn: (item: Item) => PdfBox,
  gap: number,
): { readonly box: PdfBox; readonly items: readonly Item[] }[] {
  let clusters: { box: PdfBox; items: Item[] }[] = [];
  for (const item of items) {
    let grown = { box: boxIn(item), items: [item] };
    // What it joins may bring it near to others.
    for (;;) {
      const near = clusters.filter(({ box }) => areNear(box, grown.box, gap));
      if (near.length === 0) break;
      clusters = clusters.filter((cluster) => !near.includes(cluster));
      grown = {
        box: near.reduce((box, cluster) => around(box, cluster.box), grown.box),
        items: [...near.flatMap((cluster) => cluster.items), ...grown.items],
      };
    }
    clusters.push(grown);
  }
  return clusters;
}
