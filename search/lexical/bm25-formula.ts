/** Anserini's defaults for BM25 on BEIR (Thakur et al. 2021, arXiv 2104.08663). */
const DEFAULT_K1 = 0.9;
const DEFAULT_B = 0.4;

/** The two parameters of BM25: how fast repeated terms saturate, and how much longer units are discounted, 0 (not) to 1 (in full). */
export type Bm25Parameters = Readonly<{ k1: number; b: number }>;

export function bm25Parameters({
  k1 = DEFAULT_K1,
  b = DEFAULT_B,
}: {
  readonly k1?: number;
  readonly b?: number;
}): Bm25Parameters {
  return { k1, b };
}

/**
 * What a term counts for: IDF = ln(1 + (N - n + 0.5) / (n + 0.5)), which is never negative.
 *
 * @param units N, of all
 * @param occurrences n, units that have the term
 */
export function inverseFrequency(units: number, occurrences: number): number {
  return Math.log1p((units - occurrences + 0.5) / (occurrences + 0.5));
}

/**
 * [lengths]: k1 (1 - b + b length / mean length), beside which a unit's frequencies are set.
 *
 * @param meanLength of the units that are ranked
 */
export function saturations({ k1, b }: Bm25Parameters, lengths: Uint32Array, meanLength: number): Float64Array<ArrayBuffer> {
  return Float64Array.from(lengths, (length) => k1 * (1 - b + (b * length) / meanLength));
}
