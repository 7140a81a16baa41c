import { join } from 'node:path';
import { formatShare, UsageError } from '../../base/index.ts';
import { loadSweep, loadTrainConfig, type RunConfig } from '../../configs/index.ts';
import { trainingDocuments } from '../../data/index.ts';
import { describeBackend, parseBackendRequest, selectBackend } from '../../model/backend/index.ts';
import { type TrainResult, train } from '../../training/index.ts';
import { defineCommand, type GlobalOptions } from '../command.ts';
import { noteOnce } from '../options/corpus-input.ts';
import { modelsOption } from '../options/index-options.ts';
import { formatDuration, type Reporter } from '../output/reporter.ts';
import { withStopSignal } from '../process/stop-signal.ts';
import { devEvaluatorOf } from '../train/dev-evaluator.ts';
import { type EntropyTrainCommandResult, entropyTrainText, trainEntropyFromConfig } from '../train/train-entropy.ts';
import { planFromConfig, planText, type TrainPlanResult } from '../train/train-plan.ts';
import { runSweep, type SweepResult, sweepText } from '../train/train-sweep.ts';

interface TrainCommandOptions {
  readonly config: string;
  readonly set: string[];
  readonly run: string | undefined;
  readonly resume: boolean;
  readonly plan: boolean;
  readonly sweep: boolean;
  readonly models: string | undefined;
}

/** What `cem train` prints as JSON. */
export interface TrainCommandResult extends TrainResult {
  readonly backend: string;
}

export const trainCommand = defineCommand<
  TrainCommandOptions,
  TrainCommandResult | TrainPlanResult | EntropyTrainCommandResult | SweepResult
>({
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
    ['train --config configs/techdocs.yaml --sweep', "a run for each trial of the file's sweep, and a ranked table"],
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
      .option('sweep', {
        type: 'boolean',
        default: false,
        describe: "train the trials of the file's sweep below the run's folder, and rank them",
      })
      .option('models', modelsOption),
  run: async (options, reporter) => {
    if (options.sweep) return sweepFromConfig(options, reporter);
    const config = await loadTrainConfig(options.config, options.set);
    if ('kind' in config) return trainEntropyFromConfig(config, options, reporter);
    if (options.plan) return planFromConfig(config, options);
    return trainFromConfig(config, options, reporter);
  },
  text: (result) => {
    if ('trials' in result) return sweepText(result);
    if ('parameters' in result) return planText(result);
    return 'heldOutBits' in result ? entropyTrainText(result) : trainedText(result);
  },
  dataKeys: ['trials.*.settings'],
});

/** @throws UsageError `SWEEP_PLAN`, and as `loadSweep` and `runSweep` */
async function sweepFromConfig(options: TrainCommandOptions & GlobalOptions, reporter: Reporter): Promise<SweepResult> {
  if (options.plan) throw new UsageError('SWEEP_PLAN', '--plan works out what one run takes: give --plan or --sweep');
  const plan = await loadSweep(options.config, options.set);
  const train = (config: RunConfig, run: string, resume: boolean) =>
    trainFromConfig(config, { ...options, run, resume }, reporter);
  return runSweep(plan, { run: options.run, resume: options.resume, train }, reporter);
}

function trainedText(result: TrainCommandResult): string {
  return [
    `${result.interrupted ? 'stopped' : 'trained'} at step ${result.step} in ${formatDuration(result.seconds)}${result.loss ? `, loss ${result.loss.first.toFixed(4)} -> ${result.loss.last.toFixed(4)}` : ''}`,
    ...(result.stoppedEarly ? ['stopped early: the last evaluations brought no gain'] : []),
    `checkpoint: ${result.checkpoint}`,
    ...(result.best
      ? [
          `best: ${result.run}/checkpoints/best (step ${result.best.step}, dev nDCG@10 ${result.best['ndcg@10'].toFixed(4)}, retention ${formatShare(result.best.retention)})`,
        ]
      : []),
    `next: cem eval --checkpoint ${result.run} --data BEIR_FOLDER, or cem index --checkpoint ${result.run} --zpkg CORPUS.zpkg --index INDEX`,
  ].join('\n');
}

/** Trains with a resolved configuration; SIGINT and SIGTERM write a checkpoint and end the run. */
export async function trainFromConfig(
  config: RunConfig,
  options: Pick<TrainCommandOptions & GlobalOptions, 'run' | 'resume' | 'models' | 'backend'>,
  reporter: Reporter,
): Promise<TrainCommandResult> {
  const { documents, shareOf } = await trainingDocuments(config.data, config.data.further, { note: noteOnce(reporter) });
  const openDevEvaluator = await devEvaluatorOf(config);
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
      ...(shareOf && { shareOf }),
      ...(openDevEvaluator && { openDevEvaluator }),
      ...(options.models === undefined ? {} : { models: options.models }),
      listener: reporter,
      signal,
    }),
  );
  return { ...result, backend: backend.name };
}
