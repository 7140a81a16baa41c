import type { CemModel } from '../../model/index.ts';
import type { RowGradient } from '../../model/kernels/rows/index.ts';
import { averageDecay, keptShare } from '../optimizers/average-decay.ts';
import { DenseAverages } from '../optimizers/dense-averages.ts';
import { type StateArrays, stateArray } from '../optimizers/state-arrays.ts';
import { TableAverages } from '../optimizers/table-averages.ts';

/**
 * Exponential moving averages of all weights: average(0) = weights(0), average(t) = d(t) * average(t - 1) + (1 - d(t)) * weights(t), with d of `averageDecay`.
 *
 * Training goes on from the weights themselves. Where the averages are wanted in the model (evaluation, checkpoints), `show` puts them there and `hide` puts the weights back, to the bit.
 */
export class WeightAverages {
  readonly #decay: number;
  readonly #dense: DenseAverages;
  readonly #tables: TableAverages;
  #step = 0;
  #shown = false;

  /** @param decay below 1: the nearer, the longer averages remember */
  constructor(model: CemModel, decay: number) {
    this.#decay = decay;
    this.#dense = new DenseAverages(model.graph.trainableWeights);
    this.#tables = new TableAverages(model.tables, (from, to) => keptShare(decay, from, to));
  }

  /** To be called before the rows of tables change at a step, with their gradients; steps count from 1. */
  beforeStep(gradients: readonly RowGradient[], step: number): void {
    this.#tables.beforeStep(gradients, step);
  }

  /** To be called when a step has changed all weights. */
  afterStep(step: number): void {
    this.#dense.renew(averageDecay(this.#decay, step));
    this.#step = step;
  }

  /** Puts the averages into the model. */
  show(): void {
    if (this.#shown) return;
    this.#dense.show();
    this.#tables.show(this.#step);
    this.#shown = true;
  }

  /** Puts the weights back into the model. */
  hide(): void {
    this.#dense.hide();
    this.#tables.hide();
    this.#shown = false;
  }

  /** The averages, their step as `average/step`, and the weights themselves as long as the model does not have them. */
  async arrays(): Promise<StateArrays> {
    return new Map([...(await this.#dense.arrays()), ...this.#tables.arrays(), ['average/step', Float32Array.of(this.#step)]]);
  }

  /**
   * Takes up the averages of a checkpoint and puts the weights that training goes on from into the model.
   *
   * @throws CemError `CHECKPOINT_SHAPE`
   */
  restore(arrays: StateArrays): void {
    this.hide();
    this.#step = stateArray(arrays, 'average/step', 1)[0]!;
    this.#dense.restore(arrays);
    this.#tables.restore(arrays);
  }

  dispose(): void {
    this.#dense.dispose();
  }
}
