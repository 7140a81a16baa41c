/** How good a figure is in the words of the LongRAG v4 guide; `below` is what it has no word for. */
export type Band = 'excellent' | 'good' | 'pass' | 'below';

/** What has bands. */
export type BandName = 'exact_single_hop' | 'exact_multi_hop' | 'citation_recall' | 'latency_seconds' | 'context_tokens';

interface Bounds {
  readonly excellent: number;
  readonly good: number;
  readonly pass: number;
  readonly better: 'higher' | 'lower';
}

/** Tokens of "16K". */
const K = 1024;

/**
 * The guide's bands (chapter 10), whose percentages are shares here. It has "> 70" for excellent and "60–70" for good: what lies on a bound belongs to the lower band. Of a latency it does not say
 * which; nor of a context, whether of prompts or of all that was found.
 */
export const ANSWER_BANDS: Readonly<Record<BandName, Bounds>> = {
  exact_single_hop: { excellent: 0.7, good: 0.6, pass: 0.5, better: 'higher' },
  exact_multi_hop: { excellent: 0.6, good: 0.5, pass: 0.4, better: 'higher' },
  citation_recall: { excellent: 0.85, good: 0.75, pass: 0.65, better: 'higher' },
  latency_seconds: { excellent: 2, good: 5, pass: 10, better: 'lower' },
  context_tokens: { excellent: 16 * K, good: 32 * K, pass: 64 * K, better: 'lower' },
};

/** The band of a figure: shares of 1, seconds, tokens. */
export function bandOf(name: BandName, value: number): Band {
  const { excellent, good, pass, better } = ANSWER_BANDS[name];
  const sign = better === 'higher' ? 1 : -1;
  if (sign * value > sign * excellent) return 'excellent';
  if (sign * value >= sign * good) return 'good';
  return sign * value >= sign * pass ? 'pass' : 'below';
}
