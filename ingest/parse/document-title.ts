import type { Block } from './block.ts';

/** The one heading of the outermost level, when it stands before all others: what a document without metadata calls itself. */
export function onlyOutermostHeading(blocks: readonly Block[]): string | undefined {
  const headings = blocks.filter(({ kind }) => kind === 'heading');
  const [first] = headings;
  return first !== undefined && headings.slice(1).every(({ level }) => level! > first.level!) ? first.text : undefined;
}
