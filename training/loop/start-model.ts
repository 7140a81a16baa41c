import { CemError } from '../../base/index.ts';
import { importWeights } from '../../checkpoints/import/index.ts';
import {
  type LoadedEntropyPatcher,
  listCheckpoints,
  loadCheckpoint,
  loadOptimizer,
  type OptimizerArrays,
  readCheckpointState,
} from '../../checkpoints/index.ts';
import { CemModel } from '../../model/index.ts';
import type { TrainOptions } from '../options/train-options.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import { warmStartTables } from '../warm-start/warm-start-tables.ts';
import type { TrainingParts } from './training-parts.ts';

/** What a start of a run begins with. */
interface Start {
  readonly model: CemModel;
  /** Steps that were taken before. */
  readonly first: number;
  readonly optimizer: OptimizerArrays | undefined;
}

/**
 * The model of a run's newest checkpoint, or a new one, with the weights that the configuration gives it to begin with.
 *
 * @throws CemError `CHECKPOINT_TEACHER` when the checkpoint was trained to another teacher
 */
export async function startModel(folder: RunFolder, options: TrainOptions, parts: TrainingParts): Promise<Start> {
  const { teacher, dictionary, granularities, entropy } = parts;
  const newest = (await listCheckpoints(folder.path)).at(-1);
  if (newest === undefined) {
    const model = withPatcher(CemModel.create(options.model, teacher.description.dimension, options.seed), entropy);
    await warmStart(model, options);
    await warmStartTables(model, dictionary, granularities, options);
    return { model, first: 0, optimizer: undefined };
  }
  const path = folder.checkpoint(newest);
  const state = await readCheckpointState(path);
  const { id, revision } = teacher.description;
  if (state.teacher.revision !== revision) {
    throw new CemError(
      'CHECKPOINT_TEACHER',
      `${path} was trained to ${state.teacher.id} (${state.teacher.revision.slice(0, 12)}), the teacher here is ${id} (${revision.slice(0, 12)})`,
      { details: { path } },
    );
  }
  options.listener.note(`resume: step ${newest}`);
  const { model } = await loadCheckpoint(path);
  return { model: withPatcher(model, entropy), first: state.step, optimizer: await loadOptimizer(path) };
}

/** The model, which asks the run's language model for its patches where there is one. */
function withPatcher(model: CemModel, entropy: LoadedEntropyPatcher | undefined): CemModel {
  if (entropy) model.useEntropyPatcher(entropy.patcher);
  return model;
}

/** Takes the weights that the configuration's checkpoint has for this model, and says which it has not. */
async function warmStart(model: CemModel, { training, listener }: TrainOptions): Promise<void> {
  if (training.warmStart === undefined) return;
  const { loaded, notLoaded, mismatched, unused } = await importWeights(model, training.warmStart);
  const shapes = mismatched.map(({ name, expected, found }) => `${name} ([${found.join(', ')}], not [${expected.join(', ')}])`);
  listener.note(
    `warm start: ${loaded.length} weights from ${training.warmStart}; drawn: ${notLoaded.join(', ') || 'none'}; of other shapes: ${shapes.join(', ') || 'none'}; ${unused.length} tensors not used`,
  );
}
