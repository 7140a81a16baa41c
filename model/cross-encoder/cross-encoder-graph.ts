import { tf } from '../tf.ts';
import { BertBlock } from './bert-block.ts';
import type { CrossEncoderModelConfig } from './config.ts';
import { PairEmbedding } from './pair-embedding.ts';
import { ScoreHead } from './score-head.ts';

/** Layer that holds the tables of tokens, places and types. */
export const EMBEDDING_LAYER = 'embeddings';

/**
 * A cross-encoder: embeddings -> blocks -> pooler -> one logit.
 *
 * Inputs: `ids` and `types` [batch, positions] int32; `mask` [batch, positions] 1 for tokens, 0 for padding behind them. Output: logits [batch, 1].
 */
export function buildCrossEncoderGraph(config: CrossEncoderModelConfig): tf.LayersModel {
  const { vocabulary, positions, dimension, heads, feedForward, epsilon, pooling, separateLayers } = config;
  const ids = tf.input({ shape: [null], dtype: 'int32', name: 'ids' });
  const types = tf.input({ shape: [null], dtype: 'int32', name: 'types' });
  const mask = tf.input({ shape: [null], name: 'mask' });
  const apply = (layer: tf.layers.Layer, inputs: tf.SymbolicTensor[]) => layer.apply(inputs) as tf.SymbolicTensor;
  // [batch, positions, dimension]
  let states = apply(
    new PairEmbedding({ name: EMBEDDING_LAYER, vocabulary, positions, dimension, epsilon, typed: pooling !== 'similarity' }),
    [ids, types],
  );
  for (let layer = 0; layer < config.layers; layer++)
    states = apply(
      new BertBlock({ name: `blocks/${layer}`, dimension, heads, feedForward, epsilon, separate: layer < separateLayers }),
      [states, mask, types],
    );
  // [batch, 1]
  const logits = apply(new ScoreHead({ name: 'head', dimension, pooling }), [states, mask, types]);
  return tf.model({ name: 'cem-cross-encoder', inputs: [ids, types, mask], outputs: logits });
}
