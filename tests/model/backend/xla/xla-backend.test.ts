import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { selectBackend, tf } from '../../../../model/backend/index.ts';
import type { XlaBackend } from '../../../../model/backend/xla/xla-backend.ts';
import { restoreBackend } from '../../../backend.ts';
import { tensor } from './kernel-cases.ts';
import { xlaAtHand } from './xla-at-hand.ts';

const test = suite('model/backend/xla/xla-backend');

function xla(): XlaBackend {
  return tf.backend() as unknown as XlaBackend;
}

test('the same recording is one program, whatever its numbers; buffers of what is gone are freed', async () => {
  if (!(await xlaAtHand())) return;
  await selectBackend('xla');
  xla().flush();
  const before = { tensors: tf.memory().numTensors, buffers: xla().client.liveBuffers };
  const weights = tf.tidy(() => tf.variable(tensor([30, 30])));
  const round = (rate: number) =>
    tf.tidy(() => {
      const x = tensor([8, 30], Math.round(rate * 100));
      const { value, grads } = tf.variableGrads(() => tf.mean(tf.square(tf.matMul(x, weights))) as tf.Scalar, [weights]);
      weights.assign(tf.sub(weights, tf.mul(Object.values(grads)[0]!, rate)));
      return value.dataSync()[0]!;
    });
  round(0.5);
  round(0.25);
  const { compilations } = xla().programs;
  const held = xla().client.liveBuffers;
  for (const rate of [0.1, 0.01, 0.02]) assert.ok(Number.isFinite(round(rate)));
  assert.is(xla().programs.compilations, compilations);
  assert.is(xla().client.liveBuffers, held);
  weights.dispose();
  assert.is(tf.memory().numTensors, before.tensors);
  assert.is(xla().client.liveBuffers, before.buffers);
});

test('what only dead tensors need is not computed, and arrays may change after they are written', async () => {
  if (!(await xlaAtHand())) return;
  await selectBackend('xla');
  const numbers = Float32Array.of(1, 2, 3);
  const many = new Float32Array(100).fill(5);
  const [few, all] = [tf.tensor1d(numbers), tf.tensor1d(many)];
  numbers.fill(9);
  many.fill(9);
  const { compilations } = xla().programs;
  tf.tidy(() => tf.exp(all));
  assert.equal([...few.dataSync()], [1, 2, 3]);
  assert.ok(all.dataSync().every((value) => value === 5));
  assert.is(xla().programs.compilations, compilations);
  tf.dispose([few, all]);
});

test('tensors move to other backends and back', async () => {
  if (!(await xlaAtHand())) return;
  await selectBackend('xla');
  const pending = tensor([3, 4]).mul(2);
  await selectBackend('cpu');
  const there = pending.add(1);
  await selectBackend('xla');
  const back = there.sub(1);
  assert.ok(back.dataSync().every((value, index) => Math.abs(value - 2 * tensor([3, 4]).dataSync()[index]!) < 1e-6));
  tf.dispose([pending, there, back]);
});

test('other types are refused', async () => {
  if (!(await xlaAtHand())) return;
  await selectBackend('xla');
  assert.throws(() => tf.tensor(['a', 'b']), /float32, int32 and bool, got string/);
});

test.after(async () => {
  await restoreBackend();
});

test.run();
