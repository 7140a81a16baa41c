import { type Listener, UsageError } from '../../base/index.ts';
import { loadTrainConfig, type TrainConfig } from '../../configs/index.ts';
import { type SweepResult, sweep } from '../../recipes/sweep/index.ts';
import {
  type EntropyRunResult,
  type ImageRunResult,
  planRun,
  type QueryHeadRunResult,
  type RerankerRunResult,
  type RunPlan,
  type TrainRunChoices,
  type TrainRunResult,
  trainEntropyRun,
  trainImageRun,
  trainQueryHeadRun,
  trainRerankerRun,
  trainRun,
} from '../../recipes/train/index.ts';
import { defineCommand, type GlobalOptions } from '../command.ts';
import { modelsOption } from '../options/index-options.ts';
import { withStopSignal } from '../process/stop-signal.ts';
import { planText } from '../text/plan-text.ts';
import { sweepText } from '../text/sweep-text.ts';
import { entropyTrainText, imageTrainText, queryHeadTrainText, rerankerTrainText, trainedText } from '../text/train-text.ts';

interface TrainCommandOptions {
  readonly config: string;
  readonly set: string[];
  readonly run: string | undefined;
  readonly resume: boolean;
  readonly plan: boolean;
  readonly sweep: boolean;
  readonly models: string | undefined;
}

export const trainCommand = defineCommand<
  TrainCommandOptions,
  TrainRunResult | RunPlan | EntropyRunResult | QueryHeadRunResult | RerankerRunResult | ImageRunResult | SweepResult
>({
  command: 'train',
  describe:
    'Train an encoder of compressed chunks to land where a text teacher puts the same documents, a reranker of texts, a head over token vectors, or an image tower',
  examples: [
    ['train --config configs/techdocs.yaml', 'a run in runs/techdocs'],
    [
      'train --config configs/techdocs.yaml --set training.steps=200 --run runs/short',
      'the same, shorter, in a folder of its own',
    ],
    ['train --config configs/techdocs.yaml --resume', 'go on from the newest checkpoint'],
    ['train --config configs/reranker-en.yaml --models MODELS', 'a reranker of texts, started from all-MiniLM-L6-v2'],
    [
      'train --config configs/image-en.yaml --models MODELS',
      "an image tower in a text teacher's space, from pictures with captions",
    ],
    [
      'train --config configs/query-head-techdocs.yaml --models MODELS',
      'a head over the token vectors of a frozen encoder, for vector groups',
    ],
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
  run: async (options, listener) => {
    if (options.sweep) return trainSweep(options, listener);
    const config = await loadTrainConfig(options.config, options.set);
    if (options.plan) return planOf(config, options);
    return withStopSignal((signal) => trainOf(config, { ...options, listener, signal }));
  },
  text: (result) => {
    if ('trials' in result) return sweepText(result);
    if ('parameters' in result) return planText(result);
    if ('heldOutPictures' in result) return imageTrainText(result);
    if ('pairs' in result) return rerankerTrainText(result);
    if ('weights' in result) return queryHeadTrainText(result);
    return 'heldOutBits' in result ? entropyTrainText(result) : trainedText(result);
  },
  dataKeys: ['trials.*.settings'],
});

/** Trains what a configuration is of. */
function trainOf(
  config: TrainConfig,
  choices: TrainRunChoices,
): Promise<TrainRunResult | EntropyRunResult | QueryHeadRunResult | RerankerRunResult | ImageRunResult> {
  if (!('kind' in config)) return trainRun(config, choices);
  switch (config.kind) {
    case 'reranker':
      return trainRerankerRun(config, choices);
    case 'image-tower':
      return trainImageRun(config, choices);
    case 'query-head':
      return trainQueryHeadRun(config, choices);
    case 'entropy-model':
      return trainEntropyRun(config, choices);
  }
}

/** @throws UsageError `PLAN_ENCODERS_ONLY`, and as `planRun` */
function planOf(config: TrainConfig, options: GlobalOptions): Promise<RunPlan> {
  if (!('kind' in config)) return planRun(config, options);
  throw new UsageError(
    'PLAN_ENCODERS_ONLY',
    `--plan works out what an encoder takes, and ${config.name} is of the kind ${config.kind}; leave it out to train`,
  );
}

/** @throws UsageError `SWEEP_PLAN`, and as `sweep` */
async function trainSweep(options: TrainCommandOptions & GlobalOptions, listener: Listener): Promise<SweepResult> {
  if (options.plan) throw new UsageError('SWEEP_PLAN', '--plan works out what one run takes: give --plan or --sweep');
  return withStopSignal((signal) => sweep({ ...options, listener, signal }));
}
