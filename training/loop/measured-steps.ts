import type { Listener } from '../../base/index.ts';
import { pruneCheckpoints } from '../../checkpoints/index.ts';
import { readEvaluations } from '../runs/evaluations.ts';
import type { DevMetrics } from '../runs/metrics-lines.ts';
import { MetricsLog } from '../runs/metrics-log.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import type { StepResult } from '../runs/step-result.ts';
import { Development } from './development.ts';
import { runSteps } from './run-steps.ts';
import { markBest } from './save-step.ts';
import { StepCheckpoints } from './step-checkpoints.ts';
import { StepLog } from './step-log.ts';

export interface MeasuredStepsOptions {
  readonly folder: RunFolder;
  /** Steps that are done. */
  readonly first: number;
  readonly training: {
    readonly steps: number;
    readonly logEvery: number;
    readonly checkpointEvery: number;
    readonly keepCheckpoints: number;
    readonly evaluateEvery?: number | undefined;
  };
  /** What a step reads, for the speed that is shown. */
  readonly textsPerStep: number;
  /** @param number from 0 on */
  readonly step: (number: number) => Promise<StepResult>;
  /** On development data; absent: the run is not measured while it trains. */
  readonly evaluate: (() => Promise<DevMetrics>) | undefined;
  /** Writes the checkpoint of so many steps. */
  readonly save: (done: number) => Promise<unknown>;
  readonly listener: Listener;
  readonly signal?: AbortSignal | undefined;
}

/** What the steps of a run came to. */
export interface MeasuredSteps {
  readonly checkpoint: string;
  readonly step: number;
  readonly interrupted: boolean;
  readonly loss: StepLog['losses'];
  readonly best: NonNullable<Development['best']> | null;
}

/** The steps of a run whose model is small beside its data: logged, measured, with its newest checkpoints and the best one kept. What rerankers, heads over token vectors and image towers share. */
export async function runMeasuredSteps(options: MeasuredStepsOptions): Promise<MeasuredSteps> {
  const { folder, first, training, textsPerStep, evaluate, listener, signal } = options;
  const { steps } = training;
  const metrics = await MetricsLog.open(folder.metrics, first);
  const development = new Development(await readEvaluations(folder.metrics), {
    every: training.evaluateEvery ?? training.checkpointEvery,
    earlyStopping: undefined,
    evaluate,
  });
  await markBest(folder, development.best);
  const log = new StepLog({
    every: training.logEvery,
    logs: [metrics],
    alsoAt: (done) => development.at(done) !== undefined,
    extra: (done) => {
      const measured = development.at(done);
      return measured === undefined ? {} : { dev: measured };
    },
  });
  const checkpoints = new StepCheckpoints({
    first,
    every: training.checkpointEvery,
    path: (done) => folder.checkpoint(done),
    save: async (done) => {
      await options.save(done);
      await markBest(folder, development.best);
      await pruneCheckpoints(folder.path, training.keepCheckpoints);
    },
    alsoAt: (done) => development.best?.step === done,
  });
  const stage = listener.stage('train');
  const { step, interrupted } = await runSteps({
    first,
    steps,
    step: async (number) => ({ result: await options.step(number), texts: textsPerStep }),
    every: [
      development,
      log,
      {
        afterStep: ({ done, result }) =>
          stage.progress(done, steps, `loss ${result.loss.toFixed(4)}${development.shownBest(', dev ')}`),
      },
      checkpoints,
    ],
    onFailure: () => `the newest checkpoint is step ${checkpoints.newest}`,
    stage,
    signal,
  });
  const loss = log.losses;
  const summary = loss === null ? 'nothing left to do' : `loss ${loss.last.toFixed(4)}`;
  stage.done(`step ${step}, ${summary}${development.shownBest(', best dev ')}`);
  return { checkpoint: folder.checkpoint(step), step, interrupted, loss, best: development.best ?? null };
}
