import type { PDFPageProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';
import type { Pixels } from '../../recognition/index.ts';
import { heightOf, type PdfBox, widthOf } from './drawings.ts';

interface Canvas {
  getContext(kind: '2d'): {
    fillStyle: string;
    fillRect(x: number, y: number, width: number, height: number): void;
    getImageData(x: number, y: number, width: number, height: number): { readonly data: Uint8ClampedArray };
  };
}

interface CanvasModule {
  createCanvas(width: number, height: number): Canvas;
  readonly DOMMatrix: unknown;
  readonly ImageData: unknown;
  readonly Path2D: unknown;
}

let canvasModule: Promise<CanvasModule | undefined> | undefined;

/** The canvas that pdfjs-dist brings where its platform has one. */
function loadCanvas(): Promise<CanvasModule | undefined> {
  canvasModule ??= import('@napi-rs/canvas').then(
    (module) => {
      const canvas = module as unknown as CanvasModule;
      const globals = globalThis as Record<string, unknown>;
      for (const name of ['DOMMatrix', 'ImageData', 'Path2D'] as const) globals[name] ??= canvas[name];
      return canvas;
    },
    () => undefined,
  );
  return canvasModule;
}

/**
 * A part of a page, drawn on white.
 *
 * @param scale pixels of a point
 * @returns undefined where there is no canvas (`@napi-rs/canvas`), and for what cannot be drawn
 */
export async function drawBox(page: PDFPageProxy, box: PdfBox, scale: number): Promise<Pixels | undefined> {
  const canvas = await loadCanvas();
  if (canvas === undefined) return undefined;
  const [width, height] = [widthOf(box), heightOf(box)].map((side) => Math.max(1, Math.round(side * scale))) as [number, number];
  try {
    const context = canvas.createCanvas(width, height).getContext('2d');
    context.fillStyle = '#ffffff';
    context.fillRect(0, 0, width, height);
    const viewport = page.getViewport({ scale, offsetX: -box.left * scale, offsetY: -box.top * scale });
    await page.render({ canvas: null, canvasContext: context as never, viewport, annotationMode: 0 }).promise;
    return { width, height, data: withoutAlpha(context.getImageData(0, 0, width, height).data) };
  } catch {
    return undefined;
  }
}

function withoutAlpha(data: Uint8ClampedArray): Uint8Array {
  const rgb = new Uint8Array((data.length / 4) * 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    rgb[to] = data[from]!;
    rgb[to + 1] = data[from + 1]!;
    rgb[to + 2] = data[from + 2]!;
  }
  return rgb;
}
