import { RandomNumbers } from '../../../base/random.ts';
import type { CemModel } from '../../../model/embedder.ts';
import type { TrainingBatch } from '../../../training/batches/training-batch.ts';
import { randomValues, tinyConfig } from '../../model/tiny-model.ts';

export const DIMENSION = 8;

/** Everything that a graph can have, in small. */
export const CONFIG = tinyConfig({
  maximumSymbols: 64,
  tables: { sizes: [3, 5], rows: 60 },
  local: { dimension: 8, layers: 1, heads: 2, feedForward: 12, window: 8, crossAttentionHeads: 2 },
  global: { dimension: 16, layers: 1, heads: 2, feedForward: 12 },
  matryoshka: [4],
});

/** Batches of two kinds whose texts have other rows and lengths in every step, so that some rows stand still for a while. */
export function batchesOf(model: CemModel, step: number): TrainingBatch[] {
  return [
    { name: 'passages', weight: 1, texts: 5, longest: 40, negatives: 3 + (step % 3) },
    { name: 'sentences', weight: 0.5, texts: 4, longest: 14, negatives: 0 },
  ].map(({ name, weight, texts, longest, negatives }) => {
    const random = new RandomNumbers(1, `${name}/${step}`);
    const chunks = Array.from({ length: texts }, () => {
      const count = 2 + random.integer(longest - 2);
      const lengths = Uint32Array.from({ length: count }, () => 1 + random.integer(4));
      const positions = lengths.reduce((sum, length) => sum + length, 0);
      const { sizes, rows } = model.config.tables;
      return {
        count,
        lengths,
        kinds: Uint8Array.from({ length: count }, () => 1 + random.integer(5)),
        rows: [260, ...sizes.map(() => rows)].map((limit) => Int32Array.from({ length: positions }, () => random.integer(limit))),
        ...(model.config.patching && {
          patchStarts: Uint32Array.from({ length: Math.ceil(count / 3) }, (_, patch) => 3 * patch),
        }),
      };
    });
    return {
      name,
      weight,
      symbols: model.batch(chunks),
      targets: unitRows(texts, model.dimension, `${name}/targets/${step}`),
      ...(negatives > 0 && { negatives: unitRows(negatives, model.dimension, `${name}/negatives/${step}`) }),
    };
  });
}

function unitRows(rows: number, dimension: number, name: string): Float32Array {
  const values = randomValues(rows * dimension, name);
  for (let row = 0; row < rows; row++) {
    const vector = values.subarray(row * dimension, (row + 1) * dimension);
    const norm = Math.hypot(...vector);
    vector.forEach((value, i) => {
      vector[i] = value / norm;
    });
  }
  return values;
}
