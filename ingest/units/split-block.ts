import type { Block, BlockTable } from '../parse/index.ts';
import { renderBlock, renderCode, renderItem, renderRows } from './render-block.ts';
import { fillRanges, type Part, splitText } from './split-text.ts';

/**
 * Parts a block that is larger than a unit: a table between rows, with its header rows in each part; code between lines; everything else between sentences. A row, a line or a sentence that is
 * too large by itself is parted inside.
 *
 * @param fits whether a part in Markdown is small enough; must hold for a few characters
 * @returns parts in order; the first one's border is the block's own
 */
export function splitBlock(block: Block, fits: (markdown: string) => boolean): Part[] {
  const { kind, text, table, level = 1, codeLanguage } = block;
  if (table !== undefined && fits(renderRows(table, []))) return splitTable(table, fits);
  if (table !== undefined) return splitText(renderBlock(block), (part) => part, fits);
  if (kind === 'code') return splitCode(text, codeLanguage, fits);
  return splitText(text, (part, place) => renderPart(block, part, { level, isFirst: place === 0 }), fits);
}

/** A list item's marker and a heading's stand in its first part alone. */
function renderPart(
  block: Block,
  text: string,
  { level, isFirst }: { readonly level: number; readonly isFirst: boolean },
): string {
  if (isFirst || block.kind === 'quote' || block.kind === 'figure') return renderBlock({ ...block, text });
  if (block.kind === 'list-item') return renderItem(text, level).replace('- ', '  ');
  return renderBlock({ ...block, kind: 'paragraph', text });
}

function splitTable(table: BlockTable, fits: (markdown: string) => boolean): Part[] {
  const rows = table.rows.slice(table.headerRows);
  return fillRanges(rows.length, ({ from, to }) => fits(renderRows(table, rows.slice(from, to)))).flatMap(({ from, to }) => {
    const markdown = renderRows(table, rows.slice(from, to));
    const isFine = to > from + 1 || fits(markdown);
    return isFine ? [{ text: markdown, startsAt: 'row' as const }] : splitRow(table, rows[from]!, fits);
  });
}

/** A row whose cells are too long becomes several, each with some sentences of some cells in their own columns. */
function splitRow(table: BlockTable, row: readonly string[], fits: (markdown: string) => boolean): Part[] {
  const parts = row.flatMap((cell, column) =>
    splitText(cell, (part) => renderRows(table, [row.map((_, other) => (other === column ? part : ''))]), fits),
  );
  return parts.map((part, number) => (number === 0 ? { ...part, startsAt: 'row' } : part));
}

function splitCode(code: string, language: string | undefined, fits: (markdown: string) => boolean): Part[] {
  const lines = code.split('\n');
  const rendered = (from: number, to: number): string => renderCode(lines.slice(from, to).join('\n'), language);
  return fillRanges(lines.length, ({ from, to }) => fits(rendered(from, to))).flatMap(({ from, to }): Part[] => {
    if (to > from + 1 || fits(rendered(from, to))) return [{ text: rendered(from, to), startsAt: 'row' }];
    const parts = splitText(lines[from]!, (part) => renderCode(part, language), fits);
    return parts.map((part, number) => ({ ...part, startsAt: number === 0 ? 'row' : 'inside' }));
  });
}
