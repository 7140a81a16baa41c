import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tf } from '../../../../model/backend/index.ts';
import { compiledKernels } from '../../../../model/kernels/compiled/compiled-kernels.ts';
import { compiledNormedProducts } from '../../../../model/kernels/compiled/compiled-normed-products.ts';
import { composedNormedProducts, normedProducts } from '../../../../model/layers/operations.ts';
import { recomputed } from '../../../../model/layers/recompute.ts';
import { testBackend } from '../../../backend.ts';
import { checkGradients } from '../../gradient-check.ts';
import { assertClose, EPSILON } from '../../layers/layer-checks.ts';
import { randomValues } from '../../tiny-model.ts';

const test = suite('model/kernels/compiled-normed-products');
let available = false;

test.before(async () => {
  await testBackend();
  available = compiledKernels() !== undefined;
  if (!available)
    console.log('tests/model/kernels/compiled/compiled-normed-products.test.ts: skipped, this backend has no compiled kernels');
});

const tensorOf = (name: string, ...shape: number[]): tf.Tensor =>
  tf.tensor(randomValues(tf.util.sizeFromShape(shape), name), shape);

interface Case {
  readonly what: string;
  readonly shape: readonly number[];
  readonly outputs: readonly number[];
  readonly delta: boolean;
}

const cases: readonly Case[] = [
  { what: 'as before attention', shape: [2, 9, 24], outputs: [24, 24, 24], delta: false },
  { what: 'as before the feed-forward part', shape: [2, 9, 24], outputs: [40, 40], delta: true },
  { what: 'one product, odd sizes, rank 2', shape: [3, 5], outputs: [7], delta: true },
];

function inputsOf({ what, shape, outputs, delta }: Case): tf.Tensor[] {
  const channels = shape.at(-1)!;
  const kernels = outputs.map((count, index) => tensorOf(`${what}/${index}`, channels, count));
  return [
    tensorOf(`${what}/x`, ...shape),
    ...(delta ? [tensorOf(`${what}/delta`, ...shape)] : []),
    tensorOf('gain', channels),
    ...kernels,
  ];
}

/** The sum, reached by a gradient too, behind the products. */
function forward(operation: typeof normedProducts, { delta }: Case, inputs: readonly tf.Tensor[]): tf.Tensor[] {
  const [x, ...rest] = inputs as [tf.Tensor, ...tf.Tensor[]];
  const [added, gain, ...kernels] = delta ? rest : [undefined, ...rest];
  const { sum, products } = operation(x, added, gain!, EPSILON, kernels as tf.Tensor[]);
  return [...products, sum];
}

/** Results, and gradients of all inputs under random weights of the results. */
function results(operation: typeof normedProducts, one: Case, inputs: readonly tf.Tensor[]): tf.Tensor[] {
  return tf.tidy(() => {
    const loss = (...tensors: tf.Tensor[]) => {
      const parts = forward(operation, one, tensors).map((part, index) =>
        tf.sum(tf.mul(part, tensorOf(`dy ${index}`, ...part.shape))),
      );
      return tf.addN(parts) as tf.Scalar;
    };
    return [...forward(operation, one, inputs), ...tf.grads(loss)([...inputs])];
  });
}

for (const one of cases) {
  test(`equals its slow twin, gradients too: ${one.what}`, () => {
    if (!available) return;
    const before = tf.memory().numTensors;
    const inputs = inputsOf(one);
    const [ours, twins] = [results(normedProducts, one, inputs), results(composedNormedProducts, one, inputs)];
    ours.forEach((tensor, index) => {
      assert.equal(tensor.shape, twins[index]!.shape);
      // Sums of at most 120 products of numbers near one.
      assertClose(tensor.dataSync(), twins[index]!.dataSync(), 4e-5, `result ${index}`);
    });
    tf.dispose([...ours, ...twins, ...inputs]);
    assert.is(tf.memory().numTensors, before, 'tensors left');
  });
}

test('x and delta may be one tensor: its gradient is then twice that of the sum', () => {
  if (!available) return;
  tf.tidy(() => {
    const [x, gain, kernel, dy] = [
      tensorOf('x', 4, 6),
      tensorOf('gain', 6),
      tensorOf('kernel', 6, 3),
      tensorOf('dy', 4, 3),
    ] as const;
    const gradient = (operation: typeof normedProducts) =>
      tf.grad((input) => operation(input, input, gain, EPSILON, [kernel]).products[0]!)(x, dy);
    assertClose(gradient(normedProducts).dataSync(), gradient(composedNormedProducts).dataSync(), 1e-5);
  });
});

test('gradients equal central differences', async () => {
  if (!available) return;
  const one: Case = { what: 'numeric', shape: [4, 9], outputs: [5, 6], delta: true };
  const variables = tf.tidy(() =>
    inputsOf(one).map((tensor, index) => ({
      name: `input ${index}`,
      shape: tensor.shape,
      values: Float32Array.from(tensor.dataSync()),
    })),
  );
  await checkGradients('normed products', variables, (inputs) => tf.concat(forward(normedProducts, one, inputs), 1));
});

test('recomputed, it has the same gradients to the byte', () => {
  if (!available) return;
  const one = cases[1]!;
  tf.tidy(() => {
    const inputs = inputsOf(one);
    const whole = (tensors: readonly tf.Tensor[]) =>
      tf.concat(
        forward(normedProducts, one, tensors).map((part) => part.reshape([-1])),
        0,
      );
    const plain = tf.grads((...tensors) => whole(tensors))(inputs);
    const again = tf.grads((...tensors) => recomputed(whole, tensors, []))(inputs);
    for (const [index, gradient] of plain.entries()) assert.equal(again[index]!.dataSync(), gradient.dataSync());
  });
});

test('what does not fit is left to the operations of tfjs', () => {
  if (!available) return;
  tf.tidy(() => {
    const [x, gain, kernel] = [tf.ones([4, 6]), tf.ones([6]), tf.ones([6, 3])];
    const left = (...[input, delta, weight, kernels]: [tf.Tensor, tf.Tensor | undefined, tf.Tensor, tf.Tensor[]]) =>
      assert.is(compiledNormedProducts(input, delta, weight, EPSILON, kernels), undefined);
    left(x, tf.ones([6]), gain, [kernel]);
    left(x, undefined, tf.ones([5]), [kernel]);
    left(x, undefined, gain, [tf.ones([5, 3])]);
    left(tf.ones([4, 6], 'int32'), undefined, gain, [kernel]);
    left(tf.ones([0, 6]), undefined, gain, [kernel]);
  });
});

test.run();
