import { affine, gelu, layerNormalize } from '../cross-encoder/bert-operations.ts';
import { CemLayer, inputsOf, shapesOf } from '../layers/layer.ts';
import { tf } from '../tf.ts';
import { convolve } from './convolve.ts';

export interface ImageStageOptions {
  readonly channels: number;
  readonly blocks: number;
  readonly epsilon: number;
}

interface BlockWeights {
  readonly gain: tf.LayerVariable;
  readonly shift: tf.LayerVariable;
  readonly kernel: tf.LayerVariable;
  readonly output: tf.LayerVariable;
  readonly outputBias: tf.LayerVariable;
}

/**
 * Four neighbouring places become one, with a product over their numbers; then blocks `x + gelu(convolve(LayerNorm(x))) W + b`.
 *
 * Input: [batch, height, width, in]. Output: [batch, height / 2, width / 2, channels].
 */
export class ImageStage extends CemLayer<ImageStageOptions> {
  static readonly className = 'CemImageStage';
  #merge: { readonly kernel: tf.LayerVariable; readonly bias: tf.LayerVariable } | undefined;
  #blocks: readonly BlockWeights[] = [];

  override build(shape: tf.Shape | tf.Shape[]): void {
    const inputs = shapesOf(shape)[0]!.at(-1)!;
    const { channels, blocks } = this.options;
    const bias = (name: string) => this.addWeight(name, [channels], 'float32', tf.initializers.zeros());
    this.#merge = { kernel: this.matrix('merge', 4 * inputs, channels), bias: bias('merge-bias') };
    this.#blocks = Array.from({ length: blocks }, (_, block) => ({
      gain: this.gain(`${block}/norm`, channels),
      shift: bias(`${block}/norm-bias`),
      kernel: this.matrix(`${block}/kernel`, 9 * channels, channels),
      output: this.matrix(`${block}/output`, channels, channels),
      outputBias: bias(`${block}/output-bias`),
    }));
    this.built = true;
  }

  override computeOutputShape(shape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, height, width] = shapesOf(shape)[0]!;
    return [batch!, height! / 2, width! / 2, this.options.channels];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = inputsOf(inputs)[0] as tf.Tensor4D;
      const { kernel, bias } = this.#merge!;
      let places = affine(mergePlaces(x), kernel.read(), bias.read()) as tf.Tensor4D;
      for (const block of this.#blocks) {
        const normed = layerNormalize(places, block.gain.read(), block.shift.read(), this.options.epsilon) as tf.Tensor4D;
        const seen = gelu(convolve(normed, block.kernel.read() as tf.Tensor2D));
        places = tf.add(places, affine(seen, block.output.read(), block.outputBias.read()));
      }
      return places;
    });
  }
}

/** [batch, height, width, channels] -> [batch, height / 2, width / 2, 4 * channels] */
function mergePlaces(x: tf.Tensor4D): tf.Tensor {
  const [batch, height, width, channels] = x.shape;
  const [rows, columns] = [height / 2, width / 2];
  const split = x.reshape([batch, rows, 2, columns, 2 * channels]);
  return tf.transpose(split, [0, 1, 3, 2, 4]).reshape([batch, rows, columns, 4 * channels]);
}

export interface ImageHeadOptions {
  readonly dimension: number;
  readonly epsilon: number;
}

/**
 * The mean and the largest of each number over all places, normalised, times a matrix, at length 1.
 *
 * Input: [batch, height, width, channels]. Output: [batch, dimension], L2-normalised.
 */
export class ImageHead extends CemLayer<ImageHeadOptions> {
  static readonly className = 'CemImageHead';
  #weights: Record<'gain' | 'shift' | 'output' | 'outputBias', tf.LayerVariable> | undefined;

  override build(shape: tf.Shape | tf.Shape[]): void {
    const channels = shapesOf(shape)[0]!.at(-1)!;
    const { dimension } = this.options;
    const zeros = (name: string, size: number) => this.addWeight(name, [size], 'float32', tf.initializers.zeros());
    this.#weights = {
      gain: this.gain('norm', 2 * channels),
      shift: zeros('norm-bias', 2 * channels),
      output: this.matrix('output', 2 * channels, dimension),
      outputBias: zeros('output-bias', dimension),
    };
    this.built = true;
  }

  override computeOutputShape(shape: tf.Shape | tf.Shape[]): tf.Shape {
    return [shapesOf(shape)[0]![0]!, this.options.dimension];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = inputsOf(inputs)[0]!;
      const { epsilon } = this.options;
      const { gain, shift, output, outputBias } = this.#weights!;
      const [batch, , , channels] = x.shape as [number, number, number, number];
      const places = x.reshape([batch, -1, channels]);
      const pooled = tf.concat([tf.mean(places, 1), tf.max(places, 1)], 1); // [batch, 2 * channels]
      const normed = layerNormalize(pooled, gain.read(), shift.read(), epsilon);
      const vectors = affine(normed, output.read(), outputBias.read()); // [batch, dimension]
      return tf.div(vectors, tf.sqrt(tf.add(tf.sum(tf.square(vectors), 1, true), epsilon)));
    });
  }
}
