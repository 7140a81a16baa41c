import { join } from 'node:path';
import { type Listener, noteOnce, silentListener } from '../../base/index.ts';
import { loadConfig, parseConfig, type RunConfig, type RunConfigInput } from '../../configs/index.ts';
import { trainingDocuments } from '../../data/index.ts';
import * as training from '../../training/index.ts';
import { type OnBackend, useBackend } from '../shared/backend.ts';
import type { LongCall } from '../shared/call.ts';
import { modelsFolder } from '../shared/models-folder.ts';
import { devEvaluatorOf } from './dev-evaluator.ts';
import { inTraining } from './in-training.ts';

/** Where and how a run is trained, besides its configuration. */
export interface TrainRunChoices extends LongCall, OnBackend {
  /** The run's folder; `runs/<name>` unless given. */
  readonly run?: string | undefined;
  /** Go on from the run's newest checkpoint; without it a run that is there is refused. */
  readonly resume?: boolean | undefined;
  /** Folder in which teachers are looked up before the hub. */
  readonly models?: string | undefined;
}

export interface TrainRunOptions extends TrainRunChoices {
  /** Path of a YAML file, or its values; configs/ has some to start from. */
  readonly config: string | RunConfigInput;
  /** Overrides keys of the file: `a.b=c` each, the value as YAML. */
  readonly set?: readonly string[] | undefined;
}

export interface TrainRunResult extends training.TrainResult {
  readonly backend: string;
}

/**
 * Trains an encoder of compressed chunks to land where a text teacher puts the same documents. An aborted signal ends it with a checkpoint after the step it is at, and the result
 * says that it was interrupted.
 *
 * @throws UsageError as `loadConfig`; and what training throws
 */
export async function train({ config, set = [], ...choices }: TrainRunOptions): Promise<TrainRunResult> {
  return trainRun(typeof config === 'string' ? await loadConfig(config, set) : parseConfig(config, 'the configuration'), choices);
}

/** Trains with a resolved configuration. */
export async function trainRun(config: RunConfig, choices: TrainRunChoices): Promise<TrainRunResult> {
  const models = modelsFolder(choices.models);
  const { documents, shareOf } = await trainingDocuments(config.data, config.data.further, {
    note: noteOnce(choices.listener ?? silentListener),
  });
  const openDevEvaluator = await devEvaluatorOf(config);
  return inTraining(choices, async (listener: Listener) => {
    const backend = await useBackend(choices, listener);
    const result = await training.train({
      run: choices.run ?? join('runs', config.name),
      resume: choices.resume ?? false,
      seed: config.seed,
      model: config.model,
      teacher: config.teacher,
      pack: config.pack,
      training: config.training,
      resolved: config,
      environment: { backend: backend.name, backendDetail: backend.detail },
      documents,
      ...(shareOf && { shareOf }),
      ...(openDevEvaluator && { openDevEvaluator }),
      ...(models === undefined ? {} : { models }),
      listener,
      ...(choices.signal && { signal: choices.signal }),
    });
    return { ...result, backend: backend.name };
  });
}
