import type { Block } from '../parse/index.ts';

/** Characters of the texts of blocks, in UTF-16 units. */
export function lengthOf(blocks: readonly Block[]): number {
  return blocks.reduce((sum, { text }) => sum + text.length, 0);
}
