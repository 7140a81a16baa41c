import { existsSync } from 'node:fs';
import { CemError, writeFileAtomically } from '../../base/index.ts';
import { importWeights } from '../../checkpoints/import/index.ts';
import {
  type LoadedEntropyPatcher,
  listCheckpoints,
  loadCheckpoint,
  loadOptimizer,
  type OptimizerArrays,
  pruneCheckpoints,
  readBestCheckpoint,
  readCheckpointState,
  saveCheckpoint,
  writeBestCheckpoint,
} from '../../checkpoints/index.ts';
import type { TeacherProbe, TextEmbedder } from '../../encoders/index.ts';
import { CemModel } from '../../model/index.ts';
import type { Granularity } from '../batches/granularity.ts';
import { BatchPrefetch } from '../batches/prefetch.ts';
import { fromCheckpoint, toCheckpoint } from '../optimizers/state-arrays.ts';
import { type DevMetrics, MetricsLog, StepAverages } from '../runs/metrics.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import { TensorBoardLog } from '../runs/tensorboard.ts';
import type { TrainingListener, TrainOptions, TrainResult } from '../train-options.ts';
import { warmStartTables } from '../warm-start/warm-start-tables.ts';
import { GradientWorkers } from '../workers/gradient-workers.ts';
import { bestEvaluation, type DevEvaluationAtStep, type DevEvaluator, readEvaluations, stopsEarly } from './evaluation.ts';
import { type StepResult, TrainingStep } from './step.ts';

/** What not every loop has. */
interface LoopExtras {
  /** Measures the model. */
  readonly dev?: DevEvaluator | undefined;
  /** Checkpoint of the query student, which goes into every checkpoint of this run. */
  readonly query?: string | undefined;
  /** What the teacher computes, which goes into every checkpoint as well. */
  readonly probe?: TeacherProbe | undefined;
  /** Decides where patches begin, with entropy patching. */
  readonly entropy?: LoadedEntropyPatcher | undefined;
}

/** The steps of a run, from its newest checkpoint to its last step. */
export class TrainingLoop {
  readonly #folder: RunFolder;
  readonly #options: TrainOptions;
  readonly #teacher: TextEmbedder;
  readonly #dictionary: Uint8Array;
  readonly #granularities: readonly Granularity[];
  readonly #extras: LoopExtras;

  constructor(
    folder: RunFolder,
    options: TrainOptions,
    teacher: TextEmbedder,
    dictionary: Uint8Array,
    granularities: readonly Granularity[],
    extras: LoopExtras = {},
  ) {
    this.#folder = folder;
    this.#options = options;
    this.#teacher = teacher;
    this.#dictionary = dictionary;
    this.#granularities = granularities;
    this.#extras = extras;
  }

