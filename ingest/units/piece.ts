import { type Block, captionOwners } from '../parse/index.ts';
import { DEEPEST_HEADING, renderBlock, separatorOf } from './render-block.ts';
import type { UnitBorder } from './unit.ts';

/** One block as Markdown, or a part of one that is larger than a unit. */
export interface RenderedBlock {
  /** Its number in the document. */
  readonly number: number;
  readonly block: Block;
  readonly text: string;
}

/** Blocks that are never parted: a caption with its table, a heading with what follows it. Borders of units fall between pieces. */
export interface Piece {
  readonly blocks: readonly RenderedBlock[];
  /** Of each block by itself with what stands behind it; their sum may differ by a few from the tokens of the joined text. */
  readonly tokens: number;
  /** What a unit's border before it falls on. */
  readonly startsAt: UnitBorder;
  /** Levels of the headings that it begins with, each deeper than the one before it: the sections that begin here. */
  readonly levels: readonly number[];
}

export function renderBlocks(blocks: readonly Block[]): RenderedBlock[] {
  return blocks.map((block, number) => ({ number, block, text: renderBlock(block) }));
}

/** The Markdown of blocks; those with nothing to show leave no trace. */
export function joinText(blocks: readonly RenderedBlock[]): string {
  let text = '';
  let before: RenderedBlock | undefined;
  for (const rendered of blocks) {
    if (rendered.text === '') continue;
    text += before === undefined ? rendered.text : separatorOf(before.block, rendered.block) + rendered.text;
    before = rendered;
  }
  return text;
}

/** Of a block and what may stand behind it. */
export function tokensOf({ text }: RenderedBlock, count: (text: string) => number): number {
  return text === '' ? 0 : count(`${text}\n\n`);
}

/**
 * Groups blocks into pieces. A heading goes with what follows it, a caption with its table, figure or code, a block with nothing to show with what follows it. Headings that have more than
 * half of the maximum between them are a piece of their own.
 *
 * @param maximum tokens of a unit
 */
export function cutPieces(blocks: readonly RenderedBlock[], maximum: number, count: (text: string) => number): Piece[] {
  const owners = captionOwners(blocks.map(({ block }) => block.kind));
  const pieces: Piece[] = [];
  let gathered: RenderedBlock[] = [];
  let tokens = 0;
  /** Tokens of what only leads to something else: headings, captions above their tables. */
  const close = (): void => {
    if (gathered.length > 0) pieces.push(pieceOf(gathered, tokens));
    gathered = [];
    tokens = 0;
  };
  for (const [place, rendered] of blocks.entries()) {
    gathered.push(rendered);
    tokens += tokensOf(rendered, count);
    const leads = rendered.block.kind === 'heading' || rendered.text === '' || owners[place]! > place;
    const isFollowed = owners[place + 1] !== undefined && owners[place + 1]! <= place;
    if (isFollowed || (leads && 2 * tokens <= maximum)) continue;
    close();
  }
  const last = pieces.at(-1);
  const isTail = gathered.every(({ block, text }) => block.kind === 'heading' || text === '');
  if (last === undefined || !isTail) close();
  else pieces[pieces.length - 1] = pieceOf([...last.blocks, ...gathered], last.tokens + tokens);
  return pieces;
}

function pieceOf(blocks: readonly RenderedBlock[], tokens: number): Piece {
  const [first] = blocks as [RenderedBlock];
  const { block } = blocks.find(({ text }) => text !== '') ?? first;
  return {
    blocks,
    tokens,
    startsAt: first.number === 0 ? 'document' : block.kind === 'heading' ? 'heading' : 'block',
    levels: levelsOf(blocks),
  };
}

/** Levels of the first headings; one that another of its level or above follows heads nothing. */
function levelsOf(blocks: readonly RenderedBlock[]): number[] {
  const levels: number[] = [];
  for (const { block, text } of blocks) {
    if (block.kind !== 'heading' && text !== '') break;
    if (block.kind !== 'heading') continue;
    const level = Math.min(block.level ?? 1, DEEPEST_HEADING);
    while (levels.length > 0 && levels.at(-1)! >= level) levels.pop();
    levels.push(level);
  }
  return levels;
}
