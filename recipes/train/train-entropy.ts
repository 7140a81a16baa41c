import { join } from 'node:path';
import { noteOnce, silentListener } from '../../base/index.ts';
import type { EntropyRunConfig } from '../../configs/index.ts';
import { trainingDocuments } from '../../data/index.ts';
import { type EntropyTrainResult, trainEntropyModel } from '../../training/index.ts';
import { useBackend } from '../shared/backend.ts';
import { inTraining } from './in-training.ts';
import type { TrainRunChoices } from './train.ts';

export interface EntropyRunResult extends EntropyTrainResult {
  readonly backend: string;
}

/** Trains an entropy model, which finds patch borders, with a resolved configuration. Stops as `trainRun` does, and throws what `trainEntropyModel` throws. */
export async function trainEntropyRun(
  config: EntropyRunConfig,
  choices: Omit<TrainRunChoices, 'models'>,
): Promise<EntropyRunResult> {
  const { documents } = await trainingDocuments(config.data, [], {
    note: noteOnce(choices.listener ?? silentListener),
  });
  return inTraining(choices, async (listener) => {
    const backend = await useBackend(choices, listener);
    const result = await trainEntropyModel(config, {
      run: choices.run ?? join('runs', config.name),
      resume: choices.resume ?? false,
      resolved: config,
      environment: { backend: backend.name, backendDetail: backend.detail },
      documents,
      listener,
      ...(choices.signal && { signal: choices.signal }),
    });
    return { ...result, backend: backend.name };
  });
}
