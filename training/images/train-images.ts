import { lockFolder } from '../../base/index.ts';
import { listCheckpoints, loadImageTowerModel, loadImageTowerOptimizer, saveImageTower } from '../../checkpoints/index.ts';
import { ImageTowerModel } from '../../model/image-tower/index.ts';
import { runMeasuredSteps } from '../loop/measured-steps.ts';
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
    listener.note(
      `train: ${steps} steps of ${batchSize} pictures, ${batches.epochs(steps).toFixed(1)} epochs of ${examples.count} pictures; ${model.graph.countParams()} weights`,
    );
    return await runMeasuredSteps({
      folder,
      first,
      training,
      textsPerStep: batchSize,
      step: (number) => step.run(batches.at(number), number),
      evaluate: evaluate && (() => evaluate(model)),
      save: async (done) => {
        const state = { step: done, seed: config.seed, teacher: options.teacher, config: options.resolved };
        await saveImageTower(folder.checkpoint(done), model, state, await step.arrays());
      },
      listener,
      signal,
    });
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
