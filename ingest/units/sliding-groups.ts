import type { Piece } from './piece.ts';
import type { Range } from './split-text.ts';
import type { UnitSettings } from './unit-settings.ts';

/**
 * Fills each group to the maximum. With an overlap the next one begins some pieces earlier: so many blocks or tokens of the last one, in whole pieces, at most half of the maximum, and no more than leaves
 * room for the piece that follows.
 */
export function slidingGroups(pieces: readonly Piece[], maximum: number, overlap: UnitSettings['overlap']): Range[] {
  const groups: Range[] = [];
  let from = 0;
  for (let to = 0; to < pieces.length; ) {
    let tokens = 0;
    for (let place = from; place < to; place++) tokens += pieces[place]!.tokens;
    const filledFrom = to;
    while (to < pieces.length && (to === filledFrom || tokens + pieces[to]!.tokens <= maximum)) tokens += pieces[to++]!.tokens;
    groups.push({ from, to });
    if (to < pieces.length) from = overlapStart(pieces, { from, to }, maximum, overlap);
  }
  return groups;
}

function overlapStart(pieces: readonly Piece[], { from, to }: Range, maximum: number, overlap: UnitSettings['overlap']): number {
  if (overlap === undefined) return to;
  const room = Math.min(maximum / 2, maximum - pieces[to]!.tokens);
  let start = to;
  let [tokens, blocks] = [0, 0];
  while (start > from + 1) {
    const piece = pieces[start - 1]!;
    tokens += piece.tokens;
    blocks += piece.blocks.length;
    if (tokens > room || ('tokens' in overlap ? tokens > overlap.tokens : blocks > overlap.blocks)) break;
    start -= 1;
  }
  return start;
}
