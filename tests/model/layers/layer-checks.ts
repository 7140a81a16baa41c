import * as assert from 'uvu/assert';
import { tf } from '../../../model/backend/index.ts';
import { randomValues } from '../tiny-model.ts';

/** Epsilon of the layers under test. */
export const EPSILON = 1e-5;

export function assertClose(got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, name = ''): void {
  assert.is(got.length, expected.length, name);
  for (let i = 0; i < got.length; i++) {
    if (!(Math.abs(got[i]! - expected[i]!) <= tolerance)) assert.unreachable(`${name} [${i}]: ${got[i]} for ${expected[i]}`);
  }
}

/** What a layer makes of its inputs; everything is given back. */
export async function applied(layer: tf.layers.Layer, inputs: () => tf.Tensor[]): Promise<Float32Array> {
  const result = tf.tidy(() => layer.apply(inputs()) as tf.Tensor);
  const values = (await result.data()) as Float32Array;
  result.dispose();
  return values;
}

/** Sets a layer's weights to random numbers, gains around one; gives them by name. */
export function randomizeWeights(layer: tf.layers.Layer, name: string): Record<string, Float32Array> {
  const weights: Record<string, Float32Array> = {};
  for (const weight of layer.weights) {
    const short = weight.originalName.slice(weight.originalName.lastIndexOf('/') + 1);
    const shape = weight.shape as number[];
    const values = randomValues(
      shape.reduce((product, size) => product * size, 1),
      `${name}/${short}`,
    ).map((value) => (shape.length === 1 ? 1 + value / 4 : value / 2));
    const tensor = tf.tensor(values, shape);
    weight.write(tensor);
    tensor.dispose();
    weights[short] = values;
  }
  return weights;
}

/** RMSNorm by its definition. */
export const rms = (values: number[], gain: ArrayLike<number>): number[] => {
  const mean = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  return values.map((value, channel) => (gain[channel]! * value) / Math.sqrt(mean + EPSILON));
};
/** [in] x [in, out] */
export const product = (values: number[], matrix: Float32Array, outputs: number): number[] =>
  Array.from({ length: outputs }, (_, output) =>
    values.reduce((sum, value, i) => sum + value * matrix[i * outputs + output]!, 0),
  );
