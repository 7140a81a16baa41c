import { courtCaseOf, degradedCase } from '../court-case/index.ts';
import { defineParser } from '../define-parser.ts';
import type { ParsedDocument, ParserTools, SourceFile } from '../parser.ts';
import { readPdfLines } from './pdf-lines.ts';
import { loadPdfjs } from './pdfjs.ts';

/**
 * Cases of the people's courts' case library as PDF: a document for 基本案情 and one for 裁判理由, which are what is found. A file without them is one document of all its text, marked as
 * `case_degraded`. The first bytes of a PDF do not tell that it is a case: the format is asked for, and the parser of PDF takes what `courtCaseOf` finds for one.
 */
export const courtCaseParser = defineParser({
  format: 'court-case',
  version: 2,
  extensions: [],
  pictures: true,
  async load() {
    await loadPdfjs();
    return readCourtCaseFile;
  },
});

async function readCourtCaseFile(file: SourceFile, tools: ParserTools): Promise<ParsedDocument[]> {
  const pdf = await readPdfLines(file, tools);
  return courtCaseOf(pdf) ?? [degradedCase(pdf)];
}
