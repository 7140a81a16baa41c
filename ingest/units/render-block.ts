import { type Block, type BlockTable, tableText } from '../parse/index.ts';

/** What would make a paragraph a heading or open a code block. */
const LOOKS_LIKE_BLOCK = /^(?=#{1,6}(?:\s|$)|`{3}|~{3})/gm;
/** Markdown has no deeper ones. */
export const DEEPEST_HEADING = 6;

/** A block as Markdown, without white space at its ends but a list item's indentation; empty when there is nothing to show. */
export function renderBlock(block: Block): string {
  const { kind, text, level = 1, table } = block;
  if (table !== undefined) return renderRows(table, table.rows.slice(table.headerRows));
  if (text === '') return '';
  switch (kind) {
    case 'heading':
      return `${'#'.repeat(Math.min(level, DEEPEST_HEADING))} ${text.replace(/\s*\n\s*/g, ' ')}`;
    case 'list-item':
      return renderItem(text, level);
    case 'quote':
      return text.replace(/^/gm, '> ').replace(/^> $/gm, '>');
    case 'code':
      return renderCode(text, block.codeLanguage);
    case 'figure':
      return `![${text.replace(/\s*\n\s*/g, ' ').replace(/[\\[\]]/g, '\\$&')}]()`;
    default:
      return text.replace(LOOKS_LIKE_BLOCK, '\\');
  }
}

/** Rows of a table as pipes, below its header rows. */
export function renderRows({ rows: all, headerRows }: BlockTable, rows: readonly (readonly string[])[]): string {
  return tableText([...all.slice(0, headerRows), ...rows], headerRows);
}

/** Code between fences that are longer than any in it. */
export function renderCode(code: string, language = ''): string {
  let longest = 2;
  for (const [ticks] of code.matchAll(/`{3,}/g)) longest = Math.max(longest, ticks.length);
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language.replace(/[\s`].*$/s, '')}\n${code}\n${fence}`;
}

/** Marker and depth; what follows a line break stays below the item. */
export function renderItem(text: string, level: number): string {
  const indent = '  '.repeat(level - 1);
  return `${indent}- ${text.replace(/\n/g, `\n${indent}  `)}`;
}

/** What stands between two blocks: items of one list follow each other line by line. */
export function separatorOf(before: Pick<Block, 'kind'>, after: Pick<Block, 'kind'>): string {
  return before.kind === 'list-item' && after.kind === 'list-item' ? '\n' : '\n\n';
}
