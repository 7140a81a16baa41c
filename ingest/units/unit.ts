import type { ByteSpan } from '../../base/index.ts';
import type { PageRange } from '../../data/index.ts';

/** A long unit: the part of a document that is stored as one chunk and read as a whole. Its passages are cut later, when it is packed. */
export interface Unit {
  /** What is shown and read: the blocks' texts as Markdown, a table with its header row in each part of it. */
  readonly text: string;
  /** By the tokenizer of the settings, of `text`. */
  readonly tokens: number;
  /** Headings above its first block, outermost first. */
  readonly headings: readonly string[];
  /** From its first block's first page to its last block's last. */
  readonly pages?: PageRange;
  /** From its first block's start to its last block's end. */
  readonly span?: ByteSpan;
  /** What its first border falls on: the document's start, a heading, a border between blocks, one between rows of a table or lines of code (`row`), between sentences, or none of them. */
  readonly startsAt: UnitBorder;
}

export type UnitBorder = 'document' | 'heading' | 'block' | 'row' | 'sentence' | 'inside';
