import { tf } from '../model/backend/tf.ts';
import type { CemModel } from '../model/embedder.ts';
import { TransformerBlock } from '../model/layers/transformer-block.ts';
import type { TrainingConfig } from './config.ts';
import { cachedGradients } from './gradient-caching.ts';
import { type BatchGradients, wholeGradients } from './gradients.ts';
import { AdamW } from './optimizers/adamw.ts';
import { createTableOptimizer } from './optimizers/create-table-optimizer.ts';
import type { TableOptimizer } from './optimizers/table-optimizer.ts';
import { learningRateShare } from './schedules.ts';
import type { TrainingBatch } from './training-batch.ts';

export type { TrainingBatch };

export interface StepResult {
  readonly loss: number;
  /** Unweighted loss terms, `granularity/term`. */
  readonly terms: Readonly<Record<string, number>>;
  /** Global norm of all gradients before clipping. */
  readonly gradientNorm: number;
  readonly learningRate: number;
}

/**
 * One optimiser step over a model: embeddings on the host, the graph's loss and gradients on the backend, dense weights by AdamW there and the touched rows of tables
 * on the host.
 */
export class TrainingStep {
  readonly #model: CemModel;
  readonly #config: TrainingConfig;
  readonly dense: AdamW;
  readonly sparse: TableOptimizer;

  constructor(model: CemModel, config: TrainingConfig) {
    this.#model = model;
    this.#config = config;
    this.dense = new AdamW(model.graph.trainableWeights, config.optimizer);
    this.sparse = createTableOptimizer(config.optimizer.tables ?? 'adam', model.tables, config.optimizer);
    for (const layer of model.graph.layers) if (layer instanceof TransformerBlock) layer.recompute = config.recompute ?? false;
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
    const { optimizer, schedule, steps } = this.#config;
    const share = learningRateShare(step, { steps, ...schedule });
    const { dense, loss, terms, symbolBatches, symbolGradients } = await this.#sumOfGradients(groups);
    try {
      const squares = tf.tidy(() => tf.sum(tf.square(dense)));
      const [sumOfSquares] = await squares.data();
      squares.dispose();
      const sparse = this.sparse.accumulate(symbolBatches, symbolGradients);
      // The sum over the groups is divided by their number where it is scaled anyway.
      const gradientNorm = Math.sqrt(sumOfSquares! + sparse.sumOfSquares) / groups.length;
      const scale = (gradientNorm > optimizer.clipNorm ? optimizer.clipNorm / gradientNorm : 1) / groups.length;
      this.dense.apply(dense, optimizer.learningRate * share, scale, step + 1);
      this.sparse.apply(sparse.tables, optimizer.tablesLearningRate * share, scale, step + 1);
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
    const { loss, gradientCaching } = this.#config;
    const flatten = (gradients: readonly tf.Tensor[]) => this.dense.flatten(gradients);
    return gradientCaching
      ? cachedGradients(this.#model, batches, loss, flatten, gradientCaching.microBatch)
      : wholeGradients(this.#model, batches, loss, flatten);
  }

  dispose(): void {
    this.dense.dispose();
  }
}

/** Takes over both dense parts. */
function addGradients(a: BatchGradients, b: BatchGradients): BatchGradients {
  const dense = tf.add(a.dense, b.dense) as tf.Tensor1D;
  tf.dispose([a.dense, b.dense]);
  return {
    dense,
    loss: a.loss + b.loss,
    terms: Object.fromEntries(Object.entries(a.terms).map(([name, term]) => [name, term + b.terms[name]!])),
    symbolBatches: [...a.symbolBatches, ...b.symbolBatches],
    symbolGradients: [...a.symbolGradients, ...b.symbolGradients],
  };
}
