import type { ByteSpan } from '../../base/index.ts';
import type { FigurePicture, FigurePlace, PageRange } from '../../data/index.ts';

/** A figure is a picture's place, with the text that stands for it (its alternative text), which may be empty. */
export type BlockKind = 'heading' | 'paragraph' | 'list-item' | 'quote' | 'table' | 'code' | 'caption' | 'figure';

/** A table as rows of cells; all rows have the same number of cells, a cell that spans several stands in the first and leaves the others empty. */
export interface BlockTable {
  readonly rows: readonly (readonly string[])[];
  /** How many of the first rows are its header; 0 where it has none. */
  readonly headerRows: number;
}

/** What is known of the picture of a figure. */
export interface BlockFigure {
  readonly picture?: FigurePicture;
  /** Where its picture lies, relative to the file: another file, which who ingests may read. */
  readonly reference?: string;
  /** Why its picture is none to be found: too small, of one colour, not readable, larger than one may be. */
  readonly leftOut?: 'small' | 'plain' | 'unreadable' | 'large';
  /** Text that stands for it, where it is not the block's. */
  readonly alt?: string;
  /** Words inside of the picture, where they are not the block's text. */
  readonly words?: string;
  /** Where it stands on its page. */
  readonly place?: FigurePlace;
  /** Whether it stands amid the text of the block before it, which has the text that stands for it. */
  readonly inline?: boolean;
}

/** A piece of a document that is one thing to its reader. Blocks stand in reading order and do not nest. */
export interface Block {
  readonly kind: BlockKind;
  /**
   * Its text without markup, white space at both ends taken away: of prose with lines joined, of code as it stands, of a table `tableText` of its rows. Empty only in a figure.
   */
  readonly text: string;
  /** Of a heading 1 to 6, of a list item its depth from 1; absent elsewhere. */
  readonly level?: number;
  /** Headings above it, outermost first; a heading does not count as above itself. */
  readonly headings: readonly string[];
  /** Pages that it stands on, where the format has pages. */
  readonly pages?: PageRange;
  /** Its bytes, markup included, in the file's text as UTF-8 (decoded, without byte order mark); absent where the file is no text. Spans ascend and do not overlap. */
  readonly span?: ByteSpan;
  /** Of a table; absent elsewhere. */
  readonly table?: BlockTable;
  /** Of a figure, where more is known of it than that text. */
  readonly figure?: BlockFigure;
  /** Of code: its language, as the source names it. */
  readonly codeLanguage?: string;
}
