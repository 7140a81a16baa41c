import type { z } from 'zod';
import { RandomNumbers } from '../../base/random.ts';
import { tf } from '../../model/backend/index.ts';
import { type ModelConfig, modelConfigSchema } from '../../model/config.ts';
import { CemModel } from '../../model/embedder.ts';

type ModelConfigValues = z.input<typeof modelConfigSchema>;

/** Every kind of layer: windows that blocks are made of, two queries a patch, a projection into the global width. */
export function tinyConfig(changes: Partial<ModelConfigValues> = {}): ModelConfig {
  return modelConfigSchema.parse({
    maximumSymbols: 1024,
    patchSize: 4,
    tables: { sizes: [3, 4, 6], rows: 211 },
    local: { dimension: 16, layers: 1, heads: 2, feedForward: 24, window: 8, crossAttentionHeads: 2 },
    global: { dimension: 36, layers: 1, heads: 2, feedForward: 40 },
    ...changes,
  });
}

/** A model of one layer each and one small table, where what it computes does not matter. */
export function smallestModel(dimension: number): CemModel {
  const config = tinyConfig({
    maximumSymbols: 64,
    tables: { sizes: [3], rows: 100 },
    local: { dimension: 8, layers: 1, heads: 2, feedForward: 12, window: 8, crossAttentionHeads: 2 },
    global: { dimension: 8, layers: 1, heads: 2, feedForward: 12 },
  });
  return CemModel.create(config, dimension, 1);
}

/** A tiny model whose gains are not all one, as they are in a new one, so that a gain that is left out shows. */
export function tinyModel(config: ModelConfig, dimension: number, seed = 1): CemModel {
  const model = CemModel.create(config, dimension, seed);
  for (const weight of model.graph.weights) {
    if (weight.shape.length !== 1) continue;
    const random = new RandomNumbers(seed, `gain/${weight.originalName}`);
    const gain = tf.tensor1d(Array.from({ length: weight.shape[0]! }, () => 0.5 + random.uniform()));
    weight.write(gain);
    gain.dispose();
  }
  return model;
}

/** [length] numbers of a normal distribution that depend on the name alone. */
export function randomValues(length: number, name: string): Float32Array {
  const values = new Float32Array(length);
  new RandomNumbers(1, name).fillTruncatedNormal(values, 1);
  return values;
}
