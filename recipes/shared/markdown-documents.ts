import { type Document, markdownPassages, type PassageLengths } from '../../data/index.ts';
import type { MarkdownFile } from './installed-markdown.ts';

/** Characters of a passage of Markdown. */
export const MARKDOWN_LENGTHS: PassageLengths = { shortest: 300, longest: 1500 };

/**
 * A file's passages as documents, `name#1` and so on, without tables.
 *
 * @param seen texts that were taken before, white space apart; those of this file are added
 */
export function markdownDocuments({ name, markdown }: MarkdownFile, seen: Set<string>): Document[] {
  const documents: Document[] = [];
  for (const { title, text } of markdownPassages(markdown, MARKDOWN_LENGTHS)) {
    const content = text.replace(/\s+/g, ' ');
    if (seen.has(content) || isTable(text)) continue;
    seen.add(content);
    documents.push({ id: `${name}#${documents.length + 1}`, title, text });
  }
  return documents;
}

/** Whether most lines are rows of a table. */
function isTable(text: string): boolean {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.filter((line) => line.trimStart().startsWith('|')).length > lines.length / 2;
}
