import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tf } from '../../../../model/backend/index.ts';
import { compiledKernels } from '../../../../model/kernels/compiled/compiled-kernels.ts';
import { compiledSwiGlu } from '../../../../model/kernels/compiled/compiled-swiglu.ts';
import { swiGlu } from '../../../../model/layers/operations.ts';
import { testBackend } from '../../../backend.ts';
import { checkGradients } from '../../gradient-check.ts';
import { assertClose } from '../../layers/layer-checks.ts';
import { randomValues } from '../../tiny-model.ts';

const test = suite('model/kernels/compiled-swiglu');
let available = false;

test.before(async () => {
  await testBackend();
  available = compiledKernels()?.has('CemSwiGlu') ?? false;
  if (!available)
    console.log('tests/model/kernels/compiled/compiled-swiglu.test.ts: skipped, this backend has no compiled kernels');
});

const gated = (gate: tf.Tensor, up: tf.Tensor): tf.Tensor => swiGlu(tf.concat([gate, up], -1));

/** Output and both gradients. */
function results([gate, up, dy]: readonly tf.Tensor[]): tf.Tensor[] {
  return tf.tidy(() => [gated(gate!, up!), ...tf.grads((one, other) => gated(one!, other!))([gate!, up!], dy!)]);
}

/** The same in float64, number by number: with s = sigmoid(gate), the derivative of gate s is s + gate s (1 - s). tfjs' own sigmoid is no measure: that of wasm is off by some 2e-6 of it. */
function expectedResults([gates, ups, dys]: readonly ArrayLike<number>[]): Float64Array[] {
  const expected = [gates!, gates!, gates!].map(({ length }) => new Float64Array(length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let index = 0; index < gates!.length; index++) {
    const [gate, up, dy] = [gates![index]!, ups![index]!, dys![index]!];
    const sigmoid = 1 / (1 + Math.exp(-gate));
    expected[0][index] = gate * sigmoid * up;
    expected[1][index] = dy * up * (sigmoid + gate * sigmoid * (1 - sigmoid));
    expected[2][index] = dy * gate * sigmoid;
  }
  return expected;
}

// One number; less than a register of 16; one long row; several ranges of 16,384 numbers and a rest.
for (const shape of [[1, 1], [3, 5], [2, 7, 33], [70_001], [131, 301]]) {
  test(`equals plain loops, gradients too: [${shape.join(', ')}]`, () => {
    if (!available) return;
    const before = tf.memory().numTensors;
    const inputs = ['gate', 'up', 'dy'].map((name) =>
      tf.tidy(() => {
        const values = tf.tensor(randomValues(tf.util.sizeFromShape(shape), name), shape);
        return name === 'gate' ? tf.mul(values, 8) : values;
      }),
    );
    const ours = results(inputs);
    const expected = expectedResults(inputs.map((tensor) => tensor.dataSync()));
    // Numbers up to about 30, whose last place is 2e-6, each from a handful of roundings.
    for (const [index, tensor] of ours.entries()) assertClose(tensor.dataSync(), expected[index]!, 1e-5, `result ${index}`);
    assert.equal(
      ours.map((tensor) => tensor.shape),
      [shape, shape, shape],
    );
    tf.dispose([...inputs, ...ours]);
    assert.is(tf.memory().numTensors, before, 'tensors left');
  });
}

test('silu keeps 5 units in the last place over the whole range of the exponential, and numbers that are none', () => {
  if (!available) return;
  // silu(x) = x / (1 + e^-x) in float64. e^x is right to 1.1 units in the last place (vector-math.h), the sum, the quotient and two products to half a unit each. Below -87.3 the
  // sigmoid is below 2^-126, the smallest normal float, and TensorFlow's threads take such numbers for 0.
  const count = 200_000;
  const values = Float32Array.from({ length: count }, (_, index) => -120 + (240 * index) / count);
  const got = tf.tidy(() => gated(tf.tensor1d(values), tf.ones([count]))).dataSync();
  for (let index = 0; index < count; index++) {
    const x = values[index]!;
    const expected = x / (1 + Math.exp(-x));
    const unit = 2 ** (Math.floor(Math.log2(Math.abs(expected) || 1)) - 23);
    const allowed = x < -87.3 ? 88 * 2 ** -126 : 5 * unit;
    assert.ok(Math.abs(got[index]! - expected) <= allowed, `silu(${x}) is ${got[index]}, ${expected} expected`);
  }
  const odd = tf.tidy(() =>
    gated(tf.tensor1d([Number.NaN, 1, 1, Number.POSITIVE_INFINITY]), tf.tensor1d([1, Number.NaN, Number.POSITIVE_INFINITY, 1])),
  );
  assert.equal([...odd.dataSync()].map(String), ['NaN', 'NaN', 'Infinity', 'Infinity']);
  odd.dispose();
});

test('gradients equal central differences', async () => {
  if (!available) return;
  const variables = ['gate', 'up'].map((name) => ({ name, shape: [3, 7], values: randomValues(21, `numeric/${name}`) }));
  await checkGradients('swiglu', variables, ([gate, up]) => gated(gate!, up!));
});

test('no numbers are no error; what does not fit is left to tfjs, and refused by the op', () => {
  if (!available) return;
  const [empty, five, six] = [tf.zeros([0, 14]), tf.zeros([5]), tf.zeros([6])];
  const nothing = swiGlu(empty);
  assert.equal(nothing.shape, [0, 7]);
  const whole = tf.zeros([6], 'int32');
  assert.is(compiledSwiGlu(five), undefined);
  assert.is(compiledSwiGlu(whole), undefined);
  const refused = (error: { code?: string }) => error.code === 'COMPILED_KERNEL';
  assert.throws(() => compiledKernels()!.run('CemSwiGlu', {}, [five], 1), refused);
  assert.throws(() => compiledKernels()!.run('CemSwiGluGradient', {}, [six, five], 1), refused);
  tf.dispose([empty, five, six, nothing, whole]);
});

test.run();
