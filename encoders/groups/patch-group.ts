import { z } from 'zod';
import { rowsAt } from './filtered-tokens.ts';
import { type PatchVectors, patchDescription } from './patch-encoder.ts';
import type { TokenProjection } from './token-projection.ts';
import { type VectorGroup, vectorGroup } from './vector-group.ts';

/** Patches of a group at most: a passage of 1,024 bytes has some forty. */
export const PATCHES_PER_GROUP = 64;

/** Whose patches groups are of, and how many of them. */
export const patchGroupsConfig = patchDescription.extend({ most: z.int().positive().max(1024).default(PATCHES_PER_GROUP) });

export type PatchGroupsConfig = z.infer<typeof patchGroupsConfig>;

/**
 * The group of a passage's patches, in the passage's order: of those with the longest vectors, which have the largest share in the passage's own; of equal ones the earlier goes first.
 *
 * @param most patches
 * @param projection a head whose keys are patches
 * @throws CemError `GROUP_VALUE`
 */
export function patchGroup(
  passage: Pick<PatchVectors, 'patches' | 'vectors' | 'dimension'>,
  most = PATCHES_PER_GROUP,
  projection?: TokenProjection,
): VectorGroup {
  const chosen = longestPatches(passage, most);
  const rows = rowsAt(passage, chosen);
  return projection === undefined
    ? vectorGroup(rows, passage.dimension)
    : vectorGroup(projection.project(rows, chosen.length, 'key').vectors, projection.dimension);
}

/** Places of the longest vectors, ascending. */
function longestPatches(
  { patches, vectors, dimension }: Pick<PatchVectors, 'patches' | 'vectors' | 'dimension'>,
  most: number,
): number[] {
  const places = Array.from({ length: patches }, (_, place) => place);
  if (patches <= most) return places;
  const squares = places.map((place) => {
    let sum = 0;
    for (let i = place * dimension; i < (place + 1) * dimension; i++) sum += vectors[i]! * vectors[i]!;
    return sum;
  });
  return places
    .sort((a, b) => squares[b]! - squares[a]! || a - b)
    .slice(0, most)
    .sort((a, b) => a - b);
}
