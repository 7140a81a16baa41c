import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tf } from '../../../../model/backend/index.ts';
import { testBackend } from '../../../backend.ts';
import { assertClose } from '../../layers/layer-checks.ts';
import { randomValues } from '../../tiny-model.ts';

/** On every backend: it is on tensorflow that these go other ways than in tfjs' own package. */
const test = suite('model/kernels/tensorflow-kernels');

test.before(async () => {
  await testBackend();
});

test('products of matrices, transposed or not, equal plain loops', () => {
  const [rows, inner, columns] = [5, 7, 3];
  const [a, b] = [randomValues(rows * inner, 'a'), randomValues(inner * columns, 'b')];
  const expected = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      for (let k = 0; k < inner; k++) expected[row * columns + column]! += a[row * inner + k]! * b[k * columns + column]!;
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      const product = tf.tidy(() => {
        const [left, right] = [tf.tensor2d(a, [rows, inner]), tf.tensor2d(b, [inner, columns])];
        return tf.matMul(
          transposeA ? tf.transpose(left) : left,
          transposeB ? tf.transpose(right) : right,
          transposeA,
          transposeB,
        );
      });
      assertClose(product.dataSync(), expected, 1e-5, `${transposeA} ${transposeB}`);
      product.dispose();
    }
  }
});

test('products of stacks, of whole numbers and of nothing are as they were', () => {
  tf.tidy(() => {
    const stack = tf.matMul(tf.tensor3d([1, 2, 3, 4], [2, 1, 2]), tf.tensor3d([1, 1, 2, 2], [2, 2, 1]));
    assert.equal([...stack.dataSync()], [3, 14]);
    // Which the wasm backend does not multiply.
    const whole = (values: number[], rows: number) => tf.tensor2d(values, [rows, 2 / rows], 'int32');
    if (tf.getBackend() === 'tensorflow') assert.equal([...tf.matMul(whole([1, 2], 1), whole([3, 4], 2)).dataSync()], [11]);
    assert.equal(tf.matMul(tf.zeros([0, 4]) as tf.Tensor2D, tf.ones([4, 2]) as tf.Tensor2D).shape, [0, 2]);
  });
});

test('a reshape that changes nothing outlives what it was made of, and leaves nothing', () => {
  const before = tf.memory();
  const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const same = x.reshape([2, 2]);
  x.dispose();
  assert.equal([...same.dataSync()], [1, 2, 3, 4]);
  const more = tf.tidy(() => tf.add(same, 1));
  assert.equal([...more.dataSync()], [2, 3, 4, 5]);
  tf.dispose([same, more]);
  assert.is(tf.memory().numTensors, before.numTensors);
  assert.is(tf.memory().numDataBuffers, before.numDataBuffers);
});

test('its gradient is the gradient', () => {
  // The sum of squares has the gradient 2 x.
  const gradient = tf.tidy(() => tf.grad((x) => tf.sum(tf.square(x.reshape([2, 2]))))(tf.tensor2d([1, 2, 3, 4], [2, 2])));
  assert.equal([...gradient.dataSync()], [2, 4, 6, 8]);
  gradient.dispose();
});

test.run();
