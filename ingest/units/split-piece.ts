import { joinText, type Piece, type RenderedBlock, tokensOf } from './piece.ts';
import { splitBlock } from './split-block.ts';

/**
 * Parts a piece that is larger than a unit: its table, code or text is split, its headings and the captions above stay with the first part, captions below with the last. Where these alone take
 * more than half of a unit, each block is by itself.
 *
 * @returns pieces of at most `maximum` tokens
 */
export function splitPiece(piece: Piece, maximum: number, count: (text: string) => number): Piece[] {
  const { blocks } = piece;
  const core = blocks.findIndex(({ block, text }) => text !== '' && block.kind !== 'heading' && block.kind !== 'caption');
  const around = blocks.reduce((sum, rendered, place) => sum + (place === core ? 0 : tokensOf(rendered, count)), 0);
  const keepsAround = core >= 0 && 2 * around <= maximum;
  const parts = keepsAround
    ? splitCore(blocks, core, (text) => count(text) <= maximum)
    : blocks.flatMap((rendered) => splitCore([rendered], 0, (text) => count(text) <= maximum));
  return parts.map((part, number) => ({
    blocks: part.blocks,
    tokens: part.blocks.reduce((sum, rendered) => sum + tokensOf(rendered, count), 0),
    startsAt: number === 0 ? piece.startsAt : part.startsAt,
    levels: number === 0 ? piece.levels : [],
  }));
}

/** Parts one of the blocks; those before it go with the first part, those behind it with the last. */
function splitCore(
  blocks: readonly RenderedBlock[],
  core: number,
  fits: (text: string) => boolean,
): Pick<Piece, 'blocks' | 'startsAt'>[] {
  const { number, block, text } = blocks[core]!;
  if (text === '') return [];
  const [heads, tails] = [blocks.slice(0, core), blocks.slice(core + 1)];
  const parts = splitBlock(block, (part) => fits(joinText([...heads, { number, block, text: part }, ...tails])));
  return parts.map((part, place) => ({
    blocks: [...(place === 0 ? heads : []), { number, block, text: part.text }, ...(place === parts.length - 1 ? tails : [])],
    startsAt: place === 0 ? (block.kind === 'heading' ? 'heading' : 'block') : part.startsAt,
  }));
}
