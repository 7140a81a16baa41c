import type { CemModel } from '../../model/index.ts';
import { tf } from '../../model/index.ts';
import type { SymbolBatch } from '../../model/symbols/index.ts';
import type { TrainingBatch } from '../batches/training-batch.ts';
import { combinedLoss } from '../losses/combined.ts';
import type { LossConfig } from '../losses/config.ts';
import type { LossSum } from '../losses/matryoshka.ts';
import { DenseGradient } from '../optimizers/dense-gradient.ts';

/** The gradient of a loss: the dense part on the backend, that of the symbol embeddings on the host. */
export interface BatchGradients {
  /** As the optimiser flattens them; the caller owns it. */
  readonly dense: DenseGradient;
  readonly loss: number;
  /** Unweighted loss terms, `granularity/term`. */
  readonly terms: Readonly<Record<string, number>>;
  /** What the symbol gradients belong to. */
  readonly symbolBatches: readonly SymbolBatch[];
  /** For each symbol batch [size, symbols, local dimension]. */
  readonly symbolGradients: readonly Float32Array[];
}

/** What of a training's configuration decides how gradients are computed. */
export interface GradientConfig {
  readonly loss: LossConfig;
  /** In pieces of so many texts; absent: whole batches. */
  readonly gradientCaching?: { readonly microBatch: number } | undefined;
}

/** Gradients of all dense weights as the optimiser takes them; the caller's tidy holds what is made. */
export type Flatten = (gradients: readonly tf.Tensor[]) => DenseGradient;

/** [size, symbols, local dimension] the embeddings of a batch's symbols; the caller owns it. */
export function symbolEmbeddings(model: CemModel, batch: SymbolBatch): tf.Tensor3D {
  return tf.tensor3d(model.tables.embed(batch), [batch.size, batch.symbols, model.config.local.dimension]);
}

/**
 * The losses of one batch, unweighted by its granularity. The caller's tidy holds what is made.
 *
 * @param student [size, dimension]
 */
export function batchLoss(
  student: tf.Tensor2D,
  batch: TrainingBatch,
  model: Pick<CemModel, 'dimension' | 'config'>,
  loss: LossConfig,
): LossSum {
  const { dimension } = model;
  const { negatives } = batch;
  return combinedLoss(
    {
      student,
      teacher: tf.tensor2d(batch.targets, [batch.symbols.size, dimension]),
      negatives: negatives && tf.tensor2d(negatives, [negatives.length / dimension, dimension]),
    },
    loss,
    model.config.matryoshka,
  );
}

/** Everything in one pass: fastest, and memory for the activations of all batches at once. */
export async function wholeGradients(
  model: CemModel,
  batches: readonly TrainingBatch[],
  lossConfig: LossConfig,
  flatten: Flatten,
): Promise<BatchGradients> {
  const weights = model.graph.trainableWeights.map((weight) => weight.read());
  const termNames: string[] = [];
  const { tensors, values, symbolGradients } = tf.tidy(() => {
    const symbols = batches.map((batch) => symbolEmbeddings(model, batch.symbols));
    const terms: tf.Scalar[] = [];
    const loss = () => {
      let total: tf.Scalar = tf.scalar(0);
      batches.forEach((batch, index) => {
        const part = batchLoss(model.apply(symbols[index]!, batch.symbols), batch, model, lossConfig);
        for (const [name, term] of Object.entries(part.terms)) {
          termNames.push(`${batch.name}/${name}`);
          terms.push(tf.keep(term));
        }
        total = tf.add(total, tf.mul(part.total, batch.weight));
      });
      return total;
    };
    // The gradient of the symbol embeddings comes from the same tape as that of the weights.
    const { value, grads } = tf.engine().gradients(loss, [...weights, ...symbols]);
    const flat = flatten(grads.slice(0, weights.length));
    const all = tf.stack([value, ...terms]);
    tf.dispose(terms);
    return { tensors: [...flat.tensors], values: all as tf.Tensor1D, symbolGradients: grads.slice(weights.length) };
  });
  const dense = new DenseGradient(tensors);
  try {
    const gradientArrays = (await Promise.all(symbolGradients.map((gradient) => gradient.data()))) as Float32Array[];
    const numbers = await values.data();
    return {
      dense,
      loss: numbers[0]!,
      terms: Object.fromEntries(termNames.map((name, index) => [name, numbers[1 + index]!])),
      symbolBatches: batches.map((batch) => batch.symbols),
      symbolGradients: gradientArrays,
    };
  } catch (error) {
    dense.dispose();
    throw error;
  } finally {
    tf.dispose([values, ...symbolGradients]);
  }
}
