import { existsSync } from 'node:fs';
import {
  importBlt,
  type LoadedEntropyPatcher,
  listCheckpoints,
  loadCheckpoint,
  loadEntropyPatcher,
  loadOptimizer,
  type OptimizerArrays,
  pruneCheckpoints,
  readCheckpointState,
  saveCheckpoint,
} from '../checkpoints/index.ts';
import { patchingOf } from '../model/config.ts';
import { CemModel, type PreparedDictionary } from '../model/embedder.ts';
import type { TextEmbedder } from '../model/encoders/index.ts';
import { CemError, writeFileAtomically } from '../zpkg/index.ts';
import type { Granularity } from './granularity.ts';
import { MetricsLog, StepAverages } from './metrics.ts';
import type { RunFolder } from './run-folder.ts';
import { type StepResult, type TrainingBatch, TrainingStep } from './step.ts';
import { TensorBoardLog } from './tensorboard.ts';
import type { TrainOptions, TrainResult } from './train-options.ts';

/** The steps of a run, from its newest checkpoint to its last step. */
export class TrainingLoop {
  readonly #folder: RunFolder;
  readonly #options: TrainOptions;
  readonly #teacher: TextEmbedder;
  readonly #dictionary: Uint8Array;
  readonly #granularities: readonly Granularity[];

  constructor(
    folder: RunFolder,
    options: TrainOptions,
    teacher: TextEmbedder,
    dictionary: Uint8Array,
    granularities: readonly Granularity[],
  ) {
    this.#folder = folder;
    this.#options = options;
    this.#teacher = teacher;
    this.#dictionary = dictionary;
    this.#granularities = granularities;
  }

