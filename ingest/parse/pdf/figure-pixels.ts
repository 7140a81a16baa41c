import type { PDFPageProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';
import type { BlockFigure } from '../block.ts';
import { encodePixels } from '../picture/index.ts';
import { drawBox } from './draw-page.ts';
import { heightOf, type PdfBox, widthOf } from './drawings.ts';
import type { PdfFigure } from './page-figures.ts';

/** Pixels of a point in what is drawn here: 144 an inch. */
const SCALE = 2;
const LONGEST_SIDE = 2_000;
/** Points around a drawing. */
const MARGIN = 3;

/** Kinds of pixels that pdf.js gives (`ImageKind`). */
const GRAY_1_BIT = 1;
const RGB = 2;
const RGBA = 3;

/** The picture of a figure: an image's own pixels; what is drawn, or put together of several images, only where there is a canvas (`@napi-rs/canvas`). */
export async function figurePicture(page: PDFPageProxy, { image, box }: PdfFigure): Promise<BlockFigure> {
  if (image === undefined) return renderBox(page, box);
  const pixels = await pixelsOf(page, image.source);
  if (pixels === undefined) return renderBox(page, box);
  const read = await encodePixels(pixels.data, pixels);
  return 'picture' in read ? { picture: read.picture } : { leftOut: read.leftOut };
}

interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
}

interface PdfjsImage {
  readonly width?: number;
  readonly height?: number;
  readonly kind?: number;
  readonly data?: Uint8Array | Uint8ClampedArray | null;
}

const WAIT_MS = 10_000;

async function pixelsOf(page: PDFPageProxy, source: string | object): Promise<Pixels | undefined> {
  const image = typeof source === 'string' ? await objectOf(page, source) : (source as PdfjsImage);
  const { width = 0, height = 0, kind, data } = image ?? {};
  if (data === undefined || data === null || width <= 0 || height <= 0) return undefined;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (kind === RGB && bytes.length === width * height * 3) return { data: bytes, width, height, channels: 3 };
  if (kind === RGBA && bytes.length === width * height * 4) return { data: bytes, width, height, channels: 4 };
  if (kind === GRAY_1_BIT) return { data: unpackBits(bytes, width, height), width, height, channels: 1 };
  return undefined;
}

/** Objects come when they are decoded; one that is not decoded never comes. */
function objectOf(page: PDFPageProxy, name: string): Promise<PdfjsImage | undefined> {
  const objects = name.startsWith('g_') ? page.commonObjs : page.objs;
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), WAIT_MS);
    objects.get(name, (image: PdfjsImage | null) => {
      clearTimeout(timer);
      resolve(image ?? undefined);
    });
  });
}

/** Rows of bits, each of whole bytes; a bit that is set is white. */
function unpackBits(data: Uint8Array, width: number, height: number): Uint8Array {
  const pixels = new Uint8Array(width * height);
  const rowBytes = Math.ceil(width / 8);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const byte = data[y * rowBytes + (x >>> 3)] ?? 0;
      pixels[y * width + x] = (byte >>> (7 - (x & 7))) & 1 ? 255 : 0;
    }
  }
  return pixels;
}

/** A part of a page, drawn. What cannot be drawn is a figure without a picture. */
async function renderBox(page: PDFPageProxy, { left, top, right, bottom }: PdfBox): Promise<BlockFigure> {
  const box = { left: left - MARGIN, top: top - MARGIN, right: right + MARGIN, bottom: bottom + MARGIN };
  const drawn = await drawBox(page, box, Math.min(SCALE, LONGEST_SIDE / Math.max(widthOf(box), heightOf(box))));
  if (drawn === undefined) return {};
  const read = await encodePixels(drawn.data, { ...drawn, channels: 3 });
  return 'picture' in read ? { picture: read.picture } : {};
}
