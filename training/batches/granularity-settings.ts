import type { TrainingConfig } from '../config.ts';
import type { GranularityOptions } from './granularity.ts';

/** What the granularities of a run have in common. */
export function sharedSettings(training: TrainingConfig, seed: number): Omit<GranularityOptions, 'batchSize' | 'weight'> {
  const { falseNegativeMargin, hardNegatives, memory } = training.loss.infoNce;
  return {
    windowBatches: training.lengthBucketBatches,
    seed,
    ...(hardNegatives && { hardNegatives: { ...hardNegatives, falseNegativeMargin } }),
    ...(memory && { memory: { size: memory.size, startBatch: (memory.startStep ?? 0) * (training.accumulate ?? 1) } }),
  };
}
