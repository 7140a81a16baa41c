import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compileFunction, selectBackend, setProductPrecision, tf } from '../../../../model/backend/index.ts';
import type { XlaBackend } from '../../../../model/backend/xla/xla-backend.ts';
import { restoreBackend } from '../../../backend.ts';
import { tensor } from './kernel-cases.ts';
import { xlaAtHand } from './xla-at-hand.ts';

const test = suite('model/backend/xla/xla-function');

function xla(): XlaBackend {
  return tf.backend() as unknown as XlaBackend;
}

/** A step of gradient descent on the squared error of a linear map, with what a trace must cope with: a tape, constants, changed shapes, shared results. */
function descend([weights, x, y, rate]: readonly tf.Tensor[]): tf.Tensor[] {
  const loss = (w: tf.Tensor) => tf.mean(tf.square(tf.sub(tf.matMul(x!, w), y!))) as tf.Scalar;
  const { value, grad } = tf.valueAndGrad(loss)(weights!);
  return [tf.sub(weights!, tf.mul(grad, rate!)), value, value.reshape([1, 1])];
}

test('a compiled function gives what the plain one gives, one program for each combination of shapes', async () => {
  if (!(await xlaAtHand())) return;
  await selectBackend('xla');
  const before = tf.memory();
  const step = compileFunction('descend', descend, { donated: [0] });
  const made = xla().programs.compilations;
  for (const rows of [6, 4, 6]) {
    const [x, y] = [tensor([rows, 3], rows), tensor([rows, 2], 9)];
    let [weights, plain] = [tensor([3, 2], 5), tensor([3, 2], 5)];
    // The rate changes each time, and is an input.
    for (const rate of [0.5, 0.25]) {
      const wanted = tf.tidy(() => descend([plain, x, y, tf.scalar(rate)]));
      const given = tf.scalar(rate);
      const found = step.run([weights, x, y, given]);
      assert.is(found[0], weights, 'the result is the donated input, with other numbers');
      for (const [index, output] of wanted.entries()) {
        assert.equal(found[index]!.shape, output.shape);
        const [a, b] = [await found[index]!.data(), await output.data()];
        assert.ok(a.every((value, place) => Math.abs(value - b[place]!) < 1e-6));
      }
      tf.dispose([plain, given, ...wanted.slice(1), ...found.slice(1)]);
      [weights, plain] = [found[0]!, wanted[0]!];
    }
    tf.dispose([x, y, weights, plain]);
  }
  assert.is(step.compilations, 2);
  assert.ok(xla().programs.compilations > made);
  assert.is(tf.memory().numTensors, before.numTensors);
  assert.is(tf.memory().numDataBuffers, before.numDataBuffers);
  step.dispose();
});

test('memory that is seen elsewhere is not given away', async () => {
  if (!(await xlaAtHand())) return;
  await selectBackend('xla');
  const more = compileFunction('more', ([x]) => [tf.add(x!, 1)], { donated: [0] });
  const x = tensor([100]);
  const same = tf.clone(x);
  const [first] = more.run([x]);
  assert.is(same.dataSync().length, 100);
  const [second] = more.run([same]);
  assert.is(more.compilations, 2);
  assert.equal([...first!.dataSync()], [...second!.dataSync()]);
  tf.dispose([first!, second!]);
  more.dispose();
});

