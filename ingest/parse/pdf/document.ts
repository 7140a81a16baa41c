import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { PDFDocumentProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { CemError, messageOf } from '../../../base/index.ts';
import type { SourceFile } from '../parser.ts';

type Pdfjs = typeof import('pdfjs-dist/legacy/build/pdf.mjs');

let loading: Promise<Pdfjs> | undefined;

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

/** pdf.js, loaded with the first file. Stand-ins keep it from wanting a canvas, and the console from being told that there is none; both are as before afterwards. */
async function loadPdfjs(): Promise<Pdfjs> {
  const { warn } = console;
  const globals = globalThis as Record<string, unknown>;
  const before = DRAWING.map((name) => [name, Object.getOwnPropertyDescriptor(globals, name)] as const);
  for (const [name, present] of before) if (present === undefined) globals[name] = class {};
  console.warn = () => undefined;
  try {
    const pdfjs = await import('pdfjs-dist/legacy/build/pdf.mjs');
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

/** Where the package's character maps and standard fonts lie, with `/` at the end as pdf.js wants it. */
function packageFolder(): string {
  return `${dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'))}/`;
}

/**
 * Opens a PDF. Nothing of it is executed or fetched: no scripts, no forms, no evaluated code, no images decoded.
 *
 * @returns the document, which the caller destroys
 * @throws CemError `PARSE_ENCRYPTED` where it wants a password, `PARSE_PDF` where it is malformed, `PARSE_PDF_MISSING` without pdfjs-dist
 */
export async function openPdf(file: SourceFile): Promise<PDFDocumentProxy> {
  loading ??= loadPdfjs();
  const pdfjs = await loading;
  const folder = packageFolder();
  const task = pdfjs.getDocument({
    // pdf.js takes the buffer away from who gave it.
    data: new Uint8Array(file.bytes),
    cMapUrl: `${folder}cmaps/`,
    cMapPacked: true,
    standardFontDataUrl: `${folder}standard_fonts/`,
    isEvalSupported: false,
    useSystemFonts: false,
    useWorkerFetch: false,
    useWasm: false,
    disableFontFace: true,
    enableXfa: false,
    // Images above this many pixels are not decoded.
    maxImageSize: 0,
    verbosity: 0,
  });
  try {
    return await task.promise;
  } catch (cause) {
    await task.destroy().catch(() => undefined);
    if ((cause as { name?: string }).name === 'PasswordException') {
      throw new CemError('PARSE_ENCRYPTED', `${file.path} is encrypted and wants a password; save it without one`, {
        details: { path: file.path },
        cause,
      });
    }
    throw malformedPdf(file, cause);
  }
}

/** The error of a file that pdf.js cannot read. */
export function malformedPdf(file: SourceFile, cause: unknown): CemError {
  return new CemError('PARSE_PDF', `${file.path} is no readable PDF: ${messageOf(cause)}`, {
    details: { path: file.path },
    cause,
  });
}
