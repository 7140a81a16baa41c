import { CemLayer, inputsOf, shapesOf } from '../layers/layer.ts';
import { linear } from '../layers/operations.ts';
import { tf } from '../tf.ts';

export interface HeadLayerOptions {
  readonly inputDimension: number;
  readonly dimension: number;
  /** Width of the hidden layer; 0 for none. */
  readonly hidden: number;
  readonly tokenWeights: boolean;
}

/** Below any length of a token's vector. */
const UNIT_EPSILON = 1e-12;

/**
 * The head of `HeadProjection` on a backend: `y = x' W (+ silu(x' U + b) V)` of the rows at length 1, y at length 1 too, and what each token counts in a last column.
 *
 * Input: [rows, inputDimension]. Output: [rows, dimension + 1]; without token weights the last column is 1.
 */
export class HeadLayer extends CemLayer<HeadLayerOptions> {
  static readonly className = 'CemQueryHead';
  #read:
    | (() => {
        kernel: tf.Tensor;
        up?: tf.Tensor;
        upBias?: tf.Tensor;
        down?: tf.Tensor;
        importance?: tf.Tensor;
        bias?: tf.Tensor;
      })
    | undefined;

  override build(): void {
    const { inputDimension, dimension, hidden, tokenWeights } = this.options;
    const zeros = (name: string, shape: number[]) => this.addWeight(name, shape, 'float32', tf.initializers.zeros());
    const kernel = this.matrix('kernel', inputDimension, dimension);
    const second =
      hidden > 0
        ? {
            up: this.matrix('up', inputDimension, hidden),
            upBias: zeros('up-bias', [hidden]),
            down: zeros('down', [hidden, dimension]),
          }
        : undefined;
    const weights = tokenWeights
      ? { importance: zeros('importance', [inputDimension, 1]), bias: zeros('importance-bias', [1]) }
      : undefined;
    this.#read = () => ({
      kernel: kernel.read(),
      ...(second && { up: second.up.read(), upBias: second.upBias.read(), down: second.down.read() }),
      ...(weights && { importance: weights.importance.read(), bias: weights.bias.read() }),
    });
    this.built = true;
  }

  override computeOutputShape(shape: tf.Shape | tf.Shape[]): tf.Shape {
    return [shapesOf(shape)[0]![0]!, this.options.dimension + 1];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = unit(inputsOf(inputs)[0]!);
      const { kernel, up, upBias, down, importance, bias } = this.#read!();
      let y = linear(x, kernel); // [rows, dimension]
      if (up && upBias && down) {
        const states = tf.add(linear(x, up), upBias);
        y = tf.add(y, linear(tf.mul(states, tf.sigmoid(states)), down));
      }
      const weights = importance && bias ? tf.mul(tf.sigmoid(tf.add(linear(x, importance), bias)), 2) : tf.ones([x.shape[0]!, 1]);
      return tf.concat([unit(y), weights], 1);
    });
  }
}

/** At length 1 over the last axis. */
function unit(x: tf.Tensor): tf.Tensor {
  return tf.mul(x, tf.rsqrt(tf.add(tf.sum(tf.square(x), -1, true), UNIT_EPSILON)));
}
