import { entropyModelConfigSchema } from '../../../model/entropy/config.ts';
import type { EntropyRun } from '../../../training/index.ts';
import { entropyTrainingConfigSchema } from '../../../training/index.ts';

/** A run of an entropy model that takes seconds. */
export function tinyEntropyRun(training: Record<string, unknown> = {}): EntropyRun {
  return {
    seed: 3,
    model: entropyModelConfigSchema.parse({ dimension: 32, layers: 1, heads: 2, feedForward: 64, window: 16, context: 64 }),
    training: entropyTrainingConfigSchema.parse({
      steps: 150,
      batchSize: 8,
      heldOutEvery: 10,
      heldOutBytes: 4096,
      optimizer: { learningRate: 0.01 },
      schedule: { warmupSteps: 10 },
      logEvery: 1,
      ...training,
    }),
    patches: { meanLength: 4.5, monotonic: false },
  };
}
