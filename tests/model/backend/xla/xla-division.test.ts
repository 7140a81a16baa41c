import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compileFunction, tf } from '../../../../model/backend/index.ts';
import { restoreBackend } from '../../../backend.ts';
import { errorOf } from '../../../fixtures/temporary-folder.ts';
import { tensor } from './kernel-cases.ts';
import { severalDevicesAtHand } from './xla-at-hand.ts';

const test = suite('model/backend/xla/xla-division');
test.after(async () => {
  await restoreBackend();
});

const ROWS = 6;

/** A step of gradient descent whose loss compares every row with every other one, as in-batch negatives do. */
function contrast([weights, x, y, rate]: readonly tf.Tensor[]): tf.Tensor[] {
  const loss = (w: tf.Tensor) => {
    const scores = tf.matMul(tf.matMul(x!, w), y!, false, true); // [rows, rows]
    return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(scores as tf.Tensor2D), tf.eye(ROWS)), 1))) as tf.Scalar;
  };
  const { value, grad } = tf.valueAndGrad(loss)(weights!);
  return [tf.sub(weights!, tf.mul(grad, rate!)), value];
}

test('two devices with half of the rows each give what one gives, step after step, in the memory of the donated input', async () => {
  if (!(await severalDevicesAtHand())) return;
  const before = tf.memory();
  const division = { devices: 2, inputs: [1, 2] };
  const [divided, whole] = [compileFunction('divided', contrast, { donated: [0], division }), compileFunction('whole', contrast)];
  const [x, y] = [tensor([ROWS, 40], 3), tensor([ROWS, 30], 9)];
  let [weights, alone] = [tensor([40, 30], 5), tensor([40, 30], 5)];
  for (const step of [1, 2, 3]) {
    const rate = tf.scalar(0.1 * step);
    const [next, value] = divided.run([weights, x, y, rate]);
    const [wanted, wantedValue] = whole.run([alone, x, y, rate]);
    assert.is(next, weights);
    assert.ok(Math.abs(value!.dataSync()[0]! - wantedValue!.dataSync()[0]!) < 1e-6);
    const [a, b] = [await next!.data(), await wanted!.data()];
    assert.ok(a.every((number, place) => Math.abs(number - b[place]!) < 1e-6));
    // What several devices have is an input of other programs.
    assert.ok(Math.abs(tf.tidy(() => tf.sum(tf.sub(next!, wanted!)).dataSync()[0]!)) < 1e-4);
    tf.dispose([rate, value!, wantedValue!, alone]);
    [weights, alone] = [next!, wanted!];
  }
  assert.equal([divided.compilations, whole.compilations], [1, 1]);
  tf.dispose([weights, alone, x, y]);
  divided.dispose();
  whole.dispose();
  assert.is(tf.memory().numTensors, before.numTensors);
  assert.is(tf.memory().numDataBuffers, before.numDataBuffers);
});

test('rows that devices cannot divide evenly are whole on each; constants, empty tensors and given back inputs too', async () => {
  if (!(await severalDevicesAtHand())) return;
  const table = tensor([5, 30], 2);
  const f = compileFunction('odd', ([x, none]) => [tf.add(x!, table), x!, tf.concat([none!, x!])], {
    division: { devices: 2, inputs: [0, 1] },
  });
  const [x, none] = [tensor([5, 30], 4), tf.zeros([0, 30])];
  for (let round = 0; round < 2; round++) {
    const [sum, same, joined] = f.run([x, none]);
    const wanted = [...tf.tidy(() => tf.add(x, table).dataSync())];
    assert.equal([...sum!.dataSync()], wanted);
    assert.equal([...same!.dataSync()], [...x.dataSync()]);
    assert.equal([...joined!.dataSync()], [...x.dataSync()]);
    tf.dispose([sum!, same!, joined!]);
  }
  tf.dispose([x, none, table]);
  f.dispose();
});

test('more devices than there are are refused', async () => {
  if (!(await severalDevicesAtHand())) return;
  const error = await errorOf(async () => compileFunction('many', ([x]) => [x!], { division: { devices: 99, inputs: [] } }));
  assert.is(error.code, 'XLA_DEVICES');
  assert.match(error.message, '99 devices');
});

test.run();
