import { setProductPrecision } from '../../model/backend/index.ts';
import type { OptimizerStep } from '../device/optimizer-step.ts';
import { fromCheckpoint } from '../optimizers/state-arrays.ts';
import type { TrainOptions, TrainResult } from '../options/train-options.ts';
import { readEvaluations } from '../runs/evaluations.ts';
import { MetricsLog } from '../runs/metrics-log.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import { TensorBoardLog } from '../runs/tensorboard.ts';
import { GradientWorkers } from '../workers/gradient-workers.ts';
import { createStep } from './create-step.ts';
import { Development } from './development.ts';
import { BatchPrefetch } from './prefetch.ts';
import { runSteps } from './run-steps.ts';
import { markBest, saveFailedStep, saveStep } from './save-step.ts';
import { startModel } from './start-model.ts';
import { StepCheckpoints } from './step-checkpoints.ts';
import { StepLog } from './step-log.ts';
import type { TrainingParts } from './training-parts.ts';

/** The steps of an encoder's run, from its newest checkpoint to its last step: of the documents' encoder as of the query student. */
export async function trainSteps(
  folder: RunFolder,
  options: TrainOptions,
  parts: TrainingParts,
): Promise<Omit<TrainResult, 'run' | 'texts' | 'saving' | 'seconds'>> {
  const { training, listener, signal } = options;
  const { steps, checkpointEvery, accumulate: groups = 1 } = training;
  const { granularities, dictionary, dev } = parts;
  const { model, first, optimizer } = await startModel(folder, options, parts);
  const prepared = model.prepareDictionary(dictionary);
  const workers = await GradientWorkers.start(model, training);
  const prefetch = new BatchPrefetch(granularities, model, prepared, { groups, steps });
  const { precision = 'float32' } = training;
  let begun: OptimizerStep | undefined;
  try {
    const step = await createStep(training, { model, granularities, dictionary: prepared, workers, listener });
    begun = step;
    setProductPrecision(precision);
    if (optimizer) step.restore(fromCheckpoint(optimizer));
    const metrics = await MetricsLog.open(folder.metrics, first);
    const development = new Development(await readEvaluations(folder.metrics), {
      every: training.evaluateEvery ?? checkpointEvery,
      earlyStopping: training.earlyStopping,
      evaluate:
        dev &&
        (async () => {
          await step.showAverages();
          // What is measured is the model as it is used: in float32.
          setProductPrecision('float32');
          return dev.evaluate(model).finally(() => setProductPrecision(precision));
        }),
    });
    await markBest(folder, development.best);
    const log = new StepLog({
      every: training.logEvery,
      logs: training.tensorboard ? [metrics, new TensorBoardLog(folder.path)] : [metrics],
      alsoAt: (done) => development.at(done) !== undefined,
      extra: (done) => {
        const measured = development.at(done);
        return { loader_wait_share: prefetch.waitShare(), ...step.metrics?.(), ...(measured && { dev: measured }) };
      },
    });
    const checkpoints = new StepCheckpoints({
      first,
      every: checkpointEvery,
      path: (done) => folder.checkpoint(done),
      save: (done) => saveStep(folder, options, parts, { done, model, step, best: development.best }),
      alsoAt: (done) => development.best?.step === done,
    });
    const epochs = granularities.map((part) => `${part.epochs(steps * groups).toFixed(1)} epochs of ${part.name}`);
    const size = `${model.graph.countParams()} weights and ${model.tables.size} in tables`;
    listener.note(`train: ${steps} steps, ${epochs.join(', ')}; ${size}`);
    const stage = listener.stage('train');
    const end = await runSteps({
      first,
      steps,
      step: async (number) => {
        const batches = await prefetch.take(number);
        const result = await step.runAccumulated(batches, number, prefetch.next());
        return { result, texts: batches.flat().reduce((sum, { symbols }) => sum + symbols.size, 0) };
      },
      every: [
        development,
        log,
        {
          afterStep: ({ done, result }) =>
            stage.progress(done, steps, `loss ${result.loss.toFixed(4)}${development.shownBest(', dev ')}`),
        },
        checkpoints,
      ],
      onFailure: async (number, result) => {
        await saveFailedStep(folder.failedStep, number, result, granularities, groups);
        return `${folder.failedStep} holds its texts, the newest checkpoint is step ${checkpoints.newest}`;
      },
      stopsEarly: () => development.stopsEarly,
      stage,
      signal,
    });
    const loss = log.losses;
    const summary = loss === null ? 'nothing left to do' : `loss ${loss.last.toFixed(4)}`;
    const early = end.stoppedEarly ? ', stopped early' : '';
    stage.done(`step ${end.step}, ${summary}${development.shownBest(', best dev ')}${early}`);
    return { checkpoint: folder.checkpoint(end.step), ...end, best: development.best ?? null, loss };
  } finally {
    setProductPrecision('float32');
    await prefetch.close();
    await workers?.close();
    begun?.dispose();
    model.dispose();
  }
}
