import type { BlockKind } from './block.ts';

/**
 * The block that each caption belongs to: the table, figure or code beside the captions around it. Several captions between two of these
 * are shared out; one goes to the side on which the document's other captions stand, else to what follows.
 *
 * @param kinds of a document's blocks
 * @returns [blocks]: the owner's place, or the block's own
 */
export function captionOwners(kinds: readonly BlockKind[]): number[] {
  const kindAt = (place: number): BlockKind | undefined => kinds[place];
  const isOwner = (place: number): boolean => ['table', 'figure', 'code'].includes(kindAt(place) ?? '');
  const owners = kinds.map((_, place) => place);
  const runs: { from: number; to: number }[] = [];
  for (let place = 0; place < kinds.length; place++) {
    if (kindAt(place) !== 'caption') continue;
    const last = runs.at(-1);
    if (last?.to === place) last.to = place + 1;
    else runs.push({ from: place, to: place + 1 });
  }
  let below = 0;
  for (const { from, to } of runs) {
    if (isOwner(from - 1) && !isOwner(to)) below += 1;
    if (!isOwner(from - 1) && isOwner(to)) below -= 1;
  }
  for (const { from, to } of runs) {
    if (isOwner(from - 1) && isOwner(to) && to - from > 1) {
      const middle = (from + to + 1) >>> 1;
      owners.fill(from - 1, from, middle).fill(to, middle, to);
      continue;
    }
    const isBelow = isOwner(from - 1) && (!isOwner(to) || below > 0);
    const owner = isBelow ? from - 1 : isOwner(to) ? to : undefined;
    if (owner !== undefined) owners.fill(owner, from, to);
  }
  return owners;
}
