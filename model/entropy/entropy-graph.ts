import { RmsNormalization } from '../layers/heads.ts';
import { TransformerBlock } from '../layers/transformer-block.ts';
import { tf } from '../tf.ts';
import { ByteEmbedding } from './byte-embedding.ts';
import { BYTE_IDS } from './byte-ids.ts';
import { type EntropyModelConfig, entropyFeedForward } from './config.ts';

/** RMSNorm's epsilon in BLT (facebookresearch/blt and transformers' configuration). */
const NORM_EPSILON = 1e-5;

/**
 * A causal byte transformer: embedding -> blocks with sliding windows -> RMSNorm -> logits of the next id.
 *
 * Inputs: `ids` [batch, positions] int32; `mask` [batch, positions] 1 for real ids, 0 for padding behind them. More than two windows of positions must be a multiple of the window.
 * Output: logits [batch, positions, 260].
 */
export function buildEntropyGraph(config: EntropyModelConfig): tf.LayersModel {
  const ids = tf.input({ shape: [null], dtype: 'int32', name: 'ids' });
  const mask = tf.input({ shape: [null], name: 'mask' });
  const apply = (layer: tf.layers.Layer, inputs: tf.SymbolicTensor | tf.SymbolicTensor[]) =>
    layer.apply(inputs) as tf.SymbolicTensor;
  const { dimension, heads, ropeTheta, window } = config;
  // [batch, positions, dimension]
  let states = apply(new ByteEmbedding({ name: 'embedding', ids: BYTE_IDS, dimension }), ids);
  for (let layer = 0; layer < config.layers; layer++) {
    const block = new TransformerBlock({
      name: `blocks/${layer}`,
      dimension,
      heads,
      feedForward: entropyFeedForward(config),
      ropeTheta,
      window,
      causal: true,
      epsilon: NORM_EPSILON,
    });
    states = apply(block, [states, mask]);
  }
  states = apply(new RmsNormalization({ name: 'norm', epsilon: NORM_EPSILON }), states);
  // [batch, positions, 260]
  const logits = apply(tf.layers.dense({ name: 'logits', units: BYTE_IDS, useBias: false, kernelInitializer: 'zeros' }), states);
  return tf.model({ name: 'cem-entropy', inputs: [ids, mask], outputs: logits });
}
