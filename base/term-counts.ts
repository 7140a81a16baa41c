/** The terms of a text, each once, and how often each occurs in it. In no promised order. */
export interface TermCounts {
  readonly terms: readonly string[];
  /** [terms] 1 at least. */
  readonly counts: readonly number[];
}

/** @param terms each as often as it occurs */
export function countTerms(terms: Iterable<string>): TermCounts {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return { terms: [...counts.keys()], counts: [...counts.values()] };
}
