import { initializeWeights } from '../graph.ts';
import { tf } from '../tf.ts';
import type { ImageTowerConfig } from './config.ts';
import { ImageHead, ImageStage } from './image-stage.ts';

/** Channels of a picture. */
const COLOURS = 3;

/** Turns pictures into vectors of the space that its teacher puts texts into. */
export class ImageTowerModel {
  readonly config: ImageTowerConfig;
  readonly graph: tf.LayersModel;

  constructor(config: ImageTowerConfig, graph: tf.LayersModel) {
    this.config = config;
    this.graph = graph;
  }

  /** A new model whose weights depend on the seed alone. */
  static create(config: ImageTowerConfig, seed: number): ImageTowerModel {
    const graph = buildImageTowerGraph(config);
    initializeWeights(graph, seed);
    return new ImageTowerModel(config, graph);
  }

  /**
   * Vectors of pictures; the caller owns them.
   *
   * @param pictures [batch, size, size, 3] each number from 0 to 255
   * @returns [batch, dimension], L2-normalised
   */
  apply(pictures: tf.Tensor4D): tf.Tensor2D {
    return tf.tidy(() => this.graph.apply(tf.sub(tf.div(pictures, 127.5), 1)) as tf.Tensor2D);
  }

  /** The same for bytes of decoded pictures, one after another: [pictures, dimension]. */
  async encode(pictures: Uint8Array, count: number): Promise<Float32Array> {
    const { size } = this.config.shape;
    const vectors = tf.tidy(() => this.apply(tf.tensor4d(Float32Array.from(pictures), [count, size, size, COLOURS])));
    try {
      return (await vectors.data()) as Float32Array;
    } finally {
      vectors.dispose();
    }
  }

  dispose(): void {
    this.graph.dispose();
  }
}

/** Input: pictures [batch, size, size, 3], each number from -1 to 1. Output: [batch, dimension], L2-normalised. */
export function buildImageTowerGraph({ shape, dimension }: ImageTowerConfig): tf.LayersModel {
  const { size, channels, blocks, epsilon } = shape;
  const pictures = tf.input({ shape: [size, size, COLOURS], name: 'pictures' });
  const apply = (layer: tf.layers.Layer, input: tf.SymbolicTensor) => layer.apply(input) as tf.SymbolicTensor;
  let places = pictures;
  for (const [stage, width] of channels.entries())
    places = apply(new ImageStage({ name: `stages/${stage}`, channels: width, blocks, epsilon }), places);
  return tf.model({
    name: 'cem-image-tower',
    inputs: pictures,
    outputs: apply(new ImageHead({ name: 'head', dimension, epsilon }), places),
  });
}
