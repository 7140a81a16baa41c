import { CemError, RandomNumbers } from '../../base/index.ts';
import {
  listCheckpoints,
  loadEntropyModel,
  loadEntropyOptimizer,
  pruneCheckpoints,
  saveEntropyCheckpoint,
} from '../../checkpoints/index.ts';
import { EntropyModel } from '../../model/entropy/index.ts';
import { type ChosenThreshold, thresholdForMeanLength } from '../../model/patching/index.ts';
import { runSteps } from '../loop/run-steps.ts';
import { StepCheckpoints } from '../loop/step-checkpoints.ts';
import { StepLog } from '../loop/step-log.ts';
import { MetricsLog } from '../runs/metrics-log.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import type { ByteStream } from './byte-stream.ts';
import { EntropyStep } from './entropy-step.ts';
import type { EntropyRun, EntropyTrainOptions, EntropyTrainResult } from './options.ts';

/** Texts to train on, and texts that are held out. */
export interface EntropyStreams {
  readonly training: ByteStream;
  readonly heldOut: ByteStream;
}

/** The steps of a run, from its newest checkpoint to its last step. */
export class EntropyLoop {
  readonly #folder: RunFolder;
  readonly #config: EntropyRun;
  readonly #options: EntropyTrainOptions;
  readonly #streams: EntropyStreams;

  constructor(folder: RunFolder, config: EntropyRun, options: EntropyTrainOptions, streams: EntropyStreams) {
    this.#folder = folder;
    this.#config = config;
    this.#options = options;
    this.#streams = streams;
  }

  async run(): Promise<Omit<EntropyTrainResult, 'run' | 'texts' | 'seconds'>> {
    const { training } = this.#config;
    const { steps, batchSize } = training;
    const { listener, signal } = this.#options;
    const { model, step, first, threshold: known } = await this.#start();
    try {
      const metrics = await MetricsLog.open(this.#folder.metrics, first);
      const log = new StepLog({ every: training.logEvery, logs: [metrics] });
      let threshold = known;
      const checkpoints = new StepCheckpoints({
        first,
        every: training.checkpointEvery,
        path: (done) => this.#folder.checkpoint(done),
        save: async (done) => {
          if (done === steps) threshold = await this.#chooseThreshold(model);
          await this.#save(model, step, done, threshold);
        },
      });
      const { training: texts, heldOut } = this.#streams;
      listener.note(
        `train: ${steps} steps on ${texts.length} bytes, ${heldOut.length} held out; ${model.graph.countParams()} weights`,
      );
      const stage = listener.stage('train');
      const { step: done, interrupted } = await runSteps({
        first,
        steps,
        step: async (number) => ({
          result: await step.run(this.#batch(number), batchSize, model.config.context, number),
          texts: batchSize,
        }),
        every: [
          log,
          { afterStep: ({ done, result }) => stage.progress(done, steps, `loss ${result.loss.toFixed(4)}`) },
          checkpoints,
        ],
        onFailure: () => `the newest checkpoint is step ${checkpoints.newest}`,
        stage,
        signal,
      });
      const heldOutBits = await this.#heldOutBits(model);
      const loss = log.losses;
      stage.done(`step ${done}, ${loss === null ? 'nothing left to do' : `loss ${loss.last.toFixed(4)}`}`);
      return { checkpoint: this.#folder.checkpoint(done), step: done, interrupted, loss, heldOutBits, threshold };
    } finally {
      step.dispose();
      model.dispose();
    }
  }

  async #start(): Promise<{ model: EntropyModel; step: EntropyStep; first: number; threshold: ChosenThreshold | null }> {
    const { seed, model: shape, training } = this.#config;
    const newest = (await listCheckpoints(this.#folder.path)).at(-1);
    if (newest === undefined) {
      const model = EntropyModel.create(shape, seed);
      return { model, step: new EntropyStep(model, training), first: 0, threshold: null };
    }
    this.#options.listener.note(`resume: step ${newest}`);
    const { model, state, path } = await loadEntropyModel(this.#folder.checkpoint(newest));
    const step = new EntropyStep(model, training);
    step.restore(await loadEntropyOptimizer(path));
    return { model, step, first: state.step, threshold: state.threshold };
  }

  /** [batchSize, context + 1] ids from anywhere in the stream: a function of the seed and the step, so that a run resumes exactly. */
  #batch(step: number): Int32Array {
    const { seed, training, model } = this.#config;
    const stream = this.#streams.training;
    const length = model.context + 1;
    const random = new RandomNumbers(seed, `pieces/${step}`);
    const starts = Array.from({ length: training.batchSize }, () => random.integer(stream.length - length + 1));
    return stream.ids(starts, length);
  }

  async #chooseThreshold(model: EntropyModel): Promise<ChosenThreshold | null> {
    const { patches, training } = this.#config;
    if (!patches) return null;
    const { training: seen, heldOut } = this.#streams;
    const sample = (heldOut.texts > 0 ? heldOut : seen).firstTexts(training.heldOutBytes);
    const { meanLength, monotonic, maximumLength } = patches;
    const rule = { monotonic, ...(maximumLength === undefined ? {} : { maximumLength }) };
    const { listener } = this.#options;
    try {
      const chosen = thresholdForMeanLength(await model.entropies(sample), meanLength, rule);
      listener.note(
        `threshold: ${chosen.threshold.toFixed(4)} nats for patches of ${chosen.meanLength.toFixed(2)} bytes (${meanLength} wanted)`,
      );
      return chosen;
    } catch (error) {
      // A length that cannot be had must not cost the weights of the whole run.
      if (!(error instanceof CemError) || error.code !== 'PATCHING_LENGTH') throw error;
      listener.note(`threshold: none, ${error.message}`);
      return null;
    }
  }

  async #heldOutBits(model: EntropyModel): Promise<number | null> {
    const texts = this.#streams.heldOut.firstTexts(this.#config.training.heldOutBytes);
    const surprisals = await model.surprisals(texts);
    const bytes = surprisals.reduce((sum, values) => sum + values.length, 0);
    if (bytes === 0) return null;
    const nats = surprisals.reduce((sum, values) => sum + values.reduce((total, value) => total + value, 0), 0);
    return nats / bytes / Math.LN2;
  }

  async #save(model: EntropyModel, step: EntropyStep, done: number, threshold: ChosenThreshold | null): Promise<void> {
    const { seed, training } = this.#config;
    const state = { step: done, seed, threshold, config: this.#options.resolved };
    await saveEntropyCheckpoint(this.#folder.checkpoint(done), model, state, await step.arrays());
    await pruneCheckpoints(this.#folder.path, training.keepCheckpoints);
  }
}
