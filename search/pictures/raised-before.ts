/** Results before others, whatever their scores: one that is not above those behind it is raised by the least that a number can be, so that scores descend. */
export function raisedBefore<Result extends { readonly score: number }>(
  first: readonly Result[],
  behind: readonly Result[],
): Result[] {
  const raised: Result[] = [];
  let above = behind[0]?.score ?? Number.NEGATIVE_INFINITY;
  for (const result of first.toReversed()) {
    const score = result.score > above ? result.score : nextAbove(above);
    raised.push(score === result.score ? result : { ...result, score });
    above = score;
  }
  return [...raised.reverse(), ...behind];
}

/** A number that is greater than this one by a part in 10^12, which no figure shown to people has. */
function nextAbove(value: number): number {
  return value + Math.max(Math.abs(value), 1) * 1e-12;
}