  async run(): Promise<Omit<TrainResult, 'run' | 'texts' | 'saving' | 'seconds'>> {
    const { training, listener, signal } = this.#options;
    const { model, step: first, optimizer } = await this.#start();
    const groups = training.accumulate ?? 1;
    const prepared = model.prepareDictionary(this.#dictionary);
    const workers = await GradientWorkers.start(model, training);
    const prefetch = new BatchPrefetch(this.#granularities, model, prepared, { groups, steps: training.steps });
    const step = new TrainingStep(model, training, workers);
    if (optimizer) restoreOptimizer(step, optimizer);
    let stage: ReturnType<TrainingListener['stage']> | undefined;
    try {
      const metrics = await MetricsLog.open(this.#folder.metrics, first);
      const evaluations = readEvaluations(this.#folder.metrics);
      await this.#markBest(evaluations);
      const board = training.tensorboard ? new TensorBoardLog(this.#folder.path) : undefined;
      const epochs = this.#granularities.map(
        (part) => `${part.epochs(training.steps * groups).toFixed(1)} epochs of ${part.name}`,
      );
      listener.note(
        `train: ${training.steps} steps, ${epochs.join(', ')}; ${model.graph.countParams()} weights and ${model.tables.size} in tables`,
      );
      stage = listener.stage('train');
      const averages = new StepAverages();
      let firstLoss: number | undefined;
      let lastLoss = Number.NaN;
      let done = first;
      let saved = first;
      let stoppedEarly = this.#stopsEarly(evaluations);
      while (done < training.steps && !stoppedEarly && !signal?.aborted) {
        const batches = await prefetch.take(done);
        const result = await step.runAccumulated(batches, done);
        if (!Number.isFinite(result.loss) || !Number.isFinite(result.gradientNorm)) {
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
        const dev = await this.#evaluate(model, step, done);
        if (dev) evaluations.push({ step: done, ...dev });
        if (done % training.logEvery === 0 || done === training.steps || dev) {
          const line = { ...averages.line(done), loader_wait_share: prefetch.waitShare(), ...(dev && { dev }) };
          metrics.append(line);
          board?.append(line);
          lastLoss = line.loss;
        }
        const best = bestEvaluation(evaluations);
        stage.progress(done, training.steps, `loss ${result.loss.toFixed(4)}${best ? `, dev ${shownEvaluation(best)}` : ''}`);
        stoppedEarly = this.#stopsEarly(evaluations);
        if ((done % training.checkpointEvery === 0 || best?.step === done) && done < training.steps) {
          await this.#save(model, step, done, evaluations);
          saved = done;
        }
      }
      const checkpoint = this.#folder.checkpoint(done);
      if (saved !== done || !existsSync(checkpoint)) await this.#save(model, step, done, evaluations);
      const best = bestEvaluation(evaluations);
      const summary = firstLoss === undefined ? 'nothing left to do' : `loss ${lastLoss.toFixed(4)}`;
      stage.done(
        `step ${done}, ${summary}${best ? `, best dev ${shownEvaluation(best)}` : ''}${stoppedEarly ? ', stopped early' : ''}`,
      );
      return {
        checkpoint,
        step: done,
        interrupted: done < training.steps && !stoppedEarly,
        stoppedEarly,
        best: best ?? null,
        loss: firstLoss === undefined ? null : { first: firstLoss, last: lastLoss },
      };
    } catch (error) {
      stage?.fail();
      throw error;
    } finally {
      await prefetch.close();
      await workers?.close();
      step.dispose();
      model.dispose();
    }
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

  async #start(): Promise<{ model: CemModel; step: number; optimizer: OptimizerArrays | undefined }> {
    const { seed, listener } = this.#options;
    const newest = (await listCheckpoints(this.#folder.path)).at(-1);
    const { dimension } = this.#teacher.description;
    if (newest === undefined) {
      const model = this.#withPatcher(CemModel.create(this.#options.model, dimension, seed));
      await this.#warmStart(model);
      await warmStartTables(model, this.#dictionary, this.#granularities, this.#options);
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
    return { model: this.#withPatcher(model), step: state.step, optimizer: await loadOptimizer(path) };
  }

  /** The model, which asks the run's language model for its patches where there is one. */
  #withPatcher(model: CemModel): CemModel {
    const { entropy } = this.#extras;
    if (entropy) model.useEntropyPatcher(entropy.patcher);
    return model;
  }

  /** Takes the weights that the configuration's checkpoint has for this model, and says which it has not. */
  async #warmStart(model: CemModel): Promise<void> {
    const { training, listener } = this.#options;
    if (training.warmStart === undefined) return;
    const { loaded, notLoaded, mismatched, unused } = await importWeights(model, training.warmStart);
    const shapes = mismatched.map(({ name, expected, found }) => `${name} ([${found.join(', ')}], not [${expected.join(', ')}])`);
    listener.note(
      `warm start: ${loaded.length} weights from ${training.warmStart}; drawn: ${notLoaded.join(', ') || 'none'}; of other shapes: ${shapes.join(', ') || 'none'}; ${unused.length} tensors not used`,
    );
  }

  /** Measures the model, as a checkpoint would have it, on development data where the step asks for it. */
  async #evaluate(model: CemModel, step: TrainingStep, done: number): Promise<DevMetrics | undefined> {
    const { steps, checkpointEvery, evaluateEvery = checkpointEvery } = this.#options.training;
    if (this.#extras.dev === undefined || (done % evaluateEvery !== 0 && done !== steps)) return undefined;
    step.showAverages();
    return this.#extras.dev.evaluate(model);
  }

  #stopsEarly(evaluations: readonly DevEvaluationAtStep[]): boolean {
    const { earlyStopping } = this.#options.training;
    return earlyStopping !== undefined && stopsEarly(evaluations, earlyStopping);
  }

  /** Says which checkpoint is the best: what a kill left may say another. */
  async #markBest(evaluations: readonly DevEvaluationAtStep[]): Promise<void> {
    const best = bestEvaluation(evaluations);
    if (best || (await readBestCheckpoint(this.#folder.path))) await writeBestCheckpoint(this.#folder.path, best);
  }

  async #save(model: CemModel, step: TrainingStep, done: number, evaluations: readonly DevEvaluationAtStep[]): Promise<void> {
    const { seed, pack, teacher, resolved, training } = this.#options;
    const { id, revision, settings } = this.#teacher.description;
    const { query, probe, entropy } = this.#extras;
    const state = {
      step: done,
      seed,
      model: model.config,
      dimension: model.dimension,
      pack: { level: pack.level, targetChunkSize: pack.targetChunkSize, dictionarySize: pack.dictionarySize },
      teacher: { config: teacher, id, revision, settings, ...(probe && { probe }) },
      config: resolved,
      ...(entropy && { entropyModel: entropy.identity }),
    };
    await saveCheckpoint(this.#folder.checkpoint(done), model, state, await optimizerArrays(step), query);
    // Before the others go: the best one stays.
    await this.#markBest(evaluations);
    await pruneCheckpoints(this.#folder.path, training.keepCheckpoints, training.keepCheckpointsEvery);
  }
}

/** `0.4312 at step 500` */
function shownEvaluation({ step, 'ndcg@10': value }: DevEvaluationAtStep): string {
  return `${value.toFixed(4)} at step ${step}`;
}

/** What a checkpoint keeps of a step. The model, which is saved next, then has the averaged weights, where there are averages, and the arrays those that the next step goes on from. */
async function optimizerArrays(step: TrainingStep): Promise<OptimizerArrays> {
  step.showAverages();
  return toCheckpoint(await step.arrays());
}

function restoreOptimizer(step: TrainingStep, arrays: OptimizerArrays): void {
  step.restore(fromCheckpoint(arrays));
}
