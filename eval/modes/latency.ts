/** How long something took, a query at a time, in milliseconds. */
export interface Latency {
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
}

/** @param milliseconds at least one */
export function latencyOf(milliseconds: readonly number[]): Latency {
  const sorted = [...milliseconds].sort((left, right) => left - right);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { mean: sorted.reduce((sum, value) => sum + value, 0) / Math.max(1, sorted.length), p50: at(0.5), p95: at(0.95) };
}
