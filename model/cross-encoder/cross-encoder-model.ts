import type { PairBatch } from '../../encoders/index.ts';
import { initializeWeights } from '../graph.ts';
import { namedWeights } from '../named-weights.ts';
import { tf } from '../tf.ts';
import { BertBlock } from './bert-block.ts';
import type { CrossEncoderModelConfig } from './config.ts';
import { buildCrossEncoderGraph, EMBEDDING_LAYER } from './cross-encoder-graph.ts';

/** Reads a query and a text together, and gives one logit: the network of our own reranker. */
export class CrossEncoderModel {
  readonly config: CrossEncoderModelConfig;
  readonly graph: tf.LayersModel;

  constructor(config: CrossEncoderModelConfig, graph: tf.LayersModel) {
    this.config = config;
    this.graph = graph;
  }

  /** A new model whose weights depend on the seed alone. */
  static create(config: CrossEncoderModelConfig, seed: number): CrossEncoderModel {
    const graph = buildCrossEncoderGraph(config);
    initializeWeights(graph, seed);
    scaleTables(graph, config.dimension);
    return new CrossEncoderModel(config, graph);
  }

  /** Weights that are trained, in the order of the checkpoint; without the embedding tables and their norm where those are kept as they are. */
  trainable(embeddings: boolean): tf.LayerVariable[] {
    return this.graph.trainableWeights.filter(
      ({ originalName }) => embeddings || !originalName.startsWith(`${EMBEDDING_LAYER}/`),
    );
  }

  /** Makes blocks keep nothing for the gradient but their inputs, or everything. Results are the same. */
  set recompute(recompute: boolean) {
    for (const layer of this.graph.layers) if (layer instanceof BertBlock) layer.recompute = recompute;
  }

  /** [rows] logits of pairs; the caller owns them. */
  apply({ rows, positions, ids, types, mask }: PairBatch): tf.Tensor1D {
    return tf.tidy(() => {
      const shape: [number, number] = [rows, positions];
      const inputs = [
        tf.tensor2d(ids, shape, 'int32'),
        tf.tensor2d(types, shape, 'int32'),
        tf.tensor2d(Float32Array.from(mask), shape),
      ];
      return (this.graph.apply(inputs) as tf.Tensor).reshape([rows]) as tf.Tensor1D;
    });
  }

  /** [rows] logits of pairs. */
  async logits(batch: PairBatch): Promise<Float32Array> {
    const scores = this.apply(batch);
    try {
      return (await scores.data()) as Float32Array;
    } finally {
      scores.dispose();
    }
  }

  dispose(): void {
    this.graph.dispose();
  }
}

/** Tables are added up, so that all of them are drawn with one deviation, dimension^-1/2, whatever number of rows they have. */
function scaleTables(graph: tf.LayersModel, dimension: number): void {
  for (const weight of namedWeights(graph)) {
    if (!weight.name.endsWith('/table')) continue;
    tf.tidy(() => {
      weight.write(tf.mul(weight.read(), Math.sqrt(weight.shape[0]! / dimension)));
    });
  }
}
