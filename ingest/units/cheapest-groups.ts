import type { Piece } from './piece.ts';
import type { Range } from './split-text.ts';
import type { UnitBorder } from './unit.ts';

/** Tokens of a unit. */
export interface Bounds {
  readonly minimum: number;
  readonly maximum: number;
}

/** What a unit below the minimum costs: more than any border, so that there are as few as possible, and less the nearer it is. */
const SMALL_UNIT = 10;
/** Of two ways that cost the same otherwise, the more even one. */
const UNEVENNESS = 0.05;

/** What a border costs where the fewest units are wanted: one unit more, and something for where it falls. */
const PLAIN_BORDER: Readonly<Record<UnitBorder, number>> = {
  document: 1,
  heading: 1,
  block: 1.3,
  row: 1.5,
  sentence: 1.5,
  inside: 1.6,
};
/** A heading one level deeper parts less. */
const DEEPER_HEADING = 0.04;

/** [pieces]: costs of a border in front of each, for as few units as possible, at high headings rather than low ones, at blocks rather than inside them. */
export function plainBorderCosts(pieces: readonly Piece[]): number[] {
  return pieces.map(({ startsAt, levels }) => PLAIN_BORDER[startsAt] + (levels[0] ?? 1) * DEEPER_HEADING);
}

/**
 * Groups neighbouring pieces so that the sum of all costs is least, by dynamic programming: linear time in the number of pieces, times those that a unit holds. Only what no grouping can help is
 * below the minimum, and nothing is above the maximum.
 *
 * @param pieces each with at most the maximum
 * @param borderCosts [pieces]: what a border in front of each costs; negative where one is wanted. The first counts for nothing.
 */
export function cheapestGroups(
  pieces: readonly Pick<Piece, 'tokens'>[],
  borderCosts: readonly number[],
  { minimum, maximum }: Bounds,
): Range[] {
  const count = pieces.length;
  /** Of the cheapest grouping of the pieces up to each, and where its last group begins. */
  const costs = new Float64Array(count + 1).fill(Number.POSITIVE_INFINITY);
  const starts = new Int32Array(count + 1);
  costs[0] = 0;
  for (let end = 1; end <= count; end++) {
    let tokens = 0;
    for (let start = end - 1; start >= 0; start--) {
      tokens += pieces[start]!.tokens;
      if (tokens > maximum && start < end - 1) break;
      const small = tokens < minimum ? SMALL_UNIT * (2 - tokens / minimum) : 0;
      const cost = costs[start]! + (start === 0 ? 0 : borderCosts[start]!) + small + UNEVENNESS * (tokens / maximum) ** 2;
      if (cost < costs[end]!) {
        costs[end] = cost;
        starts[end] = start;
      }
    }
  }
  const groups: Range[] = [];
  for (let to = count; to > 0; to = starts[to]!) groups.push({ from: starts[to]!, to });
  return groups.reverse();
}
