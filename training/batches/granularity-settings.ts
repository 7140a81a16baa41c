import type { LossConfig } from '../losses/config.ts';
import type { GranularityOptions } from './granularity.ts';

/** What of a training's configuration all granularities share. */
export interface BatchesConfig {
  readonly loss: Pick<LossConfig, 'infoNce'>;
  readonly lengthBucketBatches: number;
  readonly accumulate?: number | undefined;
}

/** What the granularities of a run have in common. */
export function sharedSettings(training: BatchesConfig, seed: number): Omit<GranularityOptions, 'batchSize' | 'weight'> {
  const { falseNegativeMargin, hardNegatives, memory } = training.loss.infoNce;
  return {
    windowBatches: training.lengthBucketBatches,
    seed,
    ...(hardNegatives && { hardNegatives: { ...hardNegatives, falseNegativeMargin } }),
    ...(memory && { memory: { size: memory.size, startBatch: (memory.startStep ?? 0) * (training.accumulate ?? 1) } }),
  };
}
