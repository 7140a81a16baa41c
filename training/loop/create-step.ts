import type { CemModel, PreparedDictionary } from '../../model/index.ts';
import type { Granularity } from '../batches/granularity.ts';
import { compilesFunctions, deviceMemoryLimit, isOnDevice } from '../device/choose-step.ts';
import { DeviceTrainingStep, stateBytes } from '../device/device-step.ts';
import type { OptimizerStep } from '../device/optimizer-step.ts';
import { StepInputMaker } from '../device/step-inputs.ts';
import { paddingShare, type StepShape } from '../device/step-shape.ts';
import { StepShapes } from '../device/step-shapes.ts';
import type { TrainingConfig } from '../options/config.ts';
import type { TrainingListener } from '../runs/training-listener.ts';
import type { GradientWorkers } from '../workers/gradient-workers.ts';
import { TrainingStep } from './step.ts';

/** Steps whose sizes are looked at before the first is taken. */
const SAMPLED_STEPS = 24;

interface StepParts {
  readonly model: CemModel;
  readonly granularities: readonly Granularity[];
  readonly dictionary: PreparedDictionary;
  readonly workers: GradientWorkers | undefined;
  readonly listener: TrainingListener;
}

/** What takes the steps of a run: on the device where its configuration and the backend say so, else with its tables on the host. */
export async function createStep(training: TrainingConfig, parts: StepParts): Promise<OptimizerStep> {
  const { model, workers, listener } = parts;
  if (!isOnDevice(training, stateBytes(model, training), deviceMemoryLimit())) return new TrainingStep(model, training, workers);
  if (!compilesFunctions()) return new DeviceTrainingStep(model, training);
  const { sample, texts } = await sampledSteps(training, parts);
  const shapes = shapesFor(model, sample, texts);
  const fit = (exact: StepShape) => shapes.fit(exact);
  const padded = sample.reduce((sum, step) => sum + paddingShare(step, fit(step), texts), 0) / sample.length;
  listener.note(
    `steps on the device: ${shapes.shapes.length} shapes from ${sample.length} steps, ${(100 * padded).toFixed(1)}% of their symbols padding`,
  );
  return new DeviceTrainingStep(model, training, fit);
}

/**
 * Shapes for steps like those of a sample.
 *
 * @param texts of each batch, or of the parts that it is computed in
 */
export function shapesFor(model: CemModel, sample: readonly StepShape[], texts: readonly number[]): StepShapes {
  return new StepShapes(sample, {
    texts,
    paddedSymbols: (symbols) => model.paddedSymbols(symbols),
    maximumSymbols: model.config.maximumSymbols,
    tableRows: model.tables.tables.map((table) => table.length / model.tables.dimension),
  });
}

/** Sizes of steps all over the first epoch of the largest granularity: the same for a resumed run. */
async function sampledSteps(
  training: TrainingConfig,
  { model, granularities, dictionary }: StepParts,
): Promise<{ sample: StepShape[]; texts: number[] }> {
  const { steps, accumulate: groups = 1, gradientCaching } = training;
  const maker = new StepInputMaker(model, gradientCaching?.microBatch);
  const epoch = Math.max(...granularities.map((part) => Math.ceil(1 / part.epochs(groups))));
  const span = Math.min(steps, epoch);
  const count = Math.min(SAMPLED_STEPS, span);
  const sample: StepShape[] = [];
  let texts: number[] = [];
  for (let index = 0; index < count; index++) {
    const step = Math.floor((index * span) / count);
    const batches = await Promise.all(
      Array.from({ length: groups }, (_, group) =>
        Promise.all(granularities.map((part) => part.batch(step * groups + group, model, dictionary))),
      ),
    );
    sample.push(maker.shapeOf(batches));
    texts = batches[0]!.map(({ symbols }) => Math.min(symbols.size, gradientCaching?.microBatch ?? symbols.size));
  }
  return { sample, texts };
}
