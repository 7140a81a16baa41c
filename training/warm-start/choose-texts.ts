import { RandomNumbers } from '../../base/index.ts';
import type { CemModel, PreparedDictionary } from '../../model/index.ts';
import type { EncodedChunk } from '../../model/symbols/index.ts';
import type { Granularity } from '../batches/granularity.ts';

/** Texts as the encoder sees them. */
export interface LabelledTexts {
  readonly chunks: readonly EncodedChunk[];
  /** [chunks, dimension] the teacher's vectors. */
  readonly targets: Float32Array;
}

/** Texts that are encoded at once. */
const ENCODED_AT_ONCE = 256;

/**
 * Labelled texts of all granularities, each as likely as any other; the same ones for the same seed.
 *
 * @param wanted all are taken where there are no more
 */
export async function chooseTexts(
  granularities: readonly Granularity[],
  model: CemModel,
  dictionary: PreparedDictionary,
  { texts: wanted, seed }: { readonly texts: number; readonly seed: number },
): Promise<LabelledTexts> {
  const total = granularities.reduce((sum, { count }) => sum + count, 0);
  const order = Int32Array.from({ length: total }, (_, index) => index);
  new RandomNumbers(seed, 'warm start').shuffle(order);
  const chosen = order.subarray(0, wanted).sort();
  const targets = new Float32Array(chosen.length * model.dimension);
  const chunks: EncodedChunk[] = [];
  let before = 0;
  let place = 0;
  for (const granularity of granularities) {
    const from = place;
    while (place < chosen.length && chosen[place]! < before + granularity.count) place++;
    const items = chosen.slice(from, place).map((index) => index - before);
    for (let first = 0; first < items.length; first += ENCODED_AT_ONCE) {
      const some = await granularity.encodedTexts(items.subarray(first, first + ENCODED_AT_ONCE), model, dictionary);
      some.chunks.forEach((chunk, index) => {
        // A text without any symbol has no rows to learn.
        if (chunk.rows[0]!.length === 0) return;
        targets.set(
          some.targets.subarray(index * model.dimension, (index + 1) * model.dimension),
          chunks.length * model.dimension,
        );
        chunks.push(chunk);
      });
    }
    before += granularity.count;
  }
  return { chunks, targets: targets.subarray(0, chunks.length * model.dimension) };
}
