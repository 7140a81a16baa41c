import type { ByteSpan } from '../../base/index.ts';
import type { PageRange } from '../../data/index.ts';
import type { Block, BlockFigure, BlockKind } from './block.ts';
import { tableText } from './table-text.ts';
import { Utf8Offsets } from './utf8-offsets.ts';

/** Where a block stands. */
export interface BlockPlace {
  /** UTF-16 units [start, end) of the source's text. */
  readonly units?: { readonly start: number; readonly end: number } | undefined;
  readonly pages?: PageRange | undefined;
}

/** What a block is beside its text and its place. */
interface BlockShape {
  readonly level?: number | undefined;
  readonly codeLanguage?: string | undefined;
  readonly figure?: BlockFigure | undefined;
}

/** Puts a document's blocks together in reading order, and keeps them as `Block` says: trimmed, not empty, with the headings above each, spans in order. */
export class BlockWriter {
  readonly blocks: Block[] = [];
  readonly #offsets: Utf8Offsets | undefined;
  #headings: readonly { readonly level: number; readonly text: string }[] = [];
  #spanEnd = 0;

  /** @param source the decoded text that `units` count in; without it blocks have no spans */
  constructor(source?: string) {
    this.#offsets = source === undefined ? undefined : new Utf8Offsets(source);
  }

  /** @param level 1 to 6; others are brought there */
  heading(level: number, text: string, place: BlockPlace = {}): void {
    const depth = Math.min(6, Math.max(1, Math.round(level)));
    const words = wellFormed(text);
    if (words === '') return;
    this.#headings = this.#headings.filter((above) => above.level < depth);
    this.#push({ kind: 'heading', text: words, level: depth }, place);
    this.#headings = [...this.#headings, { level: depth, text: words }];
  }

  /** A block of text; nothing happens when it has none, unless it is a figure. */
  add(
    kind: Exclude<BlockKind, 'heading' | 'table'>,
    text: string,
    place: BlockPlace = {},
    { level, codeLanguage, figure }: BlockShape = {},
  ): void {
    const words = wellFormed(text);
    if (words === '' && kind !== 'figure') return;
    const shape = { ...(level !== undefined && { level }), ...(codeLanguage && { codeLanguage }), ...(figure && { figure }) };
    this.#push({ kind, text: words, ...shape }, place);
  }

  /** A table; rows that lack cells get empty ones. Nothing happens when no cell has a text. */
  table(rows: readonly (readonly string[])[], headerRows: number, place: BlockPlace = {}): void {
    const width = rows.reduce((most, cells) => Math.max(most, cells.length), 0);
    const even = rows.map((cells) => Array.from({ length: width }, (_, column) => wellFormed(cells[column] ?? '')));
    if (!even.some((cells) => cells.some((cell) => cell !== ''))) return;
    const header = Math.min(headerRows, even.length);
    this.#push({ kind: 'table', text: tableText(even, header), table: { rows: even, headerRows: header } }, place);
  }

  /** Gives the last block the bytes up to a later place, when they are known to belong to it. */
  extendLast(units: { readonly start: number; readonly end: number }): void {
    const last = this.blocks.at(-1);
    if (last?.span === undefined || this.#offsets === undefined) return;
    const [start, end] = [this.#offsets.byteOf(units.start), this.#offsets.byteOf(units.end)];
    const before = this.blocks.at(-2)?.span?.end ?? 0;
    if (start < before || start > last.span.start || end < last.span.end) return;
    this.blocks[this.blocks.length - 1] = { ...last, span: { start, end } };
    this.#spanEnd = end;
  }

  #push(block: Omit<Block, 'headings'>, { units, pages }: BlockPlace): void {
    const span = this.#spanOf(units);
    this.blocks.push({
      ...block,
      headings: this.#headings.map(({ text }) => text),
      ...(pages !== undefined && { pages }),
      ...(span !== undefined && { span }),
    });
  }

  /** Markup that is wrongly nested is repaired by moving text about: a block that was moved has no span, so that spans stay in order. */
  #spanOf(units: BlockPlace['units']): ByteSpan | undefined {
    if (units === undefined || this.#offsets === undefined) return undefined;
    const [start, end] = [this.#offsets.byteOf(units.start), this.#offsets.byteOf(units.end)];
    if (start < this.#spanEnd || end <= start) return undefined;
    this.#spanEnd = end;
    return { start, end };
  }
}

/** Without white space at the ends, and with U+FFFD for halves of surrogate pairs, which UTF-8 cannot hold. */
function wellFormed(text: string): string {
  return text.trim().replace(/\p{Surrogate}/gu, '\ufffd');
}
