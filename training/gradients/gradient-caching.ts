import type { CemModel } from '../../model/index.ts';
import { tf } from '../../model/index.ts';
import type { SymbolBatch } from '../../model/symbols/index.ts';
import { splitSymbolBatch, type TrainingBatch } from '../batches/training-batch.ts';
import type { LossConfig } from '../losses/config.ts';
import { DenseGradient } from '../optimizers/dense-gradient.ts';
import { type BatchGradients, batchLoss, type Flatten, symbolEmbeddings } from './gradients.ts';

/**
 * The same gradients as those of the whole batches, in the memory of `microBatch` texts: all texts are embedded without a tape, the loss gives its gradient for the
 * embeddings, and then each piece is embedded once more and that gradient sent back through it. The pieces' gradients add up to the whole's, up to rounding.
 * Source: Gao et al. 2021 (gradient caching).
 *
 * @param microBatch texts a piece
 */
export async function cachedGradients(
  model: CemModel,
  batches: readonly TrainingBatch[],
  lossConfig: LossConfig,
  flatten: Flatten,
  microBatch: number,
): Promise<BatchGradients> {
  const symbolBatches: SymbolBatch[] = [];
  const symbolGradients: Float32Array[] = [];
  const terms: Record<string, number> = {};
  let dense: DenseGradient | undefined;
  let loss = 0;
  try {
    for (const batch of batches) {
      const parts = splitSymbolBatch(batch.symbols, microBatch);
      const student = tf.tidy(() =>
        tf.concat(parts.map((part) => tf.tidy(() => model.apply(symbolEmbeddings(model, part), part)))),
      ); // [size, dimension]
      const outer = await lossGradient(student as tf.Tensor2D, batch, model, lossConfig).finally(() => student.dispose());
      loss += batch.weight * outer.loss;
      for (const [name, value] of Object.entries(outer.terms)) terms[`${batch.name}/${name}`] = value;
      let from = 0;
      for (const part of parts) {
        const upstream = outer.gradient.slice(from * model.dimension, (from + part.size) * model.dimension);
        const gradient = partGradient(model, part, upstream, flatten);
        dense = dense === undefined ? gradient.dense : dense.plus(gradient.dense);
        symbolBatches.push(part);
        try {
          symbolGradients.push((await gradient.symbols.data()) as Float32Array);
        } finally {
          gradient.symbols.dispose();
        }
        from += part.size;
      }
    }
    return { dense: dense!, loss, terms, symbolBatches, symbolGradients };
  } catch (error) {
    dense?.dispose();
    throw error;
  }
}

/**
 * The loss of a batch, unweighted, and the gradient of its weighted loss for the embeddings, [size, dimension].
 *
 * @param student [size, dimension]
 */
export async function lossGradient(
  student: tf.Tensor2D,
  batch: TrainingBatch,
  model: Pick<CemModel, 'dimension' | 'config'>,
  lossConfig: LossConfig,
): Promise<{ loss: number; terms: Record<string, number>; gradient: Float32Array }> {
  let termNames: string[] = [];
  const { gradient, values } = tf.tidy(() => {
    const kept: tf.Scalar[] = [];
    const { value, grads } = tf.engine().gradients(() => {
      const { total, terms } = batchLoss(student, batch, model, lossConfig);
      termNames = Object.keys(terms);
      kept.push(...Object.values(terms).map((term) => tf.keep(term)));
      return total;
    }, [student]);
    const all = tf.stack([value, ...kept]);
    tf.dispose(kept);
    return { gradient: tf.mul(grads[0]!, batch.weight), values: all };
  });
  try {
    const [gradientValues, numbers] = await Promise.all([gradient.data(), values.data()]);
    return {
      loss: numbers[0]!,
      terms: Object.fromEntries(termNames.map((name, index) => [name, numbers[1 + index]!])),
      gradient: gradientValues as Float32Array,
    };
  } finally {
    tf.dispose([gradient, values]);
  }
}

/** @param upstream [size, dimension] the loss's gradient for the part's embeddings */
function partGradient(
  model: CemModel,
  part: SymbolBatch,
  upstream: Float32Array,
  flatten: Flatten,
): { dense: DenseGradient; symbols: tf.Tensor } {
  const weights = model.graph.trainableWeights.map((weight) => weight.read());
  const { tensors, symbols } = tf.tidy(() => {
    const symbols = symbolEmbeddings(model, part);
    const dy = tf.tensor2d(upstream, [part.size, model.dimension]);
    const { grads } = tf.engine().gradients(() => model.apply(symbols, part), [...weights, symbols], dy);
    return { tensors: [...flatten(grads.slice(0, weights.length)).tensors], symbols: grads[weights.length]! };
  });
  return { dense: new DenseGradient(tensors), symbols };
}
