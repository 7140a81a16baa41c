import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { PDFDocumentProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { CemError, messageOf } from '../../../base/index.ts';
import type { SourceFile } from '../parser.ts';
import { loadPdfjs } from './pdfjs.ts';

/** Where the package's character maps and standard fonts lie, with `/` at the end as pdf.js wants it. */
function packageFolder(): string {
  return `${dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'))}/`;
}

/** Pixels of an image that is decoded: four bytes each, beside what its file takes. */
const MOST_IMAGE_PIXELS = 25_000_000;

/**
 * Opens a PDF. Nothing of it is executed or fetched: no scripts, no forms, no evaluated code.
 *
 * @returns the document, which the caller destroys
 * @throws CemError `PARSE_ENCRYPTED` where it wants a password, `PARSE_PDF` where it is malformed, `PARSE_PDF_MISSING` without pdfjs-dist
 */
export async function openPdf(file: SourceFile): Promise<PDFDocumentProxy> {
  const pdfjs = await loadPdfjs();
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
    // Decoders of JPEG 2000 and JBIG2, which are in the package.
    wasmUrl: `${folder}wasm/`,
    useWasm: true,
    disableFontFace: true,
    enableXfa: false,
    // Images above this many pixels are not decoded.
    maxImageSize: MOST_IMAGE_PIXELS,
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
