import type { OptimizerArrays } from '../../checkpoints/index.ts';
import type { EntropyModel } from '../../model/entropy/index.ts';
import { tf } from '../../model/index.ts';
import { AdamW } from '../optimizers/adamw.ts';
import { DenseGradient } from '../optimizers/dense-gradient.ts';
import { learningRateShare } from '../optimizers/schedules.ts';
import { fromCheckpoint, toCheckpoint } from '../optimizers/state-arrays.ts';
import type { StepResult } from '../runs/step-result.ts';
import type { EntropyTrainingConfig } from './config.ts';

/** One optimiser step over an entropy model. */
export class EntropyStep {
  readonly #model: EntropyModel;
  readonly #config: EntropyTrainingConfig;
  readonly #optimizer: AdamW;

  constructor(model: EntropyModel, config: EntropyTrainingConfig) {
    this.#model = model;
    this.#config = config;
    this.#optimizer = new AdamW(model.graph.trainableWeights, config.optimizer);
  }

  /**
   * @param ids [rows, positions + 1]
   * @param step from 0 on
   */
  async run(ids: Int32Array, rows: number, positions: number, step: number): Promise<StepResult> {
    const { optimizer, schedule, steps } = this.#config;
    const learningRate = optimizer.learningRate * learningRateShare(step, { steps, ...schedule });
    const weights = this.#model.graph.trainableWeights.map((weight) => weight.read());
    // `values` is [loss, sum of squares of the gradient], so that a step waits for the backend once.
    const { tensors, values } = tf.tidy(() => {
      const { value, grads } = tf.engine().gradients(() => this.#model.loss(ids, rows, positions), weights);
      const flat = this.#optimizer.flatten(grads);
      return { tensors: [...flat.tensors], values: tf.stack([value, flat.sumOfSquares()]) };
    });
    const gradient = new DenseGradient(tensors);
    try {
      const [loss, squares] = (await values.data()) as unknown as [number, number];
      const gradientNorm = Math.sqrt(squares);
      const scale = gradientNorm > optimizer.clipNorm ? optimizer.clipNorm / gradientNorm : 1;
      this.#optimizer.apply(gradient, learningRate, scale, step + 1);
      return { loss, terms: {}, gradientNorm, learningRate };
    } finally {
      gradient.dispose();
      values.dispose();
    }
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