test('constants from inside and outside, results that are inputs, functions in functions', async () => {
  if (!(await xlaAtHand())) return;
  await selectBackend('xla');
  const before = tf.memory().numTensors;
  const table = tf.tidy(() => tensor([40, 50]).mul(2)); // pending when the trace begins
  const inner = compileFunction('inner', ([x]) => [tf.mul(x!, 3)]);
  const f = compileFunction('f', ([x]) => {
    const large = tensor([40, 50], 3); // too large to be written into the program
    const [tripled] = inner.run([x!]);
    return [tf.add(tf.add(tripled!, table), large), x!, tf.zeros([2, 2])];
  });
  const x = tensor([50], 7);
  for (let round = 0; round < 2; round++) {
    const [sum, same, zeros] = f.run([x]);
    const wanted = tf.tidy(() => tf.add(tf.add(tf.mul(x, 3), table), tensor([40, 50], 3)).dataSync());
    assert.ok(sum!.dataSync().every((value, index) => Math.abs(value - wanted[index]!) < 1e-6));
    assert.equal([...same!.dataSync()], [...x.dataSync()]);
    assert.equal([...zeros!.dataSync()], [0, 0, 0, 0]);
    tf.dispose([sum!, same!, zeros!]);
  }
  assert.is(inner.compilations, 0);
  tf.dispose([x, table]);
  f.dispose();
  assert.is(tf.memory().numTensors, before);
});

test('tensors without elements are inputs, donated ones too, constants and results', async () => {
  if (!(await xlaAtHand())) return;
  await selectBackend('xla');
  const before = tf.memory();
  const f = compileFunction(
    'empty',
    ([none, x, gone]) => [
      none!,
      tf.concat([none!, x!]),
      tf.mul(none!, 2),
      tf.sum(none!, 0),
      tf.slice(x!, [2, 0], [0, 3]),
      tf.matMul(none!, none!, true, false),
      tf.gather(x!, tf.tensor1d([], 'int32')),
      tf.add(gone!, 1),
    ],
    { donated: [2] },
  );
  for (let round = 0; round < 2; round++) {
    const [none, x, gone] = [tf.zeros([0, 3]), tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]), tf.tensor1d([])];
    const empty = tf.tidy(() => tf.slice(x, [0, 0], [0, 3])); // not written by the host
    for (const input of [none, empty]) {
      const results = f.run([input, x, input === none ? gone : tf.tensor1d([])]);
      assert.equal(
        results.map(({ shape }) => shape),
        [[0, 3], [2, 3], [0, 3], [3], [0, 3], [3, 3], [0, 3], [0]],
      );
      const found = results.map((result) => [...result.dataSync()]);
      assert.equal(found, [[], [1, 2, 3, 4, 5, 6], [], [0, 0, 0], [], Array(9).fill(0), [], []]);
      // What it gave goes in again.
      const again = f.run([results[2]!, x, results[7]!]);
      assert.equal([...(await again[1]!.data())], [1, 2, 3, 4, 5, 6]);
      assert.equal([...(await again[7]!.data())], []);
      tf.dispose([...results, ...again]);
    }
    assert.ok(gone.isDisposed);
    tf.dispose([none, x, empty]);
  }
  assert.is(f.compilations, 1);
  f.dispose();
  assert.is(tf.memory().numTensors, before.numTensors);
});

test('a function that reads is refused, and leaves nothing behind', async () => {
  if (!(await xlaAtHand())) return;
  await selectBackend('xla');
  const x = tf.tensor1d([1, 2]);
  const before = tf.memory().numTensors;
  const reads = compileFunction('reads', ([y]) => [tf.scalar(y!.dataSync()[0]!)]);
  assert.throws(() => reads.run([x]), /reads is compiled, and reads a tensor/);
  assert.is(tf.memory().numTensors, before);
  assert.equal([...tf.tidy(() => x.add(1).dataSync())], [2, 3]);
  x.dispose();
});

test('products in bf16 have operands of 8 bits and sums of float32', async () => {
  if (!(await xlaAtHand())) return;
  await selectBackend('xla');
  setProductPrecision('bf16');
  try {
    // 1 + 2^-7 is a number of bf16, 1 + 2^-9 is not: it becomes 1. The sum 256 + 2^-7 needs more bits than bf16 has.
    const found = tf.tidy(() => tf.matMul(tf.tensor2d([[1 + 2 ** -9, 1 + 2 ** -7, 255]]), tf.ones([3, 1])).dataSync()[0]);
    assert.is(found, 1 + (1 + 2 ** -7) + 255);
  } finally {
    setProductPrecision('float32');
  }
});

test.after(async () => {
  await restoreBackend();
});

test.run();