  async run(): Promise<Pick<TrainResult, 'checkpoint' | 'step' | 'interrupted' | 'loss'>> {
    const { training, listener, signal } = this.#options;
    const entropy = await this.#loadEntropyPatcher();
    const { model, step: first, optimizer } = await this.#start();
    if (entropy) model.useEntropyPatcher(entropy.patcher);
    const step = new TrainingStep(model, training);
    if (optimizer) restoreOptimizer(step, optimizer);
    try {
      const metrics = await MetricsLog.open(this.#folder.metrics, first);
      const board = training.tensorboard ? new TensorBoardLog(this.#folder.path) : undefined;
      const prepared = model.prepareDictionary(this.#dictionary);
      const groups = training.accumulate ?? 1;
      const epochs = this.#granularities.map(
        (part) => `${part.epochs(training.steps * groups).toFixed(1)} epochs of ${part.name}`,
      );
      listener.note(
        `train: ${training.steps} steps, ${epochs.join(', ')}; ${model.graph.countParams()} weights and ${model.tables.size} in tables`,
      );
      const stage = listener.stage('train');
      const averages = new StepAverages();
      let firstLoss: number | undefined;
      let lastLoss = Number.NaN;
      let done = first;
      let saved = first;
      while (done < training.steps && !signal?.aborted) {
        const batches = await this.#batches(done * groups, groups, model, prepared);
        const result = await step.runAccumulated(batches, done);
        if (!Number.isFinite(result.loss) || !Number.isFinite(result.gradientNorm)) {
          stage.fail();
          await this.#saveFailedStep(done, groups, result);
          throw new CemError(
            'TRAINING_NOT_FINITE',
            `the loss of step ${done} is ${result.loss} (gradient norm ${result.gradientNorm}): lower optimizer.learningRate; ${this.#folder.failedStep} holds its texts, the newest checkpoint is step ${saved}`,
            {
              details: { step: done, loss: result.loss, gradientNorm: result.gradientNorm },
            },
          );
        }
        done++;
        averages.add(
          result,
          batches.flat().reduce((sum, batch) => sum + batch.symbols.size, 0),
        );
        firstLoss ??= result.loss;
        lastLoss = result.loss;
        if (done % training.logEvery === 0 || done === training.steps) {
          const line = averages.line(done);
          metrics.append(line);
          board?.append(line);
          lastLoss = line.loss;
        }
        stage.progress(done, training.steps, `loss ${result.loss.toFixed(4)}`);
        if (done % training.checkpointEvery === 0 && done < training.steps) {
          await this.#save(model, step, done);
          saved = done;
        }
      }
      const checkpoint = this.#folder.checkpoint(done);
      if (saved !== done || !existsSync(checkpoint)) await this.#save(model, step, done);
      stage.done(firstLoss === undefined ? `step ${done}, nothing left to do` : `step ${done}, loss ${lastLoss.toFixed(4)}`);
      return {
        checkpoint,
        step: done,
        interrupted: done < training.steps,
        loss: firstLoss === undefined ? null : { first: firstLoss, last: lastLoss },
      };
    } finally {
      step.dispose();
      model.dispose();
      entropy?.dispose();
    }
  }

  /** The language model that decides where patches begin, where the configuration asks for one. */
  async #loadEntropyPatcher(): Promise<LoadedEntropyPatcher | undefined> {
    const { model } = this.#options;
    const patching = patchingOf(model);
    return patching.kind === 'entropy' ? loadEntropyPatcher(patching, model.maximumSymbols) : undefined;
  }

  /** Keeps what a step was trained on, for looking at. */
  async #saveFailedStep(step: number, groups: number, result: StepResult): Promise<void> {
    const texts = this.#granularities.map((part): [string, string[]] => [
      part.name,
      Array.from({ length: groups }, (_, group) => part.texts(step * groups + group)).flat(),
    ]);
    // JSON has no numbers that are not finite.
    const shown = JSON.stringify(
      { step, ...result, texts: Object.fromEntries(texts) },
      (_, value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value),
      2,
    );
    await writeFileAtomically(this.#folder.failedStep, Buffer.from(`${shown}\n`));
  }

  /** As many groups of one batch a granularity, from a number on. */
  async #batches(first: number, groups: number, model: CemModel, dictionary: PreparedDictionary): Promise<TrainingBatch[][]> {
    const made: TrainingBatch[][] = [];
    for (let number = first; number < first + groups; number++) {
      made.push(await Promise.all(this.#granularities.map((part) => part.batch(number, model, dictionary))));
    }
    return made;
  }

  async #start(): Promise<{ model: CemModel; step: number; optimizer: OptimizerArrays | undefined }> {
    const { seed, listener } = this.#options;
    const newest = (await listCheckpoints(this.#folder.path)).at(-1);
    const { dimension } = this.#teacher.description;
    if (newest === undefined) {
      const model = CemModel.create(this.#options.model, dimension, seed);
      await this.#warmStart(model);
      return { model, step: 0, optimizer: undefined };
    }
    const path = this.#folder.checkpoint(newest);
    const state = await readCheckpointState(path);
    if (state.teacher.revision !== this.#teacher.description.revision) {
      throw new CemError(
        'CHECKPOINT_TEACHER',
        `${path} was trained to ${state.teacher.id} (${state.teacher.revision.slice(0, 12)}), the teacher here is ${this.#teacher.description.id} (${this.#teacher.description.revision.slice(0, 12)})`,
        {
          details: { path },
        },
      );
    }
    listener.note(`resume: step ${newest}`);
    const { model } = await loadCheckpoint(path);
    return { model, step: state.step, optimizer: await loadOptimizer(path) };
  }

  /** Takes the weights that the configuration's BLT checkpoint has for this model, and says which it has not. */
  async #warmStart(model: CemModel): Promise<void> {
    const { training, listener } = this.#options;
    if (training.warmStart === undefined) return;
    const { loaded, notLoaded, mismatched, unused } = await importBlt(model, training.warmStart);
    const shapes = mismatched.map(({ name, expected, found }) => `${name} ([${found.join(', ')}], not [${expected.join(', ')}])`);
    listener.note(
      `warm start: ${loaded.length} weights from ${training.warmStart}; drawn: ${notLoaded.join(', ') || 'none'}; of other shapes: ${shapes.join(', ') || 'none'}; ${unused.length} tensors not used`,
    );
  }

  async #save(model: CemModel, step: TrainingStep, done: number): Promise<void> {
    const { seed, pack, teacher, resolved, training } = this.#options;
    const { id, revision, settings } = this.#teacher.description;
    const state = {
      step: done,
      seed,
      model: model.config,
      dimension: model.dimension,
      pack: { level: pack.level, targetChunkSize: pack.targetChunkSize, dictionarySize: pack.dictionarySize },
      teacher: { config: teacher, id, revision, settings },
      config: resolved,
    };
    await saveCheckpoint(this.#folder.checkpoint(done), model, state, await optimizerArrays(step));
    await pruneCheckpoints(this.#folder.path, training.keepCheckpoints, training.keepCheckpointsEvery);
  }
}

/** The optimiser's arrays in a checkpoint: `dense/first`, `dense/second`, then those of the table optimiser. */
async function optimizerArrays(step: TrainingStep): Promise<OptimizerArrays> {
  const { first, second } = await step.dense.moments();
  const arrays: [string, Float32Array][] = [['dense/first', first], ['dense/second', second], ...step.sparse.state];
  return new Map(arrays.map(([name, data]) => [name, { shape: [data.length], data }]));
}

function restoreOptimizer(step: TrainingStep, arrays: OptimizerArrays): void {
  const take = (name: string): Float32Array => {
    const array = arrays.get(name);
    if (!array)
      throw new CemError(
        'CHECKPOINT_SHAPE',
        `the optimiser's state lacks "${name}": the checkpoint belongs to another configuration`,
        { details: { name } },
      );
    return array.data;
  };
  step.dense.restore({ first: take('dense/first'), second: take('dense/second') });
  for (const [name, state] of step.sparse.state) state.set(take(name));
}
