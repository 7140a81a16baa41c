import * as assert from 'uvu/assert';
import { tf } from '../../model/backend/index.ts';
import { randomValues } from './tiny-model.ts';

/** Numbers of an array whose derivatives are measured: enough to show a wrong row, column or factor, few enough for seconds. */
const SAMPLES = 12;
/** Central differences in float32: below it rounding shows, above it curvature. */
const STEP = 5e-3;
/** Issue 5, "Done when" 3. */
const TOLERANCE = 1e-2;

/** An array with respect to which a function is differentiated. */
export interface Variable {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/**
 * Compares the gradient of a random weighted sum of a function's output with central differences: for each variable, over a sample of its numbers, the length of the error
 * against the length of the gradient.
 *
 * @param compute the function, of one tensor a variable
 */
export async function checkGradients(
  name: string,
  variables: readonly Variable[],
  compute: (tensors: tf.Tensor[]) => tf.Tensor,
): Promise<void> {
  const tensorsOf = (changed?: Variable, values?: Float32Array) =>
    variables.map((variable) => tf.tensor(variable === changed ? values! : variable.values, [...variable.shape]));
  const loss = (tensors: tf.Tensor[]): tf.Scalar => {
    const output = compute(tensors);
    return tf.sum(tf.mul(output, tf.tensor(randomValues(output.size, `targets/${name}`), output.shape))) as tf.Scalar;
  };
  const gradients = tf.tidy(() => {
    const tensors = tensorsOf();
    return tf.engine().gradients(() => loss(tensors), tensors).grads;
  });
  const values = (await Promise.all(gradients.map((gradient) => gradient.data()))) as Float32Array[];
  tf.dispose(gradients);
  variables.forEach((variable, index) => {
    const gradient = values[index]!;
    const lossAt = (place: number, change: number) => {
      const changed = variable.values.slice();
      changed[place]! += change;
      return tf.tidy(() => loss(tensorsOf(variable, changed)).dataSync()[0]!);
    };
    const stride = Math.max(1, Math.floor(gradient.length / SAMPLES));
    let error = 0;
    let length = 0;
    for (let place = 0; place < gradient.length; place += stride) {
      const numeric = (lossAt(place, STEP) - lossAt(place, -STEP)) / (2 * STEP);
      error += (numeric - gradient[place]!) ** 2;
      length += numeric ** 2;
    }
    assert.ok(length > 0, `${name}: ${variable.name} has no gradient`);
    const relative = Math.sqrt(error / length);
    assert.ok(relative < TOLERANCE, `${name}: gradient of ${variable.name} is ${relative} off`);
  });
}

/** The same for a layer: with respect to those of its inputs that are given as variables, and to every weight, which gets random values first (gains around one). */
export async function checkLayerGradients(
  layer: tf.layers.Layer,
  inputs: readonly Variable[],
  constants: () => tf.Tensor[] = () => [],
): Promise<void> {
  const name = layer.getClassName();
  // The first call makes the weights.
  tf.tidy(() => layer.apply([...inputs.map(({ values, shape }) => tf.tensor(values, [...shape])), ...constants()]) as tf.Tensor);
  const weights = layer.trainableWeights.map((weight): Variable => {
    const shape = weight.shape as number[];
    const random = randomValues(tf.util.sizeFromShape(shape), `${name}/${weight.originalName}`);
    const values = random.map((value) => (shape.length === 1 ? 1 + value / 4 : value / 2));
    return { name: weight.originalName, shape, values };
  });
  await checkGradients(name, [...inputs, ...weights], (tensors) => {
    // The layer reads the tensors themselves, so that the tape sees them.
    const reads = layer.trainableWeights.map((weight, index) => {
      const own = weight.read;
      weight.read = () => tensors[inputs.length + index]! as ReturnType<typeof own>;
      return () => {
        weight.read = own;
      };
    });
    try {
      return layer.apply([...tensors.slice(0, inputs.length), ...constants()]) as tf.Tensor;
    } finally {
      for (const restore of reads) restore();
    }
  });
  layer.dispose();
}
