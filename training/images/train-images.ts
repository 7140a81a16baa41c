import { lockFolder } from '../../base/index.ts';
import {
  listCheckpoints,
  loadImageTowerModel,
  loadImageTowerOptimizer,
  pruneCheckpoints,
  saveImageTower,
} from '../../checkpoints/index.ts';
import { ImageTowerModel } from '../../model/image-tower/index.ts';
import { Development } from '../loop/development.ts';
import { runSteps } from '../loop/run-steps.ts';
import { markBest } from '../loop/save-step.ts';
import { StepCheckpoints } from '../loop/step-checkpoints.ts';
import { StepLog } from '../loop/step-log.ts';
import { readEvaluations } from '../runs/evaluations.ts';
import { MetricsLog } from '../runs/metrics-log.ts';
import { openRunFolder, type RunFolder } from '../runs/run-folder.ts';
import { ImageStep } from './image-step.ts';
import type { ImageRun, ImageTrainOptions, ImageTrainResult } from './options.ts';
import { PictureBatches } from './picture-batches.ts';

/**
 * Trains an image tower in a run folder, which no other process may use meanwhile: a picture's vector is drawn to where a text teacher puts its caption.
 *
 * @throws UsageError `RUN_EXISTS`; CemError `RUN_CONFIG_DIFFERS`, `FOLDER_LOCKED`, `TRAINING_NO_TEXTS`, `TRAINING_NOT_FINITE`
 */
export async function trainImageTower(config: ImageRun, options: ImageTrainOptions): Promise<ImageTrainResult> {
  const start = performance.now();
  const batches = new PictureBatches(options.examples, config.model.size, config.seed, config.training);
  const folder = await openRunFolder(options.run, options.resolved, options.resume, options.environment);
  const lock = await lockFolder(folder.path);
  try {
    const result = await runIn(folder, config, options, batches);
    const seconds = (performance.now() - start) / 1000;
    return { run: folder.path, ...result, pictures: options.examples.count, seconds };
  } finally {
    await lock.release();
  }
}

/** The steps of a run, from its newest checkpoint to its last step. */
async function runIn(
  folder: RunFolder,
  config: ImageRun,
  options: ImageTrainOptions,
  batches: PictureBatches,
): Promise<Omit<ImageTrainResult, 'run' | 'pictures' | 'seconds'>> {
  const { training } = config;
  const { steps, batchSize } = training;
  const { listener, signal, examples, evaluate } = options;
  const { model, step, first } = await startOf(folder, config, options);
  try {
    const metrics = await MetricsLog.open(folder.metrics, first);
    const development = new Development(await readEvaluations(folder.metrics), {
      every: training.evaluateEvery ?? training.checkpointEvery,
      earlyStopping: undefined,
      evaluate: evaluate && (() => evaluate(model)),
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
        const state = { step: done, seed: config.seed, teacher: options.teacher, config: options.resolved };
        await saveImageTower(folder.checkpoint(done), model, state, await step.arrays());
        await markBest(folder, development.best);
        await pruneCheckpoints(folder.path, training.keepCheckpoints);
      },
      alsoAt: (done) => development.best?.step === done,
    });
    listener.note(
      `train: ${steps} steps of ${batchSize} pictures, ${batches.epochs(steps).toFixed(1)} epochs of ${examples.count} pictures; ${model.graph.countParams()} weights`,
    );
    const stage = listener.stage('train');
    const shown = {
      afterStep: ({ done, result }: { readonly done: number; readonly result: { readonly loss: number } }) =>
        stage.progress(done, steps, `loss ${result.loss.toFixed(4)}${development.shownBest(', dev ')}`),
    };
    const { step: done, interrupted } = await runSteps({
      first,
      steps,
      step: async (number) => ({ result: await step.run(batches.at(number), number), texts: batchSize }),
      every: [development, log, shown, checkpoints],
      onFailure: () => `the newest checkpoint is step ${checkpoints.newest}`,
      stage,
      signal,
    });
    const loss = log.losses;
    const summary = loss === null ? 'nothing left to do' : `loss ${loss.last.toFixed(4)}`;
    stage.done(`step ${done}, ${summary}${development.shownBest(', best dev ')}`);
    return { checkpoint: folder.checkpoint(done), step: done, interrupted, loss, best: development.best ?? null };
  } finally {
    step.dispose();
    model.dispose();
  }
}

async function startOf(
  folder: RunFolder,
  { seed, model: shape, training }: ImageRun,
  { listener, examples }: ImageTrainOptions,
): Promise<{ model: ImageTowerModel; step: ImageStep; first: number }> {
  const newest = (await listCheckpoints(folder.path)).at(-1);
  if (newest === undefined) {
    const model = ImageTowerModel.create({ shape, dimension: examples.dimension }, seed);
    return { model, step: new ImageStep(model, training), first: 0 };
  }
  listener.note(`resume: step ${newest}`);
  const { model, state, path } = await loadImageTowerModel(folder.checkpoint(newest));
  const step = new ImageStep(model, training);
  step.restore(await loadImageTowerOptimizer(path));
  return { model, step, first: state.step };
}
