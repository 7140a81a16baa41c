/** How large chunks are, in bytes as stored. */
export interface SizeDistribution {
  readonly smallest: number;
  readonly median: number;
  readonly mean: number;
  readonly largest: number;
  /** Chunks by stored size: `from` <= size < 2 * `from`, ascending, without empty rows at either end. */
  readonly histogram: readonly { readonly from: number; readonly chunks: number }[];
}

/** Zeros and no rows for no chunks. */
export function distributionOf(sizes: Float64Array): SizeDistribution {
  const ascending = sizes.slice().sort();
  const sum = ascending.reduce((total, size) => total + size, 0);
  return {
    smallest: ascending[0] ?? 0,
    median: ascending[ascending.length >> 1] ?? 0,
    mean: ascending.length === 0 ? 0 : sum / ascending.length,
    largest: ascending.at(-1) ?? 0,
    histogram: histogramOf(ascending),
  };
}

function histogramOf(ascending: Float64Array): { from: number; chunks: number }[] {
  const rows: { from: number; chunks: number }[] = [];
  if (ascending.length === 0) return rows;
  let next = 0;
  for (let from = 2 ** Math.floor(Math.log2(ascending[0]!)); next < ascending.length; from *= 2) {
    const start = next;
    while (next < ascending.length && ascending[next]! < 2 * from) next += 1;
    rows.push({ from, chunks: next - start });
  }
  return rows;
}
