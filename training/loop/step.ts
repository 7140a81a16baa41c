import type { CemModel } from '../../model/index.ts';
import { setRecompute, tf } from '../../model/index.ts';
import type { TrainingBatch } from '../batches/training-batch.ts';
import type { OptimizerStep } from '../device/optimizer-step.ts';
import { cachedGradients } from '../gradients/gradient-caching.ts';
import { type BatchGradients, wholeGradients } from '../gradients/gradients.ts';
import { createDenseOptimizer } from '../optimizers/create-dense-optimizer.ts';
import { createTableOptimizer } from '../optimizers/create-table-optimizer.ts';
import type { DenseOptimizer } from '../optimizers/dense-optimizer.ts';
import { learningRateShare } from '../optimizers/schedules.ts';
import { type StateArrays, stateArray } from '../optimizers/state-arrays.ts';
import type { TableOptimizer } from '../optimizers/table-optimizer.ts';
import type { TrainingConfig } from '../options/config.ts';
import type { StepResult } from '../runs/step-result.ts';
import type { GradientWorkers } from '../workers/gradient-workers.ts';
import { WeightAverages } from './ema.ts';

/**
 * One optimiser step over a model: embeddings on the host, the graph's loss and gradients on the backend, dense weights by their optimiser there and the touched rows of tables
 * on the host.
 */
export class TrainingStep implements OptimizerStep {
  readonly #model: CemModel;
  readonly #config: TrainingConfig;
  readonly dense: DenseOptimizer;
  readonly sparse: TableOptimizer;
  readonly #averages: WeightAverages | undefined;
  readonly #workers: GradientWorkers | undefined;

  /** @param workers threads that compute the gradients, which stay the caller's; absent: this thread does */
  constructor(model: CemModel, config: TrainingConfig, workers?: GradientWorkers) {
    this.#model = model;
    this.#config = config;
    this.#workers = workers;
    this.dense = createDenseOptimizer(model.graph.trainableWeights, config.optimizer);
    this.sparse = createTableOptimizer(config.optimizer.tables ?? 'adam', model.tables, config.optimizer);
    this.#averages = config.ema && new WeightAverages(model, config.ema.decay);
    setRecompute(model.graph, config.recompute ?? false);
  }

  /**
   * A step on one batch a granularity.
   *
   * @param step from 0 on
   */
  run(batches: readonly TrainingBatch[], step: number): Promise<StepResult> {
    return this.runAccumulated([batches], step);
  }

  /**
   * A step on the mean gradient of several groups of batches.
   *
   * @param step from 0 on
   */
  async runAccumulated(groups: readonly (readonly TrainingBatch[])[], step: number): Promise<StepResult> {
    this.#averages?.hide();
    const { optimizer, schedule, steps } = this.#config;
    const share = learningRateShare(step, { steps, ...schedule });
    const { dense, loss, terms, symbolBatches, symbolGradients } = await this.#sumOfGradients(groups);
    try {
      const squares = tf.tidy(() => dense.sumOfSquares());
      const [sumOfSquares] = await squares.data();
      squares.dispose();
      const sparse = this.sparse.accumulate(symbolBatches, symbolGradients);
      // The sum over the groups is divided by their number where it is scaled anyway.
      const gradientNorm = Math.sqrt(sumOfSquares! + sparse.sumOfSquares) / groups.length;
      const scale = (gradientNorm > optimizer.clipNorm ? optimizer.clipNorm / gradientNorm : 1) / groups.length;
      this.dense.apply(dense, optimizer.learningRate * share, scale, step + 1);
      this.#averages?.beforeStep(sparse.tables, step + 1);
      this.sparse.apply(sparse.tables, optimizer.tablesLearningRate * share, scale, step + 1);
      this.#averages?.afterStep(step + 1);
      return { loss, terms, gradientNorm, learningRate: optimizer.learningRate * share };
    } finally {
      dense.dispose();
    }
  }

  /** Gradients are sums over the groups, loss and terms are means. */
  async #sumOfGradients(groups: readonly (readonly TrainingBatch[])[]): Promise<BatchGradients> {
    let sum: BatchGradients | undefined;
    try {
      for (const batches of groups) {
        const next = await this.#gradients(batches);
        sum = sum === undefined ? next : addGradients(sum, next);
      }
    } catch (error) {
      sum?.dense.dispose();
      throw error;
    }
    const { loss, terms, ...gradients } = sum!;
    const mean = (value: number) => value / groups.length;
    return {
      ...gradients,
      loss: mean(loss),
      terms: Object.fromEntries(Object.entries(terms).map(([name, term]) => [name, mean(term)])),
    };
  }

  #gradients(batches: readonly TrainingBatch[]): Promise<BatchGradients> {
    if (this.#workers) return this.#workers.gradients(batches, this.#config);
    const { loss, gradientCaching } = this.#config;
    const flatten = (gradients: readonly tf.Tensor[]) => this.dense.flatten(gradients);
    return gradientCaching
      ? cachedGradients(this.#model, batches, loss, flatten, gradientCaching.microBatch)
      : wholeGradients(this.#model, batches, loss, flatten);
  }

  async showAverages(): Promise<void> {
    this.#averages?.show();
  }

  /** What a checkpoint has to hold beside the model to go on to the byte; the arrays are valid until the next step. */
  async arrays(): Promise<StateArrays> {
    return new Map([
      ...(await this.dense.arrays()),
      ...this.sparse.state,
      ...(this.#averages ? await this.#averages.arrays() : []),
    ]);
  }

  /**
   * Takes up what `arrays` gave, the model being that of the same checkpoint.
   *
   * @throws CemError `CHECKPOINT_SHAPE` when it is that of another configuration
   */
  restore(arrays: StateArrays): void {
    this.dense.restore(arrays);
    for (const [name, state] of this.sparse.state) state.set(stateArray(arrays, name, state.length));
    this.#averages?.restore(arrays);
  }

  dispose(): void {
    this.#averages?.dispose();
    this.dense.dispose();
  }
}

/** Takes over both dense parts. */
function addGradients(a: BatchGradients, b: BatchGradients): BatchGradients {
  return {
    dense: a.dense.plus(b.dense),
    loss: a.loss + b.loss,
    terms: Object.fromEntries(Object.entries(a.terms).map(([name, term]) => [name, term + b.terms[name]!])),
    symbolBatches: [...a.symbolBatches, ...b.symbolBatches],
    symbolGradients: [...a.symbolGradients, ...b.symbolGradients],
  };
}
