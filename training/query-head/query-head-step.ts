import type { OptimizerArrays } from '../../checkpoints/index.ts';
import type { GroupRole } from '../../encoders/index.ts';
import { tf } from '../../model/index.ts';
import type { QueryHeadModel } from '../../model/query-head/index.ts';
import { AdamW } from '../optimizers/adamw.ts';
import { DenseGradient } from '../optimizers/dense-gradient.ts';
import { learningRateShare } from '../optimizers/schedules.ts';
import { fromCheckpoint, toCheckpoint } from '../optimizers/state-arrays.ts';
import type { StepResult } from '../runs/step-result.ts';
import type { QueryHeadTrainingConfig } from './config.ts';
import { type GroupScoreKind, groupLoss, groupScores, type PaddedGroups } from './group-loss.ts';
import type { QueryHeadExamples } from './options.ts';
import type { PairBatch } from './pair-batches.ts';
import type { TokenRows } from './token-rows.ts';

/** One optimiser step over a head. */
export class QueryHeadStep {
  readonly #model: QueryHeadModel;
  readonly #examples: QueryHeadExamples;
  readonly #config: QueryHeadTrainingConfig;
  readonly #weights: readonly tf.LayerVariable[];
  readonly #optimizer: AdamW;

  constructor(model: QueryHeadModel, examples: QueryHeadExamples, config: QueryHeadTrainingConfig) {
    this.#model = model;
    this.#examples = examples;
    this.#config = config;
    this.#weights = model.graph.trainableWeights;
    this.#optimizer = new AdamW(this.#weights, config.optimizer);
  }

  /** @param step from 0 on */
  async run(batch: PairBatch, step: number): Promise<StepResult> {
    const { optimizer, schedule, steps } = this.#config;
    const learningRate = optimizer.learningRate * learningRateShare(step, { steps, ...schedule });
    const { gradient, loss: scalar } = this.#gradient(batch, await this.#teacherScores(batch));
    try {
      const loss = (await scalar.data())[0]!;
      const squares = tf.tidy(() => gradient.sumOfSquares());
      const gradientNorm = Math.sqrt((await squares.data())[0]!);
      squares.dispose();
      const scale = gradientNorm > optimizer.clipNorm ? optimizer.clipNorm / gradientNorm : 1;
      this.#optimizer.apply(gradient, learningRate, scale, step + 1);
      return { loss, terms: {}, gradientNorm, learningRate };
    } finally {
      scalar.dispose();
      gradient.dispose();
    }
  }

  /** Loss and gradient of a batch; the caller owns them. */
  #gradient(batch: PairBatch, teacher: readonly number[] | undefined): { gradient: DenseGradient; loss: tf.Scalar } {
    const { scale, distillation, score, topPerQuery } = this.#config;
    const kinds: readonly GroupScoreKind[] = score === 'both' ? ['sum', 'top_mean'] : [score];
    const { queries, keys, negatives } = batch;
    const { tensors, loss } = tf.tidy(() => {
      const rows = { query: paddedRows(this.#examples.queries, queries), key: paddedRows(this.#examples.keys, keys) };
      const excluded = tf.tensor2d(batch.excluded, [queries.length, keys.length]);
      const taught = teacher && tf.tensor2d([...teacher], [queries.length, 1 + negatives]);
      const { value, grads } = tf.engine().gradients(
        () => {
          const [asked, known] = (['query', 'key'] as const).map((role) => this.#groups(rows[role], role)) as [
            PaddedGroups,
            PaddedGroups,
          ];
          const losses = groupScores(asked, known, kinds, topPerQuery).map((scores) =>
            groupLoss(tf.mul(scores, scale) as tf.Tensor2D, excluded, distillation, taught),
          );
          return losses.length === 1 ? losses[0]! : (tf.div(tf.addN(losses), losses.length) as tf.Scalar);
        },
        this.#weights.map((weight) => weight.read()),
      );
      return { tensors: [...this.#optimizer.flatten(grads).tensors], loss: value as tf.Scalar };
    });
    return { gradient: new DenseGradient(tensors), loss };
  }

  #groups({ groups, width, rows, mask }: PaddedRows, role: GroupRole): PaddedGroups {
    return { groups, width, mask, ...this.#model.apply(rows, role) };
  }

  /** [pairs * (1 + negatives)] row by row; undefined where nothing is distilled. */
  async #teacherScores({ queries, keys, negatives }: PairBatch): Promise<number[] | undefined> {
    const { score } = this.#examples;
    if (this.#config.distillation === 0 || score === undefined) return undefined;
    const scores: number[] = [];
    for (const [row, query] of queries.entries()) {
      const start = queries.length + row * negatives;
      scores.push(...(await score(query, [keys[row]!, ...keys.slice(start, start + negatives)])));
    }
    return scores;
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

interface PaddedRows {
  readonly groups: number;
  readonly width: number;
  /** [groups * width, dimension] */
  readonly rows: tf.Tensor2D;
  readonly mask: tf.Tensor1D;
}

function paddedRows(texts: TokenRows, numbers: readonly number[]): PaddedRows {
  const { rows, mask, width } = texts.padded(numbers);
  return {
    groups: numbers.length,
    width,
    rows: tf.tensor2d(rows, [numbers.length * width, texts.dimension]),
    mask: tf.tensor1d(mask),
  };
}
