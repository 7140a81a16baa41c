/** Tokens of one batch with its padding, at most (a single longer text goes alone): bounds the memory of attention. */
const MAXIMUM_BATCH_TOKENS = 16_384;

/** Indices in batches of near lengths, the longest first, so that memory runs out at once or never. */
export function batchesByLength(lengths: readonly number[], batchSize: number): number[][] {
  const order = lengths.map((_, index) => index).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  const batches: number[][] = [];
  for (let start = 0; start < order.length; ) {
    const longest = Math.max(1, lengths[order[start]!]!);
    const size = Math.max(1, Math.min(batchSize, Math.floor(MAXIMUM_BATCH_TOKENS / longest)));
    batches.push(order.slice(start, start + size));
    start += size;
  }
  return batches;
}
