import type { PageRange } from '../../../data/index.ts';
import type { Block } from '../block.ts';
import { BlockWriter } from '../block-writer.ts';
import { isCaption } from '../caption.ts';
import { looksLikeHeader } from '../table-header.ts';
import { alignedTable, contentsText, isContentsLine } from './aligned-tables.ts';
import { codeText, continuesCode, isCode } from './code-text.ts';
import type { PdfHeading } from './headings.ts';
import type { PageStyle } from './page-style.ts';
import { addLine, continues, type PdfParagraph, paragraphText, startParagraph } from './paragraphs.ts';
import type { PdfLine, PlacedFigure } from './pdf-lines.ts';

/** What lines become, before lists know their depths. */
type Item =
  | { readonly kind: 'heading'; readonly lines: readonly PdfLine[]; readonly heading: PdfHeading }
  | { readonly kind: 'text'; readonly lines: readonly PdfLine[]; readonly paragraph: PdfParagraph; readonly footnote: boolean }
  | { readonly kind: 'code'; readonly lines: PdfLine[] }
  | { readonly kind: 'contents'; readonly lines: readonly PdfLine[]; readonly text: string }
  | {
      readonly kind: 'table';
      readonly lines: PdfLine[];
      rows: readonly (readonly string[])[];
      readonly borders: readonly number[];
    }
  | { readonly kind: 'figure'; readonly lines: readonly []; readonly figure: PlacedFigure };

/** Lines at the foot of a page in letters that are smaller than its text by this factor are footnotes. */
const SMALLER = 0.92;
const FOOT = 0.55;

/** Puts the lines of a document together. */
class ItemWriter {
  readonly items: Item[] = [];
  readonly #lines: readonly PdfLine[];
  readonly #style: PageStyle;
  /** Largest baseline of each page. */
  readonly #bottoms = new Map<number, number>();

  constructor(lines: readonly PdfLine[], style: PageStyle) {
    this.#lines = lines;
    this.#style = style;
    for (const { page, baseline } of lines) this.#bottoms.set(page, Math.max(this.#bottoms.get(page) ?? 0, baseline));
  }

