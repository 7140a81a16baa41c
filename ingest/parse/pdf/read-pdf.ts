import type { RecognisedPicture } from '../../recognition/index.ts';
import type { Block } from '../block.ts';
import { courtCaseOf } from '../court-case/index.ts';
import { onlyOutermostHeading } from '../document-title.ts';
import type { ParsedDocument, ParserTools, SourceFile } from '../parser.ts';
import { headingsOf } from './headings.ts';
import { pageStyleOf } from './page-style.ts';
import { pdfBlocks } from './pdf-blocks.ts';
import { type PdfLines, pictureLines, readPdfLines } from './pdf-lines.ts';

/**
 * A court case is the documents of its sections; anything else is one document.
 *
 * @throws CemError as `readPdfLines`
 */
export async function readPdf(file: SourceFile, tools: ParserTools): Promise<readonly ParsedDocument[]> {
  const pdf = await readPdfLines(file, tools);
  return courtCaseOf(pdf) ?? [wholePdf(pdf)];
}

/** All of a PDF's text, whatever it is about. */
export function wholePdf({ lines, figures, outline, title, language, warnings }: PdfLines): ParsedDocument {
  const style = pageStyleOf(lines);
  const blocks = pdfBlocks(lines, headingsOf(lines, style, outline), style, figures);
  const named = title ?? onlyOutermostHeading(blocks);
  return {
    ...(named !== undefined && { title: named }),
    ...(language !== undefined && { language }),
    blocks,
    ...(warnings.length > 0 && { warnings }),
  };
}

/** Blocks of a picture of a page; they have no page, since a picture has none. */
export function pictureBlocks(picture: RecognisedPicture): Block[] {
  return wholePdf(pictureLines(picture)).blocks.map(({ pages: _, ...block }) => block);
}
