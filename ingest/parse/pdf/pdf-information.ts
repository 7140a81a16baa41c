import type { PDFDocumentProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { isLanguageTag } from '../../../data/index.ts';
import { glyphText } from './glyph-text.ts';

/** Titles that programs write where their user gives none: names of files, of programs, of no document. */
const JUNK =
  /^(?:untitled|unbenannt|sans titre|无标题|未命名|document\s*\d*|文档\s*\d*|presentation\s*\d*|slide\s*\d*|title|none|null|microsoft (?:word|powerpoint|excel)\b.*|powerpoint\b.*|.*\.(?:docx?|pptx?|xlsx?|pdf|tex|dvi|ps|indd|qxd|html?|odt|wps|rtf|txt))$/iu;

/** Title and language as a document's metadata has them; what is no title is none. */
export async function informationOf(document: PDFDocumentProxy): Promise<{ title?: string; language?: string }> {
  let information: { readonly Title?: unknown; readonly Language?: unknown };
  try {
    information = ((await document.getMetadata()).info ?? {}) as typeof information;
  } catch {
    return {};
  }
  const title = typeof information.Title === 'string' ? glyphText(information.Title).replace(/\s+/g, ' ').trim() : '';
  const language = typeof information.Language === 'string' ? information.Language.trim().replaceAll('_', '-') : '';
  return {
    ...(/[\p{L}\p{N}]/u.test(title) && !JUNK.test(title) && { title }),
    ...(isLanguageTag(language) && { language }),
  };
}
