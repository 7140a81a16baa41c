/** A batch for encoding holds at most this many padded symbols, so that memory does not grow with the number of chunks. */
const SYMBOLS_PER_ENCODING_BATCH = 16_384;

/**
 * Places of chunks in batches of like length.
 *
 * @param paddedSymbols symbols of a batch whose longest chunk has this many
 */
export function* encodingBatches(
  chunks: readonly { readonly count: number }[],
  paddedSymbols: (longest: number) => number,
): Generator<number[]> {
  const order = chunks.map((_, index) => index).sort((a, b) => chunks[a]!.count - chunks[b]!.count);
  for (let next = 0; next < order.length; ) {
    const members: number[] = [];
    while (next < order.length) {
      const padded = paddedSymbols(chunks[order[next]!]!.count);
      if (members.length > 0 && (members.length + 1) * padded > SYMBOLS_PER_ENCODING_BATCH) break;
      members.push(order[next++]!);
    }
    yield members;
  }
}
