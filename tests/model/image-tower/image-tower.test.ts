import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { convolve } from '../../../model/image-tower/convolve.ts';
import { ImageTowerModel } from '../../../model/image-tower/index.ts';
import { tf } from '../../../model/index.ts';
import { testBackend } from '../../backend.ts';

const test = suite('image tower');

test.before(async () => {
  await testBackend();
});

const drawn = (count: number, seed: number) =>
  Float32Array.from({ length: count }, (_, place) => Math.sin(seed + 1.7 * place) + Math.cos(0.3 * place * seed));

/** The convolution in plain loops. */
function slowConvolve(
  x: Float32Array,
  kernel: Float32Array,
  [batch, height, width, inputs, outputs]: readonly number[],
): Float32Array {
  const result = new Float32Array(batch! * height! * width! * outputs!);
  for (let b = 0; b < batch!; b++)
    for (let y = 0; y < height!; y++)
      for (let column = 0; column < width!; column++)
        for (let out = 0; out < outputs!; out++) {
          let sum = 0;
          for (let place = 0; place < 9; place++) {
            const fromY = y + Math.floor(place / 3) - 1;
            const fromX = column + (place % 3) - 1;
            if (fromY < 0 || fromX < 0 || fromY >= height! || fromX >= width!) continue;
            for (let input = 0; input < inputs!; input++)
              sum +=
                x[((b * height! + fromY) * width! + fromX) * inputs! + input]! *
                kernel[(place * inputs! + input) * outputs! + out]!;
          }
          result[((b * height! + y) * width! + column) * outputs! + out] = sum;
        }
  return result;
}

const nearest = (left: ArrayLike<number>, right: ArrayLike<number>) =>
  Math.max(...Array.from(left, (value, place) => Math.abs(value - right[place]!)));

test('a convolution is that of plain loops, and its gradients are their differences', async () => {
  const [batch, height, width, inputs, outputs] = [2, 4, 3, 2, 3];
  const x = drawn(batch * height * width * inputs, 1);
  const kernel = drawn(9 * inputs * outputs, 2);
  const weights = drawn(batch * height * width * outputs, 3);
  const shape = [batch, height, width, inputs, outputs];
  const tensors = () => [tf.tensor4d(x, [batch, height, width, inputs]), tf.tensor2d(kernel, [9 * inputs, outputs])] as const;
  const value = tf.tidy(() => convolve(...tensors()));
  assert.ok(nearest(await value.data(), slowConvolve(x, kernel, shape)) < 1e-4);

  /** sum(weights * convolve(x, kernel)) is linear in x and in the kernel, so that differences are exact. */
  const loss = (one: Float32Array, other: Float32Array) =>
    slowConvolve(one, other, shape).reduce((sum, number, place) => sum + number * weights[place]!, 0);
  const [ofX, ofKernel] = tf.tidy(() =>
    tf.grads((...given: tf.Tensor[]) =>
      tf.sum(
        tf.mul(convolve(given[0] as tf.Tensor4D, given[1] as tf.Tensor2D), tf.tensor4d(weights, [batch, height, width, outputs])),
      ),
    )([...tensors()]),
  ) as [tf.Tensor, tf.Tensor];
  const change = (values: Float32Array, place: number) => values.map((number, at) => (at === place ? number + 1 : number));
  const base = loss(x, kernel);
  const expectedX = Float32Array.from(x, (_, place) => loss(change(x, place), kernel) - base);
  const expectedKernel = Float32Array.from(kernel, (_, place) => loss(x, change(kernel, place)) - base);
  assert.ok(nearest(await ofX.data(), expectedX) < 1e-3);
  assert.ok(nearest(await ofKernel.data(), expectedKernel) < 1e-3);
  tf.dispose([value, ofX, ofKernel]);
});

test('vectors have length 1, depend on the seed, and not on the batch', async () => {
  const config = { shape: { size: 8, channels: [4, 6], blocks: 1, epsilon: 1e-6 }, dimension: 5 };
  const model = ImageTowerModel.create(config, 7);
  const before = tf.memory().numTensors;
  const pictures = Uint8Array.from({ length: 3 * 3 * 64 }, (_, place) => (place * place) % 251);
  const together = await model.encode(pictures, 3);
  for (let row = 0; row < 3; row++) {
    const vector = together.subarray(5 * row, 5 * row + 5);
    assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-3);
    const alone = await model.encode(pictures.subarray(192 * row, 192 * (row + 1)), 1);
    assert.ok(nearest(alone, vector) < 1e-5);
  }
  assert.is(tf.memory().numTensors, before);
  const other = ImageTowerModel.create(config, 8);
  assert.ok(nearest(await other.encode(pictures, 3), together) > 1e-3);
  const same = ImageTowerModel.create(config, 7);
  assert.equal(await same.encode(pictures, 3), together);
  for (const one of [model, other, same]) one.dispose();
});

test.run();
