import { RandomNumbers } from '../base/index.ts';
import { feedForwardDimension, type ModelConfig, patchingOf, queriesPerPatch } from './config.ts';
import { L2Normalization, LengthMask, RmsNormalization, SkipBag, SymbolKindEmbedding } from './layers/heads.ts';
import { PatchPooling } from './layers/patch-pooling.ts';
import { MaskedAttention, MaskedLast, MaskedMean } from './layers/pooling.ts';
import { TransformerBlock } from './layers/transformer-block.ts';
import { namedWeights } from './named-weights.ts';
import type { SymbolBatch } from './symbols/symbol-batch.ts';
import { SYMBOL_KINDS } from './symbols/symbol-kinds.ts';
import { tf } from './tf.ts';

/** Names of the layers whose outputs are compared with the reference; blocks are `local/0`, `global/0`, … */
export const SYMBOL_KIND_LAYER = 'local/kind';
export const PATCH_POOLING_LAYER = 'local/pooling';
export const GLOBAL_INPUT_LAYER = 'global/input';
/** Names of the layers that patches go through by themselves; the last two are there with a skip path. */
export const GLOBAL_NORM_LAYER = 'global/norm';
export const PROJECTION_LAYER = 'projection';
export const SKIP_BAG_LAYER = 'skip/bag';
export const SKIP_PROJECTION_LAYER = 'skip/projection';

/** RMSNorm's epsilon in BLT (facebookresearch/blt and transformers' configuration). */
const NORM_EPSILON = 1e-5;
/** Keeps the square root of the last norm away from zero; far below float32's rounding of a unit vector. */
const UNIT_EPSILON = 1e-12;

/**
 * The encoder from symbol embeddings to a document's vector, for training and for indexing alike.
 *
 * Inputs: `symbols` [batch, symbols, local dimension] sums of table rows; `lengths` [batch, symbols] bytes a symbol stands for, 0 for padding; `kinds` [batch, symbols] int32.
 * With patches that are not static, two more: `patch-ids` [batch, symbols] int32 the patch of each symbol, ascending from 0 in each row, -1 for padding; `patch-mask` [batch, patches]
 * 1 for patches that are there. Positions are symbol numbers in the local encoder, patch numbers in the global one.
 * Output: [batch, outputDimension], L2-normalised.
 */
export function buildGraph(config: ModelConfig, outputDimension: number): tf.LayersModel {
  const { local, global, causal = false } = config;
  const epsilon = NORM_EPSILON;
  const patching = patchingOf(config);
  const symbols = tf.input({ shape: [null, local.dimension], name: 'symbols' });
  const lengths = tf.input({ shape: [null], name: 'lengths' });
  const kinds = tf.input({ shape: [null], dtype: 'int32', name: 'kinds' });
  const apply = (layer: tf.layers.Layer, inputs: tf.SymbolicTensor | tf.SymbolicTensor[]) =>
    layer.apply(inputs) as tf.SymbolicTensor;

  const symbolMask = apply(new LengthMask({ name: 'symbol-mask', groupSize: 1 }), lengths);
  const runs =
    patching.kind === 'static'
      ? undefined
      : {
          ids: tf.input({ shape: [null], dtype: 'int32', name: 'patch-ids' }),
          mask: tf.input({ shape: [null], name: 'patch-mask' }),
        };
  const patchMask = runs?.mask ?? apply(new LengthMask({ name: 'patch-mask', groupSize: config.patchSize }), lengths);

  // [batch, symbols, local dimension]
  let states = apply(new SymbolKindEmbedding({ name: SYMBOL_KIND_LAYER, kinds: SYMBOL_KINDS, dimension: local.dimension }), [
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
      causal,
      epsilon,
    });
    states = apply(block, [states, symbolMask]);
  }

  // [batch, patches, queries * local dimension]
  const queries = queriesPerPatch(config);
  const pooling = new PatchPooling({
    name: PATCH_POOLING_LAYER,
    dimension: local.dimension,
    heads: local.crossAttentionHeads,
    queries,
    epsilon,
    ...(patching.kind === 'static' ? { patchSize: config.patchSize } : {}),
    ...('maximumLength' in patching && patching.maximumLength !== undefined ? { longestPatch: patching.maximumLength } : {}),
  });
  let patches = apply(pooling, runs ? [states, runs.ids, runs.mask] : [states, symbolMask]);
  if (queries * local.dimension !== global.dimension) {
    patches = apply(
      tf.layers.dense({ name: GLOBAL_INPUT_LAYER, units: global.dimension, useBias: false, kernelInitializer: 'zeros' }),
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
      causal,
      epsilon,
    });
    patches = apply(block, [patches, patchMask]);
  }
  patches = apply(new RmsNormalization({ name: GLOBAL_NORM_LAYER, epsilon }), patches);

  // [batch, global dimension]
  const pooled = apply(poolingLayer(config), [patches, patchMask]);
  let output = apply(
    tf.layers.dense({ name: PROJECTION_LAYER, units: outputDimension, useBias: false, kernelInitializer: 'zeros' }),
    pooled,
  );
  if (config.skipPath) {
    const bag = apply(new SkipBag({ name: SKIP_BAG_LAYER, epsilon }), [symbols, lengths]);
    const skip = apply(
      tf.layers.dense({ name: SKIP_PROJECTION_LAYER, units: outputDimension, useBias: false, kernelInitializer: 'zeros' }),
      bag,
    );
    output = apply(tf.layers.add({ name: 'sum' }), [output, skip]);
  }
  const unit = apply(new L2Normalization({ name: 'unit', epsilon: UNIT_EPSILON }), output);
  const inputs = [symbols, lengths, kinds, ...(runs ? [runs.ids, runs.mask] : [])];
  return tf.model({ name: 'cem', inputs, outputs: unit });
}