  heading(heading: PdfHeading): void {
    this.items.push({ kind: 'heading', lines: this.#lines.slice(heading.start, heading.end), heading });
  }

  /** Takes the lines from one place on that belong together, and says where the next ones begin. */
  take(index: number, end: number): number {
    const line = this.#lines[index] as PdfLine;
    if (line.table !== undefined) return this.#ruledTable(index, end);
    if (isContentsLine(this.#lines, index)) {
      this.items.push({ kind: 'contents', lines: [line], text: contentsText(line) });
      return index + 1;
    }
    if (this.#goesOn(line)) return index + 1;
    if (isCode(line)) {
      this.items.push({ kind: 'code', lines: [line] });
      return index + 1;
    }
    const table = alignedTable(this.#lines, index, end, this.#style);
    if (table !== undefined) {
      this.items.push({ kind: 'table', lines: this.#lines.slice(index, table.end), rows: table.rows, borders: [] });
      return table.end;
    }
    this.#pushText(line);
    return index + 1;
  }

  #pushText(line: PdfLine): void {
    const paragraph = startParagraph(line);
    const footnote = line.fontSize < SMALLER * this.#style.bodySize && line.baseline > FOOT * (this.#bottoms.get(line.page) ?? 0);
    this.items.push({ kind: 'text', lines: paragraph.lines, paragraph, footnote });
  }

  /** Whether a line goes on with the item before it, or with the text that footnotes interrupt. */
  #goesOn(line: PdfLine): boolean {
    const last = this.items.at(-1);
    if (last?.kind === 'code' && isCode(line) && continuesCode(last.lines.at(-1) as PdfLine, line, this.#style)) {
      last.lines.push(line);
      return true;
    }
    let item = last;
    for (
      let index = this.items.length - 2;
      item?.kind === 'text' && item.footnote && item.lines.at(-1)?.page !== line.page;
      index -= 1
    )
      item = this.items[index];
    for (const candidate of item === last ? [last] : [item, last]) {
      if (candidate?.kind !== 'text' || !continues(candidate.paragraph, line, this.#style)) continue;
      addLine(candidate.paragraph, line);
      return true;
    }
    return false;
  }

  #ruledTable(index: number, most: number): number {
    const first = this.#lines[index] as PdfLine;
    let end = index;
    while (end < most && this.#lines[end]?.table === first.table) end += 1;
    const lines = this.#lines.slice(index, end);
    const rows = lines.map(({ segments }) => segments.map(({ text }) => text));
    const borders = first.segments.map(({ left }) => left);
    const last = this.items.at(-1);
    if (last?.kind === 'table' && last.lines.at(-1)?.page !== first.page && sameBorders(last.borders, borders)) {
      // A table that goes on overleaf, where its header may stand again.
      const again = rows[0]?.join('\n') === last.rows[0]?.join('\n') ? 1 : 0;
      last.rows = [...last.rows, ...rows.slice(again)];
      last.lines.push(...lines);
    } else this.items.push({ kind: 'table', lines, rows, borders });
    return end;
  }
}

function sameBorders(a: readonly number[], b: readonly number[]): boolean {
  return a.length > 0 && a.length === b.length && a.every((left, index) => Math.abs(left - (b[index] ?? 0)) <= 4);
}

/** A first row that alone is bold is a header, too. */
function headerRows(rows: readonly (readonly string[])[], lines: readonly PdfLine[]): number {
  const bold = rows.length > 1 && lines[0]?.bold === true && lines[1]?.bold === false;
  return bold || looksLikeHeader(rows) ? 1 : 0;
}

function pagesOf(lines: readonly PdfLine[]): PageRange {
  const pages = lines.map(({ page }) => page);
  return { first: Math.min(...pages), last: Math.max(...pages) };
}

/**
 * Items with figures between them: beside its caption, else behind what stands above it on its page.
 */
function withFigures(items: readonly Item[], figures: readonly PlacedFigure[]): Item[] {
  const before = new Map<Item, Item[]>();
  const after = new Map<Item, Item[]>();
  const first: Item[] = [];
  const put = (map: Map<Item, Item[]>, item: Item, figure: Item): void => {
    map.set(item, [...(map.get(item) ?? []), figure]);
  };
  for (const figure of figures) {
    const { page, box, caption } = figure;
    const own: Item = { kind: 'figure', lines: [], figure };
    const captioned = caption && items.find(({ lines }) => lines.some((line) => isCaptionLine(line, page, caption)));
    if (captioned !== undefined && caption !== undefined) {
      put(caption.baseline > (box.top + box.bottom) / 2 ? before : after, captioned, own);
      continue;
    }
    const above = items.findLast(({ lines }) =>
      lines.some((line) => line.page < page || (line.page === page && line.baseline <= box.top + line.fontSize)),
    );
    if (above === undefined) first.push(own);
    else put(after, above, own);
  }
  return [...first, ...items.flatMap((item) => [...(before.get(item) ?? []), item, ...(after.get(item) ?? [])])];
}

function isCaptionLine(line: PdfLine, page: number, { baseline, left }: NonNullable<PlacedFigure['caption']>): boolean {
  return line.page === page && Math.abs(line.baseline - baseline) <= 1 && left >= line.left - 1 && left <= line.right;
}

/** Depths of list items: an item that begins farther right than the one before is deeper. */
class ListDepths {
  #lefts: { left: number; page: number }[] = [];

  reset(): void {
    this.#lefts = [];
  }

  of({ left, fontSize, page }: PdfLine): number {
    // Left and right pages may have other margins.
    if (this.#lefts.some((each) => each.page !== page)) this.#lefts = this.#lefts.map((each) => ({ ...each, page }));
    this.#lefts = this.#lefts.filter((each) => each.left < left - fontSize / 4);
    this.#lefts.push({ left, page });
    return this.#lefts.length;
  }
}

/** Blocks of a document's lines, in reading order. */
export function pdfBlocks(
  lines: readonly PdfLine[],
  headings: readonly PdfHeading[],
  style: PageStyle,
  figures: readonly PlacedFigure[] = [],
): Block[] {
  const items = new ItemWriter(lines, style);
  let index = 0;
  for (const heading of headings) {
    while (index < heading.start) index = items.take(index, heading.start);
    items.heading(heading);
    index = heading.end;
  }
  while (index < lines.length) index = items.take(index, lines.length);

  const writer = new BlockWriter();
  const depths = new ListDepths();
  for (const item of withFigures(items.items, figures)) {
    if (item.kind === 'figure') {
      const { page, figure, text } = item.figure;
      writer.add('figure', text, { pages: { first: page, last: page } }, { figure });
      continue;
    }
    const place = { pages: pagesOf(item.lines) };
    const first = item.lines[0] as PdfLine;
    if (item.kind === 'text' && item.paragraph.marker !== 'none') {
      writer.add('list-item', paragraphText(item.paragraph, style), place, { level: depths.of(first) });
      continue;
    }
    if (item.kind === 'contents') {
      writer.add('list-item', item.text, place, { level: depths.of(first) });
      continue;
    }
    if (item.kind !== 'text' || first.left <= style.leftOf(first.region) + first.fontSize) depths.reset();
    if (item.kind === 'heading') writer.heading(item.heading.level, item.heading.text, place);
    else if (item.kind === 'code') writer.add('code', codeText(item.lines, style), place);
    else if (item.kind === 'table') writer.table(item.rows, headerRows(item.rows, item.lines), place);
    else {
      const text = paragraphText(item.paragraph, style);
      writer.add(isCaption(text) ? 'caption' : 'paragraph', text, place);
    }
  }
  return writer.blocks;
}
