import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeFolderAtomically } from '../../base/index.ts';
import {
  copyTokenizer,
  importBert,
  listCheckpoints,
  loadCrossEncoder,
  loadCrossEncoderOptimizer,
  saveCrossEncoderCheckpoint,
} from '../../checkpoints/index.ts';
import { openPairTokenizer, type PairTokenizer, TokenPairScorer } from '../../encoders/index.ts';
import { CrossEncoderModel } from '../../model/cross-encoder/index.ts';
import { runMeasuredSteps } from '../loop/measured-steps.ts';
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
      const pairs = queries * (1 + negatives.perQuery);
      listener.note(
        `train: ${steps} steps of ${pairs} pairs, ${groups.epochs(steps).toFixed(1)} epochs of ${examples.queries.length} queries; ${model.graph.countParams()} weights`,
      );
      const done = await runMeasuredSteps({
        folder: this.#folder,
        first,
        training,
        textsPerStep: pairs,
        step: (number) => step.run(groups.at(number), number),
        evaluate: evaluate && (() => evaluate(this.#scorer(model, tokenizer))),
        save: (number) => this.#save(model, step, number),
        listener,
        signal,
      });
      return { ...done, pairs: steps * pairs };
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
