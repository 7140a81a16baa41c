import { tf } from './backend/tf.ts';
import { feedForwardDimension, type ModelConfig, queriesPerPatch } from './config.ts';
import { L2Normalization, LengthMask, MaskedMean, RmsNormalization, SkipBag, SymbolKindEmbedding } from './layers/heads.ts';
import { PatchPooling } from './layers/patch-pooling.ts';
import { TransformerBlock } from './layers/transformer-block.ts';
import { RandomNumbers } from './random.ts';
import { SYMBOL_KINDS } from './symbol-batch.ts';

/** RMSNorm's epsilon in BLT (facebookresearch/blt and transformers' configuration). */
const NORM_EPSILON = 1e-5;
/** Keeps the square root of the last norm away from zero; far below float32's rounding of a unit vector. */
const UNIT_EPSILON = 1e-12;

/**
 * The encoder from symbol embeddings to a document's vector, for training and for indexing alike.
 *
 * Inputs: `symbols` [batch, symbols, local dimension] sums of table rows; `lengths` [batch, symbols] bytes a symbol stands for, 0 for padding; `kinds` [batch, symbols] int32.
 * Output: [batch, outputDimension], L2-normalised.
 */
export function buildGraph(config: ModelConfig, outputDimension: number): tf.LayersModel {
  const { local, global } = config;
  const epsilon = NORM_EPSILON;
  const symbols = tf.input({ shape: [null, local.dimension], name: 'symbols' });
  const lengths = tf.input({ shape: [null], name: 'lengths' });
  const kinds = tf.input({ shape: [null], dtype: 'int32', name: 'kinds' });
  const apply = (layer: tf.layers.Layer, inputs: tf.SymbolicTensor | tf.SymbolicTensor[]) =>
    layer.apply(inputs) as tf.SymbolicTensor;

  const symbolMask = apply(new LengthMask({ name: 'symbol-mask', groupSize: 1 }), lengths);
  const patchMask = apply(new LengthMask({ name: 'patch-mask', groupSize: config.patchSize }), lengths);

  // [batch, symbols, local dimension]
  let states = apply(new SymbolKindEmbedding({ name: 'local/kind', kinds: SYMBOL_KINDS, dimension: local.dimension }), [
    symbols,
    kinds,
  ]);
  for (let layer = 0; layer < local.layers; layer++) {
    const block = new TransformerBlock({
      name: `local/${layer}`,
      dimension: local.dimension,
      heads: local.heads,
      feedForward: local.feedForward ?? feedForwardDimension(local.dimension),
      ropeTheta: local.ropeTheta,
      window: local.window,
      causal: false,
      epsilon,
    });
    states = apply(block, [states, symbolMask]);
  }

  // [batch, patches, queries * local dimension]
  const queries = queriesPerPatch(config);
  const pooling = new PatchPooling({
    name: 'local/pooling',
    dimension: local.dimension,
    heads: local.crossAttentionHeads,
    patchSize: config.patchSize,
    queries,
    epsilon,
  });
  let patches = apply(pooling, [states, symbolMask]);
  if (queries * local.dimension !== global.dimension) {
    patches = apply(
      tf.layers.dense({ name: 'global/input', units: global.dimension, useBias: false, kernelInitializer: 'zeros' }),
      patches,
    );
  }
  for (let layer = 0; layer < global.layers; layer++) {
    const block = new TransformerBlock({
      name: `global/${layer}`,
      dimension: global.dimension,
      heads: global.heads,
      feedForward: global.feedForward ?? feedForwardDimension(global.dimension),
      ropeTheta: global.ropeTheta,
      causal: false,
      epsilon,
    });
    patches = apply(block, [patches, patchMask]);
  }
  patches = apply(new RmsNormalization({ name: 'global/norm', epsilon }), patches);

  // [batch, global dimension]
  const pooled = apply(new MaskedMean({ name: 'pooling' }), [patches, patchMask]);
  let output = apply(
    tf.layers.dense({ name: 'projection', units: outputDimension, useBias: false, kernelInitializer: 'zeros' }),
    pooled,
  );
  if (config.skipPath) {
    const bag = apply(new SkipBag({ name: 'skip/bag', epsilon }), [symbols, lengths]);
    const skip = apply(
      tf.layers.dense({ name: 'skip/projection', units: outputDimension, useBias: false, kernelInitializer: 'zeros' }),
      bag,
    );
    output = apply(tf.layers.add({ name: 'sum' }), [output, skip]);
  }
  const unit = apply(new L2Normalization({ name: 'unit', epsilon: UNIT_EPSILON }), output);
  return tf.model({ name: 'cem', inputs: [symbols, lengths, kinds], outputs: unit });
}

/**
 * Draws every matrix from a normal distribution cut at 3 sigma, sigma = fan-in^-1/2 (BLT's initialisation); gains stay one. Values depend on the seed and the weight's name only,
 * not on the backend.
 */
export function initializeWeights(graph: tf.LayersModel, seed: number): void {
  for (const weight of graph.weights) {
    if (weight.shape.length !== 2) continue;
    const [inputs, outputs] = weight.shape as [number, number];
    const values = new Float32Array(inputs * outputs);
    new RandomNumbers(seed, weight.originalName).fillTruncatedNormal(values, inputs ** -0.5);
    const tensor = tf.tensor2d(values, [inputs, outputs]);
    weight.write(tensor);
    tensor.dispose();
  }
}
