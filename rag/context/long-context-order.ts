/** With so few, whatever stands in the middle is near both ends. */
const ALWAYS_NEAR = 3;

/**
 * Reorders what a reader is given, because readers of long contexts use their beginning and end best ("Lost in the middle", Liu et al. 2023, arXiv 2307.03172): of eight, by rank, the order is
 * 0, 2, 4, 6, 7, 5, 3, 1. Three or fewer stay as they are.
 *
 * @param ranked the best first
 */
export function longContextOrder<T>(ranked: readonly T[]): T[] {
  if (ranked.length <= ALWAYS_NEAR) return [...ranked];
  const beginning = ranked.filter((_, rank) => rank % 2 === 0);
  const end = ranked.filter((_, rank) => rank % 2 === 1);
  return [...beginning, ...end.reverse()];
}
