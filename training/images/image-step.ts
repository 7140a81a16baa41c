import type { OptimizerArrays } from '../../checkpoints/index.ts';
import type { ImageTowerModel } from '../../model/image-tower/index.ts';
import { tf } from '../../model/index.ts';
import { combinedLoss } from '../losses/combined.ts';
import { type LossConfig, lossConfigSchema } from '../losses/config.ts';
import { AdamW } from '../optimizers/adamw.ts';
import { DenseGradient } from '../optimizers/dense-gradient.ts';
import { learningRateShare } from '../optimizers/schedules.ts';
import { fromCheckpoint, toCheckpoint } from '../optimizers/state-arrays.ts';
import type { StepResult } from '../runs/step-result.ts';
import type { ImageTrainingConfig } from './config.ts';
import type { PictureBatch } from './picture-batches.ts';

/** One optimiser step over an image tower. */
export class ImageStep {
  readonly #model: ImageTowerModel;
  readonly #config: ImageTrainingConfig;
  readonly #loss: LossConfig;
  readonly #weights: readonly tf.LayerVariable[];
  readonly #optimizer: AdamW;

  constructor(model: ImageTowerModel, config: ImageTrainingConfig) {
    this.#model = model;
    this.#config = config;
    this.#loss = lossConfigSchema.parse(config.loss);
    this.#weights = model.graph.trainableWeights;
    this.#optimizer = new AdamW(this.#weights, { ...config.optimizer, decayEmbeddings: false });
  }

  /** @param step from 0 on */
  async run(batch: PictureBatch, step: number): Promise<StepResult> {
    const { optimizer, schedule, steps } = this.#config;
    const learningRate = optimizer.learningRate * learningRateShare(step, { steps, ...schedule });
    const { gradient, losses } = this.#gradient(batch);
    try {
      const squares = tf.tidy(() => gradient.sumOfSquares());
      const gradientNorm = Math.sqrt((await squares.data())[0]!);
      squares.dispose();
      const scale = gradientNorm > optimizer.clipNorm ? optimizer.clipNorm / gradientNorm : 1;
      this.#optimizer.apply(gradient, learningRate, scale, step + 1);
      const { total, ...terms } = await numbersOf(losses);
      return { loss: total!, terms, gradientNorm, learningRate };
    } finally {
      gradient.dispose();
      for (const loss of Object.values(losses)) loss.dispose();
    }
  }

  #gradient({ pictures, targets }: PictureBatch): { gradient: DenseGradient; losses: Record<string, tf.Scalar> } {
    const { batchSize } = this.#config;
    const { shape, dimension } = this.#model.config;
    const weights = this.#weights.map((weight) => weight.read());
    const losses: Record<string, tf.Scalar> = {};
    const tensors = tf.tidy(() => {
      const teacher = tf.tensor2d(targets, [batchSize, dimension]);
      const images = tf.tensor4d(pictures, [batchSize, shape.size, shape.size, 3]);
      const forward = () => {
        const student = this.#model.apply(images);
        const { total, terms } = combinedLoss({ student, teacher }, this.#loss);
        for (const [name, term] of Object.entries({ ...terms, total })) losses[name] = tf.keep(term.clone());
        return total;
      };
      const { grads } = tf.engine().gradients(forward, weights);
      return [...this.#optimizer.flatten(grads).tensors];
    });
    return { gradient: new DenseGradient(tensors), losses };
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

async function numbersOf(losses: Readonly<Record<string, tf.Scalar>>): Promise<Record<string, number>> {
  const entries = Object.entries(losses).map(async ([name, value]) => [name, (await value.data())[0]!] as const);
  return Object.fromEntries(await Promise.all(entries));
}
