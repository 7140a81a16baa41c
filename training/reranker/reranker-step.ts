import type { OptimizerArrays } from '../../checkpoints/index.ts';
import { type PairTokenizer, pairBatch, pairRoom, pairSequence } from '../../encoders/index.ts';
import type { CrossEncoderModel } from '../../model/cross-encoder/index.ts';
import { tf } from '../../model/index.ts';
import { AdamW } from '../optimizers/adamw.ts';
import { DenseGradient } from '../optimizers/dense-gradient.ts';
import { learningRateShare } from '../optimizers/schedules.ts';
import { fromCheckpoint, toCheckpoint } from '../optimizers/state-arrays.ts';
import type { StepResult } from '../runs/step-result.ts';
import type { RerankerTrainingConfig } from './config.ts';
import type { PairGroup } from './pair-groups.ts';
import { rankingLoss } from './ranking-loss.ts';

/** One optimiser step over a cross-encoder. */
export class RerankerStep {
  readonly #model: CrossEncoderModel;
  readonly #tokenizer: PairTokenizer;
  readonly #config: RerankerTrainingConfig;
  readonly #weights: readonly tf.LayerVariable[];
  readonly #optimizer: AdamW;
  readonly #room: number;

  /** @throws UsageError `RERANKER_MAXIMUM_TOKENS` */
  constructor(model: CrossEncoderModel, tokenizer: PairTokenizer, config: RerankerTrainingConfig) {
    this.#room = pairRoom(tokenizer.frame, config.maximumTokens);
    this.#model = model;
    this.#tokenizer = tokenizer;
    this.#config = config;
    this.#weights = model.trainable(config.embeddings);
    model.recompute = config.recompute;
    this.#optimizer = new AdamW(this.#weights, { ...config.optimizer, decayEmbeddings: false });
  }

  /**
   * @param groups each with as many texts
   * @param step from 0 on
   */
  async run(groups: readonly PairGroup[], step: number): Promise<StepResult> {
    const { optimizer, schedule, steps, loss: kind } = this.#config;
    const learningRate = optimizer.learningRate * learningRateShare(step, { steps, ...schedule });
    const { gradient, loss } = await this.#gradient(groups, kind);
    try {
      const squares = tf.tidy(() => gradient.sumOfSquares());
      const gradientNorm = Math.sqrt((await squares.data())[0]!);
      squares.dispose();
      const scale = gradientNorm > optimizer.clipNorm ? optimizer.clipNorm / gradientNorm : 1;
      this.#optimizer.apply(gradient, learningRate, scale, step + 1);
      return { loss, terms: {}, gradientNorm, learningRate };
    } finally {
      gradient.dispose();
    }
  }

  /** Loss and gradient of all groups, some at once. */
  async #gradient(
    groups: readonly PairGroup[],
    kind: RerankerTrainingConfig['loss'],
  ): Promise<{ gradient: DenseGradient; loss: number }> {
    const { microQueries } = this.#config;
    let gradient: DenseGradient | undefined;
    let loss = 0;
    for (let first = 0; first < groups.length; first += microQueries) {
      const part = this.#partGradient(groups.slice(first, first + microQueries), kind, groups.length);
      loss += (await part.loss.data())[0]!;
      part.loss.dispose();
      gradient = gradient === undefined ? part.gradient : gradient.plus(part.gradient);
    }
    return { gradient: gradient!, loss };
  }

  /** @param all groups of the step, whose mean the loss is */
  #partGradient(
    groups: readonly PairGroup[],
    kind: RerankerTrainingConfig['loss'],
    all: number,
  ): { gradient: DenseGradient; loss: tf.Scalar } {
    const batch = pairBatch(this.#sequences(groups), this.#tokenizer);
    const texts = groups[0]!.texts.length;
    const weights = this.#weights.map((weight) => weight.read());
    const share = () =>
      tf.mul(rankingLoss(this.#model.apply(batch).reshape([groups.length, texts]), kind), groups.length / all) as tf.Scalar;
    const { tensors, loss } = tf.tidy(() => {
      const { value, grads } = tf.engine().gradients(share, weights);
      return { tensors: [...this.#optimizer.flatten(grads).tensors], loss: value as tf.Scalar };
    });
    return { gradient: new DenseGradient(tensors), loss };
  }

  #sequences(groups: readonly PairGroup[]) {
    const { frame } = this.#tokenizer;
    return groups.flatMap(({ query, texts }) => {
      const asked = this.#tokenizer.encode(query);
      return texts.map((text) => pairSequence(frame, asked, this.#tokenizer.encode(text), this.#room));
    });
  }

  /** The optimiser's state by name, for a checkpoint. */
  async arrays(): Promise<OptimizerArrays> {
    return toCheckpoint(await this.#optimizer.arrays());
  }

  /** Takes up the state of a checkpoint, whose weights the model has already. */
  restore(arrays: OptimizerArrays): void {
    this.#optimizer.restore(fromCheckpoint(arrays));
  }

  dispose(): void {
    this.#optimizer.dispose();
  }
}
