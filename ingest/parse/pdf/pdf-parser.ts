import { defineParser } from '../define-parser.ts';
import { loadPdfjs } from './pdfjs.ts';

/** `%PDF-`, which may stand anywhere in the first 1,024 bytes (ISO 32000-1, annex H.3.4.1). */
const MAGIC = Buffer.from('%PDF-');

/** PDF, by pdf.js. */
export const pdfParser = defineParser({
  format: 'pdf',
  version: 2,
  extensions: ['.pdf'],
  pictures: true,
  recognise(start) {
    const place = Buffer.from(start.buffer, start.byteOffset, Math.min(1024, start.length)).indexOf(MAGIC);
    if (place === 0) return 2;
    return place > 0 ? 1 : 0;
  },
  async load() {
    const [{ readPdf }] = await Promise.all([import('./read-pdf.ts'), loadPdfjs()]);
    return readPdf;
  },
});