/** Makes blocks and patch pooling keep nothing for the gradient but their inputs, or everything. Results are the same. */
export function setRecompute(graph: tf.LayersModel, recompute: boolean): void {
  for (const layer of graph.layers) {
    if (layer instanceof TransformerBlock || layer instanceof PatchPooling) layer.recompute = recompute;
  }
}

function poolingLayer({ pooling = 'mean', global }: ModelConfig): tf.layers.Layer {
  switch (pooling) {
    case 'mean':
      return new MaskedMean({ name: 'pooling' });
    case 'last':
      return new MaskedLast({ name: 'pooling' });
    case 'attention':
      return new MaskedAttention({ name: 'pooling', heads: global.heads });
  }
}

/**
 * The graph's inputs in its own order; the caller owns them.
 *
 * @param symbols [batch, symbols, local dimension]
 */
export function graphInputs(symbols: tf.Tensor3D, batch: SymbolBatch): tf.Tensor[] {
  const shape: [number, number] = [batch.size, batch.symbols];
  const { patches } = batch;
  return graphInputTensors(symbols, {
    lengths: tf.tensor2d(batch.lengths, shape),
    kinds: tf.tensor2d(batch.kinds, shape, 'int32'),
    ...(patches && {
      patches: { ids: tf.tensor2d(patches.ids, shape, 'int32'), mask: tf.tensor2d(patches.mask, [batch.size, patches.count]) },
    }),
  });
}

/** The graph's inputs in its own order, where a batch is tensors already. */
export function graphInputTensors(
  symbols: tf.Tensor3D,
  {
    lengths,
    kinds,
    patches,
  }: {
    readonly lengths: tf.Tensor2D;
    readonly kinds: tf.Tensor2D;
    readonly patches?: { readonly ids: tf.Tensor2D; readonly mask: tf.Tensor2D };
  },
): tf.Tensor[] {
  return [symbols, lengths, kinds, ...(patches ? [patches.ids, patches.mask] : [])];
}

/**
 * Draws every matrix from a normal distribution cut at 3 sigma, sigma = fan-in^-1/2 (BLT's initialisation); gains stay one. Values depend on the seed and the weight's name only,
 * not on the backend.
 */
export function initializeWeights(graph: tf.LayersModel, seed: number): void {
  for (const weight of namedWeights(graph)) {
    if (weight.shape.length !== 2) continue;
    const [inputs, outputs] = weight.shape as [number, number];
    const values = new Float32Array(inputs * outputs);
    new RandomNumbers(seed, weight.name).fillTruncatedNormal(values, inputs ** -0.5);
    const tensor = tf.tensor2d(values, [inputs, outputs]);
    weight.write(tensor);
    tensor.dispose();
  }
}
