/** Files of foreign formats become documents of blocks: what a parser is, what parsers share, and a folder for each format. */
export type { Block, BlockFigure, BlockKind, BlockTable } from './block.ts';
export { type BlockPlace, BlockWriter } from './block-writer.ts';
export { captionLabel } from './caption.ts';
export { captionOwners } from './caption-owners.ts';
export { defineParser, type ParserDefinition, type ReadFile } from './define-parser.ts';
export { onlyOutermostHeading } from './document-title.ts';
export type { ParsedDocument, Parser, ParserTools, SourceFile } from './parser.ts';
export { joinLines } from './prose.ts';
export { tableText } from './table-text.ts';
