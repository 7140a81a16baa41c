/** Office files (OOXML): Word's documents, PowerPoint's presentations, Excel's workbooks. */
export { docxParser } from './docx-parser.ts';
export { pptxParser } from './pptx-parser.ts';
export { xlsxParser } from './xlsx-parser.ts';
