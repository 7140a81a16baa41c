import { writeFileAtomically } from '../../base/index.ts';
import {
  type CheckpointState,
  pruneCheckpoints,
  readBestCheckpoint,
  saveCheckpoint,
  writeBestCheckpoint,
} from '../../checkpoints/index.ts';
import type { CemModel } from '../../model/index.ts';
import type { Granularity } from '../batches/granularity.ts';
import type { OptimizerStep } from '../device/optimizer-step.ts';
import { toCheckpoint } from '../optimizers/state-arrays.ts';
import type { TrainOptions } from '../options/train-options.ts';
import type { DevEvaluationAtStep } from '../runs/evaluations.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import type { StepResult } from '../runs/step-result.ts';
import type { PackSettings } from '../variants/config.ts';
import type { TrainingParts } from './training-parts.ts';

/** What a checkpoint is written from. */
interface SavedStep {
  readonly done: number;
  readonly model: CemModel;
  readonly step: OptimizerStep;
  readonly best: DevEvaluationAtStep | undefined;
}

/** Writes a step's checkpoint, marks the best one, and removes those that the configuration does not keep. */
export async function saveStep(
  folder: RunFolder,
  options: TrainOptions,
  parts: TrainingParts,
  { done, model, step, best }: SavedStep,
): Promise<void> {
  const { seed, pack, teacher, resolved, training } = options;
  const { id, revision, settings } = parts.teacher.description;
  const { query, probe, entropy } = parts;
  const state = {
    step: done,
    seed,
    model: model.config,
    dimension: model.dimension,
    pack: packedAs(pack),
    teacher: { config: teacher, id, revision, settings, ...(probe && { probe }) },
    config: resolved,
    ...(entropy && { entropyModel: entropy.identity }),
  };
  // The model that is saved has the averaged weights, where there are averages; the arrays have those that the next step goes on from.
  await step.showAverages();
  await saveCheckpoint(folder.checkpoint(done), model, state, toCheckpoint(await step.arrays()), query);
  // Before others are removed: the best one stays.
  await markBest(folder, best);
  await pruneCheckpoints(folder.path, training.keepCheckpoints, training.keepCheckpointsEvery);
}

function packedAs({
  level,
  targetChunkSize,
  dictionarySize,
  passageSize,
  passageOverlap,
}: PackSettings): CheckpointState['pack'] {
  return {
    level,
    targetChunkSize,
    dictionarySize,
    ...(passageSize !== undefined && { passageSize }),
    ...(passageOverlap !== undefined && { passageOverlap }),
  };
}

/** Says which checkpoint is the best: what a kill left may say another. */
export async function markBest(folder: RunFolder, best: DevEvaluationAtStep | undefined): Promise<void> {
  if (best || (await readBestCheckpoint(folder.path))) await writeBestCheckpoint(folder.path, best);
}

/**
 * Keeps what a step was trained on whose loss is no number, for looking at.
 *
 * @param groups batches of each granularity in a step
 */
export async function saveFailedStep(
  path: string,
  step: number,
  result: StepResult,
  granularities: readonly Granularity[],
  groups: number,
): Promise<void> {
  const texts = granularities.map((part): [string, string[]] => [
    part.name,
    Array.from({ length: groups }, (_, group) => part.texts(step * groups + group)).flat(),
  ]);
  // JSON has no numbers that are not finite.
  const shown = JSON.stringify(
    { step, ...result, texts: Object.fromEntries(texts) },
    (_, value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value),
    2,
  );
  await writeFileAtomically(path, Buffer.from(`${shown}\n`));
}
