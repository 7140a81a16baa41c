import { tf } from '../model/backend/tf.ts';
import type { CemModel } from '../model/embedder.ts';
import type { SymbolBatch } from '../model/symbol-batch.ts';
import type { TrainingConfig } from './config.ts';
import { combinedLoss } from './losses/combined.ts';
import { AdamW } from './optimizers/adamw.ts';
import { RowSparseAdam } from './optimizers/row-sparse-adam.ts';
import { warmupCosine } from './schedules.ts';

/** Texts of one granularity that a step trains on. */
export interface TrainingBatch {
  /** `passages`, `sentences`, … */
  readonly name: string;
  readonly weight: number;
  readonly symbols: SymbolBatch;
  /** [size, dimension] the teacher's vectors. */
  readonly targets: Float32Array;
}

export interface StepResult {
  readonly loss: number;
  /** Unweighted loss terms, `granularity/term`. */
  readonly terms: Readonly<Record<string, number>>;
  /** Global norm of all gradients before clipping. */
  readonly gradientNorm: number;
  readonly learningRate: number;
}

/**
 * One optimiser step over a model: embeddings on the host, the graph's loss and gradients on the backend, dense weights by AdamW there and table rows by
 * row-sparse Adam on the host.
 */
export class TrainingStep {
  readonly #model: CemModel;
  readonly #config: TrainingConfig;
  readonly dense: AdamW;
  readonly sparse: RowSparseAdam;

  constructor(model: CemModel, config: TrainingConfig) {
    this.#model = model;
    this.#config = config;
    this.dense = new AdamW(model.graph.trainableWeights, config.optimizer);
    this.sparse = new RowSparseAdam(model.tables, config.optimizer);
  }

  /** @param step from 0 on */
  async run(batches: readonly TrainingBatch[], step: number): Promise<StepResult> {
    const { optimizer, schedule, steps } = this.#config;
    const share = warmupCosine(step, { steps, ...schedule });
    const forward = this.#gradients(batches);
    try {
      const gradientArrays = (await Promise.all(forward.symbolGradients.map((gradient) => gradient.data()))) as Float32Array[];
      const values = await forward.values.data();
      const symbolBatches = batches.map((batch) => batch.symbols);
      const sparse = this.sparse.accumulate(symbolBatches, gradientArrays);
      const gradientNorm = Math.sqrt(values[1]! + sparse.sumOfSquares);
      const scale = gradientNorm > optimizer.clipNorm ? optimizer.clipNorm / gradientNorm : 1;
      this.dense.apply(forward.dense, optimizer.learningRate * share, scale, step + 1);
      this.sparse.apply(sparse.tables, optimizer.tablesLearningRate * share, scale, step + 1);
      const terms = Object.fromEntries(forward.termNames.map((name, index) => [name, values[2 + index]!]));
      return { loss: values[0]!, terms, gradientNorm, learningRate: optimizer.learningRate * share };
    } finally {
      tf.dispose([forward.dense, forward.values, ...forward.symbolGradients]);
    }
  }

  /** `values` is [loss, sum of squares of the dense gradient, …terms] in one tensor, so that a step waits for the backend once. */
  #gradients(batches: readonly TrainingBatch[]): {
    dense: tf.Tensor1D;
    values: tf.Tensor1D;
    symbolGradients: tf.Tensor[];
    termNames: string[];
  } {
    const model = this.#model;
    const weights = model.graph.trainableWeights.map((weight) => weight.read());
    const termNames: string[] = [];
    const tensors = tf.tidy(() => {
      const symbols = batches.map(({ symbols: batch }) =>
        tf.tensor3d(model.tables.embed(batch), [batch.size, batch.symbols, model.config.local.dimension]),
      );
      const terms: tf.Scalar[] = [];
      const loss = () => {
        let total: tf.Scalar = tf.scalar(0);
        batches.forEach((batch, index) => {
          const student = model.apply(symbols[index]!, batch.symbols);
          const teacher = tf.tensor2d(batch.targets, [batch.symbols.size, model.dimension]);
          const combined = combinedLoss(student, teacher, this.#config.loss);
          for (const [name, term] of Object.entries(combined.terms)) {
            termNames.push(`${batch.name}/${name}`);
            terms.push(tf.keep(term));
          }
          total = tf.add(total, tf.mul(combined.total, batch.weight));
        });
        return total;
      };
      // The gradient of the symbol embeddings comes from the same tape as that of the weights.
      const { value, grads } = tf.engine().gradients(loss, [...weights, ...symbols]);
      const dense = this.dense.flatten(grads.slice(0, weights.length));
      const values = tf.stack([value, tf.sum(tf.square(dense)), ...terms]);
      tf.dispose(terms);
      return { dense, values, symbolGradients: grads.slice(weights.length) };
    });
    return { ...(tensors as { dense: tf.Tensor1D; values: tf.Tensor1D; symbolGradients: tf.Tensor[] }), termNames };
  }

  dispose(): void {
    this.dense.dispose();
  }
}
