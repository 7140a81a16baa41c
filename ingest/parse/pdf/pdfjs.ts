import { CemError, messageOf } from '../../../base/index.ts';

type Pdfjs = typeof import('pdfjs-dist/legacy/build/pdf.mjs');

/** Classes for drawing that pdf.js takes from a canvas where there is one. One object of the first is made while it loads; texts need none of them. */
const DRAWING = ['DOMMatrix', 'ImageData', 'Path2D'] as const;

/**
 * pdf.js leaves promises behind that nobody waits for, and some of malformed files are rejected, which would end the process. What is not its own stays what it would be
 * without this listener.
 */
function ignoreOwnRejections(): void {
  const ignore = (reason: unknown): void => {
    if (/[\\/]pdfjs-dist[\\/]/.test(String((reason as { stack?: unknown } | null | undefined)?.stack))) return;
    if (process.listenerCount('unhandledRejection') === 1) throw reason;
  };
  process.on('unhandledRejection', ignore);
}

let loading: Promise<Pdfjs> | undefined;

/**
 * pdf.js and what it loads with its first file (its worker, which runs in this thread).
 *
 * @throws CemError `PARSE_PDF_MISSING` without pdfjs-dist
 */
export function loadPdfjs(): Promise<Pdfjs> {
  loading ??= load();
  return loading;
}

/** Stand-ins keep pdf.js from wanting a canvas, and the console from being told that there is none; both are as before afterwards. */
async function load(): Promise<Pdfjs> {
  const { warn } = console;
  const globals = globalThis as Record<string, unknown>;
  const before = DRAWING.map((name) => [name, Object.getOwnPropertyDescriptor(globals, name)] as const);
  for (const [name, present] of before) if (present === undefined) globals[name] = class {};
  console.warn = () => undefined;
  try {
    const pdfjs = await import('pdfjs-dist/legacy/build/pdf.mjs');
    await import(import.meta.resolve('pdfjs-dist/legacy/build/pdf.worker.mjs'));
    ignoreOwnRejections();
    return pdfjs;
  } catch (cause) {
    throw new CemError(
      'PARSE_PDF_MISSING',
      `PDF files are read by the package pdfjs-dist, which cannot be loaded (${messageOf(cause)}); install it: npm install pdfjs-dist`,
      { cause },
    );
  } finally {
    console.warn = warn;
    for (const [name, present] of before) if (present === undefined) Reflect.deleteProperty(globals, name);
  }
}
