import * as assert from 'uvu/assert';
import type { tf } from '../../../model/backend/index.ts';
import { modelConfigSchema } from '../../../model/config.ts';
import type { CemModel } from '../../../model/embedder.ts';
import { compressInMemory } from '../../../training/batches/granularity.ts';
import type { TrainingBatch } from '../../../training/batches/training-batch.ts';
import type { BatchGradients } from '../../../training/gradients/gradients.ts';
import { type LossConfig, lossConfigSchema } from '../../../training/losses/config.ts';
import { DenseGradient } from '../../../training/optimizers/dense-gradient.ts';
import { RowSparseAdam } from '../../../training/optimizers/row-sparse-adam.ts';
import { randomValues } from '../../model/tiny-model.ts';
import { passageRows } from '../tiny-run.ts';

export const DIMENSION = 16;
/** Issue 6, "Done when" 1: largest difference of a gradient to that of the plain full batch. */
export const LARGEST_DIFFERENCE = 1e-4;

export const config = modelConfigSchema.parse({
  maximumSymbols: 128,
  patchSize: 4,
  tables: { sizes: [3, 5], rows: 400 },
  local: { dimension: 16, layers: 1, heads: 2, feedForward: 24, window: 8, crossAttentionHeads: 2 },
  global: { dimension: 24, layers: 2, heads: 2, feedForward: 32 },
  matryoshka: [4, 8],
});

/** Every loss there is. */
export const losses: LossConfig = lossConfigSchema.parse({
  triplet: { weight: 0.3 },
  similarityMatrix: { weight: 2 },
  pairwiseOrder: { weight: 1 },
  spreadOut: { weight: 0.5 },
});

function unitRows(rows: number, name: string): Float32Array {
  const values = randomValues(rows * DIMENSION, name);
  for (let row = 0; row < rows; row++) {
    const vector = values.subarray(row * DIMENSION, (row + 1) * DIMENSION);
    const norm = Math.hypot(...vector);
    vector.forEach((value, i) => {
      vector[i] = value / norm;
    });
  }
  return values;
}

/** Texts of mixed lengths, as batches of two granularities. */
export async function batchesOf(model: CemModel, sizes: readonly number[], first = 0): Promise<TrainingBatch[]> {
  const rows = passageRows(40).map((row, index) => row.text.slice(0, 60 + 15 * (index % 9)));
  const none = model.prepareDictionary(new Uint8Array(0));
  let next = first;
  return Promise.all(
    sizes.map(async (size, index) => {
      const texts = rows.slice(next, next + size);
      next += size;
      const { frame } = compressInMemory(texts, new Uint8Array(0), 3, () => {});
      const frames = await Promise.all(texts.map((_, place) => frame(place)));
      return {
        name: `kind-${index}`,
        weight: 1 + index,
        symbols: model.batch(frames.map((bytes) => model.encode(bytes, none))),
        targets: unitRows(size, `targets/${first}/${index}`),
        negatives: unitRows(5, `negatives/${index}`),
      };
    }),
  );
}

export const flatten = (gradients: readonly tf.Tensor[]) => DenseGradient.flat(gradients);

/** The gradient of every dense weight, then for each table of every row, zeros where none was touched. */
export function allGradients(model: CemModel, gradients: BatchGradients): Float32Array[] {
  const adam = new RowSparseAdam(model.tables, { beta1: 0.9, beta2: 0.95, epsilon: 1e-8 });
  const { tables } = adam.accumulate(gradients.symbolBatches, gradients.symbolGradients);
  const dense = gradients.dense.tensors[0]!.dataSync() as Float32Array;
  const spread = tables.map(({ rows, values }, table) => {
    const whole = new Float32Array(model.tables.tables[table]!.length);
    const width = model.tables.dimension;
    rows.forEach((row, slot) => {
      whole.set(values.subarray(slot * width, (slot + 1) * width), row * width);
    });
    return whole;
  });
  return [dense, ...spread];
}

/** Largest difference between two gradients, relative to the largest number of the first. */
export function difference(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  return Math.max(
    ...a.map((values, part) => {
      let largest = 0;
      let apart = 0;
      values.forEach((value, i) => {
        largest = Math.max(largest, Math.abs(value));
        apart = Math.max(apart, Math.abs(value - b[part]![i]!));
      });
      assert.ok(largest > 0, `part ${part} has a gradient`);
      return apart / largest;
    }),
  );
}
