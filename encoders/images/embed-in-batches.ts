import type { OnProgress } from '../../base/index.ts';
import type { Vectors } from '../encoder.ts';
import { normalizeRows } from './fuse-vectors.ts';

/** Has some items at once embedded, in order, and divides each vector by its length: [items.length, dimension]. */
export async function embedInBatches<Item>(
  items: readonly Item[],
  {
    dimension,
    batchSize,
    onProgress,
  }: { readonly dimension: number; readonly batchSize: number; readonly onProgress?: OnProgress | undefined },
  embed: (items: readonly Item[]) => Promise<Float32Array>,
): Promise<Vectors> {
  const data = new Float32Array(items.length * dimension);
  for (let start = 0; start < items.length; start += batchSize) {
    const some = items.slice(start, start + batchSize);
    data.set(await embed(some), start * dimension);
    onProgress?.(start + some.length, items.length);
  }
  return { rows: items.length, dimension, data: normalizeRows(data, dimension) };
}
