import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeFolderAtomically } from '../../base/index.ts';
import {
  copyTokenizer,
  importBert,
  listCheckpoints,
  loadCrossEncoder,
  loadCrossEncoderOptimizer,
  pruneCheckpoints,
  saveCrossEncoderCheckpoint,
} from '../../checkpoints/index.ts';
import { openPairTokenizer, type PairTokenizer, TokenPairScorer } from '../../encoders/index.ts';
import { CrossEncoderModel } from '../../model/cross-encoder/index.ts';
import { Development } from '../loop/development.ts';
import { runSteps } from '../loop/run-steps.ts';
import { markBest } from '../loop/save-step.ts';
import { StepCheckpoints } from '../loop/step-checkpoints.ts';
import { StepLog } from '../loop/step-log.ts';
import { readEvaluations } from '../runs/evaluations.ts';
import { MetricsLog } from '../runs/metrics-log.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import type { RerankerRun, RerankerTrainOptions, RerankerTrainResult } from './options.ts';
import { PairGroups } from './pair-groups.ts';
import { RerankerStep } from './reranker-step.ts';

/** Pairs of one batch in evaluations. */
const EVALUATION_BATCH = 16;

/** The steps of a run, from its newest checkpoint to its last step. */
export class RerankerLoop {
  readonly #folder: RunFolder;
  readonly #config: RerankerRun;
  readonly #options: RerankerTrainOptions;

  constructor(folder: RunFolder, config: RerankerRun, options: RerankerTrainOptions) {
    this.#folder = folder;
    this.#config = config;
    this.#options = options;
  }

  /** Files of the tokenizer, in the run's folder: a resumed run does not depend on where they came from. */
  get #tokenizerFolder(): string {
    return join(this.#folder.path, 'tokenizer');
  }

  async run(): Promise<Omit<RerankerTrainResult, 'run' | 'texts' | 'seconds'>> {
    const { training, seed } = this.#config;
    const { steps, queries, negatives } = training;
    const { listener, signal, examples, evaluate } = this.#options;
    const groups = new PairGroups(examples, seed, training);
    await this.#takeTokenizer();
    const tokenizer = await openPairTokenizer(this.#tokenizerFolder);
    const { model, step, first } = await this.#start(tokenizer);
    try {
      const metrics = await MetricsLog.open(this.#folder.metrics, first);
      const development = new Development(await readEvaluations(this.#folder.metrics), {
        every: training.evaluateEvery ?? training.checkpointEvery,
        earlyStopping: undefined,
        evaluate: evaluate && (() => evaluate(this.#scorer(model, tokenizer))),
      });
      await markBest(this.#folder, development.best);
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
        path: (done) => this.#folder.checkpoint(done),
        save: async (done) => {
          await this.#save(model, step, done);
          await markBest(this.#folder, development.best);
          await pruneCheckpoints(this.#folder.path, training.keepCheckpoints);
        },
        alsoAt: (done) => development.best?.step === done,
      });
      const pairs = queries * (1 + negatives.perQuery);
      listener.note(
        `train: ${steps} steps of ${pairs} pairs, ${groups.epochs(steps).toFixed(1)} epochs of ${examples.queries.length} queries; ${model.graph.countParams()} weights`,
      );
      const stage = listener.stage('train');
      const { step: done, interrupted } = await runSteps({
        first,
        steps,
        step: async (number) => ({ result: await step.run(groups.at(number), number), texts: pairs }),
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
      stage.done(`step ${done}, ${summary}${development.shownBest(', best dev ')}`);
      return {
        checkpoint: this.#folder.checkpoint(done),
        step: done,
        interrupted,
        loss,
        best: development.best ?? null,
        pairs: steps * pairs,
      };
    } finally {
      step.dispose();
      model.dispose();
    }
  }

  async #takeTokenizer(): Promise<void> {
    if (existsSync(this.#tokenizerFolder)) return;
    await writeFolderAtomically(this.#tokenizerFolder, (temporary) => copyTokenizer(this.#options.tokenizer, temporary));
  }

  async #start(tokenizer: PairTokenizer): Promise<{ model: CrossEncoderModel; step: RerankerStep; first: number }> {
    const { seed, model: shape, training } = this.#config;
    const { listener, startFrom } = this.#options;
    const newest = (await listCheckpoints(this.#folder.path)).at(-1);
    if (newest !== undefined) {
      listener.note(`resume: step ${newest}`);
      const { model, state, path } = await loadCrossEncoder(this.#folder.checkpoint(newest));
      const step = new RerankerStep(model, tokenizer, training);
      step.restore(await loadCrossEncoderOptimizer(path));
      return { model, step, first: state.step };
    }
    const model = CrossEncoderModel.create(shape, seed);
    try {
      if (startFrom !== undefined) {
        const { loaded, notLoaded } = await importBert(model, startFrom);
        const drawn = notLoaded.length === 0 ? '' : `, ${notLoaded.length} drawn (${notLoaded.join(', ')})`;
        listener.note(`start: ${loaded.length} weights of ${startFrom}${drawn}`);
      }
      return { model, step: new RerankerStep(model, tokenizer, training), first: 0 };
    } catch (error) {
      model.dispose();
      throw error;
    }
  }

  /** The model as it is now; nothing is disposed of with it. */
  #scorer(model: CrossEncoderModel, tokenizer: PairTokenizer): TokenPairScorer {
    const { maximumTokens } = this.#config.training;
    return new TokenPairScorer(
      { id: 'cem-reranker', revision: 'in training', settings: { maximumTokens } },
      tokenizer,
      { logits: (batch) => model.logits(batch), dispose: async () => {} },
      { maximumTokens, longTexts: 'cut', batchSize: EVALUATION_BATCH },
    );
  }

  async #save(model: CrossEncoderModel, step: RerankerStep, done: number): Promise<void> {
    const { seed, training } = this.#config;
    const state = { step: done, seed, maximumTokens: training.maximumTokens, config: this.#options.resolved };
    const arrays = await step.arrays();
    await saveCrossEncoderCheckpoint(this.#folder.checkpoint(done), model, this.#tokenizerFolder, state, arrays);
  }
}
