/** PDF: text of pages to lines in reading order, lines to blocks. */
export { courtCaseParser } from './court-case-parser.ts';
export type { OutlineEntry } from './outline.ts';
export type { PdfRun } from './page-runs.ts';
export { type PdfLine, type PdfLines, readPdfLines } from './pdf-lines.ts';
export { pdfParser } from './pdf-parser.ts';
export { pictureBlocks } from './read-pdf.ts';
export type { PdfSegment } from './rows.ts';
