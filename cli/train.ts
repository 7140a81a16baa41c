import { join } from 'node:path';
import { loadTrainConfig, type RunConfig } from '../configs/index.ts';
import { trainingDocuments } from '../data/index.ts';
import { describeBackend, parseBackendRequest, selectBackend } from '../model/backend/index.ts';
import { type TrainResult, train } from '../training/index.ts';
import { defineCommand, type GlobalOptions } from './command.ts';
import { modelsOption } from './index-options.ts';
import { formatDuration, type Reporter } from './reporter.ts';
import { withStopSignal } from './stop-signal.ts';
import { type EntropyTrainCommandResult, entropyTrainText, trainEntropyFromConfig } from './train-entropy.ts';
import { planFromConfig, planText, type TrainPlanResult } from './train-plan.ts';

interface TrainCommandOptions {
  readonly config: string;
  readonly set: string[];
  readonly run: string | undefined;
  readonly resume: boolean;
  readonly plan: boolean;
  readonly models: string | undefined;
}

/** What `cem train` prints as JSON. */
export interface TrainCommandResult extends TrainResult {
  readonly backend: string;
}

export const trainCommand = defineCommand<TrainCommandOptions, TrainCommandResult | TrainPlanResult | EntropyTrainCommandResult>({
  command: 'train',
  describe: 'Train an encoder of compressed chunks to land where a text teacher puts the same documents',
  examples: [
    ['train --config configs/techdocs.yaml', 'a run in runs/techdocs'],
    [
      'train --config configs/techdocs.yaml --set training.steps=200 --run runs/short',
      'the same, shorter, in a folder of its own',
    ],
    ['train --config configs/techdocs.yaml --resume', 'go on from the newest checkpoint'],
    ['train --config configs/blt-1b.yaml --plan', 'what it would take, and whether it fits'],
  ],
  options: (parser) =>
    parser
      .option('config', { type: 'string', demandOption: true, describe: 'YAML file of the run; configs/ holds some' })
      .option('set', { type: 'string', array: true, default: [] as string[], describe: 'override a key of the file: a.b=c' })
      .option('run', { type: 'string', describe: "the run's folder; runs/<name> by default" })
      .option('resume', { type: 'boolean', default: false, describe: "go on from the run's newest checkpoint" })
      .option('plan', {
        type: 'boolean',
        default: false,
        describe: 'print parameters, memory and FLOPs of a step and whether it fits; train nothing',
      })
      .option('models', modelsOption),
  run: async (options, reporter) => {
    const config = await loadTrainConfig(options.config, options.set);
    if ('kind' in config) return trainEntropyFromConfig(config, options, reporter);
    if (options.plan) return planFromConfig(config);
    return trainFromConfig(config, options, reporter);
  },
  text: (result) => {
    if ('parameters' in result) return planText(result);
    return 'heldOutBits' in result ? entropyTrainText(result) : trainedText(result);
  },
});

function trainedText(result: TrainCommandResult): string {
  return [
    `${result.interrupted ? 'stopped' : 'trained'} at step ${result.step} in ${formatDuration(result.seconds)}${result.loss ? `, loss ${result.loss.first.toFixed(4)} -> ${result.loss.last.toFixed(4)}` : ''}`,
    `checkpoint: ${result.checkpoint}`,
    `next: cem eval --checkpoint ${result.run} --data BEIR_FOLDER, or cem index --checkpoint ${result.run} --zpkg CORPUS.zpkg --index INDEX`,
  ].join('\n');
}

/** Trains with a resolved configuration; SIGINT and SIGTERM write a checkpoint and end the run. */
export async function trainFromConfig(
  config: RunConfig,
  options: Pick<TrainCommandOptions & GlobalOptions, 'run' | 'resume' | 'models' | 'backend'>,
  reporter: Reporter,
): Promise<TrainCommandResult> {
  const documents = await trainingDocuments(config.data.source, config.data.split);
  const backend = await selectBackend(parseBackendRequest(options.backend));
  reporter.note(describeBackend(backend));
  const result = await withStopSignal(reporter, (signal) =>
    train({
      run: options.run ?? join('runs', config.name),
      resume: options.resume,
      seed: config.seed,
      model: config.model,
      teacher: config.teacher,
      pack: config.pack,
      training: config.training,
      resolved: config,
      environment: { backend: backend.name, backendDetail: backend.detail },
      documents,
      ...(options.models === undefined ? {} : { models: options.models }),
      listener: reporter,
      signal,
    }),
  );
  return { ...result, backend: backend.name };
}
