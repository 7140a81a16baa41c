/** Length of the longest run of neighbours that two lists share: their longest common substring. */
export function longestRun(left: readonly string[], right: readonly string[]): number {
  let longest = 0;
  // Of each place on the right: how long the run is that ends there and at the place before on the left.
  let before = new Uint32Array(right.length + 1);
  for (const token of left) {
    const now = new Uint32Array(right.length + 1);
    for (const [index, other] of right.entries()) {
      if (token !== other) continue;
      now[index + 1] = before[index]! + 1;
      longest = Math.max(longest, now[index + 1]!);
    }
    before = now;
  }
  return longest;
}
