import type { BatchOrder } from './batch-order.ts';

export interface NegativeMemoryOptions {
  /** How many texts are remembered. */
  readonly size: number;
  /** The first batch that has a memory; it remembers those before it, too. */
  readonly startBatch: number;
}

/**
 * Cross-batch memory: the last texts that were trained on before a batch, newest first, each once and none of the batch itself. It is worked out from the order of batches and never
 * kept, so that a resumed run has the same. One epoch back nearly every text was there; it does not look further.
 *
 * Source: Wang et al. 2020 (cross-batch memory). Theirs holds the student's embeddings, which age; here negatives are the teacher's vectors, which do not.
 *
 * @returns at most `size` items
 */
export function rememberedItems(order: BatchOrder, number: number, { size, startBatch }: NegativeMemoryOptions): number[] {
  if (number < startBatch) return [];
  const own = new Set(order.batch(number));
  const remembered = new Set<number>();
  const oldest = Math.max(0, number - order.batchesPerEpoch);
  for (let before = number - 1; before >= oldest && remembered.size < size; before--) {
    const items = order.batch(before);
    for (let place = items.length - 1; place >= 0 && remembered.size < size; place--) {
      const item = items[place]!;
      if (!own.has(item)) remembered.add(item);
    }
  }
  return [...remembered];
}
