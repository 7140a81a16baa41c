import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { selectBackend, tf } from '../../../../model/backend/index.ts';
import { broadcastItems } from '../../../../model/kernels/tfjs/batch-matrix-product.ts';
import { addRowsToSegments } from '../../../../model/kernels/tfjs/segment-sum.ts';
import { restoreBackend } from '../../../backend.ts';

const test = suite('model/kernels');

/** Deterministic values in [-1, 1): a linear congruential generator (constants of Numerical Recipes). */
function values(count: number, seed = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

function tensor(shape: number[], seed = 1): tf.Tensor {
  return tf.tensor(values(tf.util.sizeFromShape(shape), seed), shape);
}

function close(actual: ArrayLike<number>, expected: ArrayLike<number>, message: string, tolerance = 1e-4): void {
  assert.is(actual.length, expected.length, `${message}: length`);
  for (let index = 0; index < expected.length; index++) {
    const allowed = tolerance * Math.max(1, Math.abs(expected[index]!));
    if (!(Math.abs(actual[index]! - expected[index]!) <= allowed))
      assert.unreachable(`${message}: element ${index} is ${actual[index]}, not ${expected[index]}`);
  }
}

/** Computes the same thing on wasm and on tfjs's plain JavaScript backend (the slow twin), and compares every output. */
async function sameAsCpu(message: string, compute: () => tf.Tensor | tf.Tensor[]): Promise<void> {
  const results: { shape: number[]; data: ArrayLike<number> }[][] = [];
  for (const name of ['wasm', 'cpu'] as const) {
    await selectBackend(name);
    const before = tf.memory().numTensors;
    const outputs = [tf.tidy(compute)].flat();
    results.push(outputs.map((output) => ({ shape: output.shape, data: output.dataSync() })));
    tf.dispose(outputs);
    assert.is(tf.memory().numTensors, before, `${message}: tensors left on ${name}`);
  }
  const [wasm, cpu] = results as [(typeof results)[0], (typeof results)[0]];
  assert.is(wasm.length, cpu.length);
  for (const [index, output] of wasm.entries()) {
    assert.equal(output.shape, cpu[index]!.shape, `${message}: shape of output ${index}`);
    close(output.data, cpu[index]!.data, `${message}, output ${index}`);
  }
}

/** Central differences against tfjs's gradient, at a few elements of each input. */
async function gradientIsRight(
  message: string,
  shapes: number[][],
  compute: (...inputs: tf.Tensor[]) => tf.Tensor,
): Promise<void> {
  await selectBackend('wasm');
  const data = shapes.map((shape, index) => values(tf.util.sizeFromShape(shape), index + 3));
  const loss = (inputs: readonly Float32Array[]) =>
    tf.tidy(() => compute(...inputs.map((input, index) => tf.tensor(input, shapes[index]))).dataSync()[0]!);
  const gradients = tf.tidy(() =>
    tf
      .grads((...inputs) => compute(...inputs))(data.map((input, index) => tf.tensor(input, shapes[index])))
      .map((gradient) => gradient.dataSync()),
  );
  const STEP = 1e-2;
  for (const [input, gradient] of gradients.entries()) {
    for (const element of [0, Math.floor(gradient.length / 2), gradient.length - 1]) {
      const moved = (by: number) =>
        loss(data.map((array, index) => (index === input ? array.with(element, array[element]! + by) : array)));
      const expected = (moved(STEP) - moved(-STEP)) / (2 * STEP);
      close([gradient[element]!], [expected], `${message}: gradient ${input}, element ${element}`, 1e-2);
    }
  }
}

test('broadcastItems repeats axes of size 1 and missing ones', () => {
  assert.equal([...broadcastItems([2, 3], [2, 3])], [0, 1, 2, 3, 4, 5]);
  assert.equal([...broadcastItems([2, 1], [2, 3])], [0, 0, 0, 1, 1, 1]);
  assert.equal([...broadcastItems([3], [2, 3])], [0, 1, 2, 0, 1, 2]);
  assert.equal([...broadcastItems([], [])], [0]);
});

const MATRIX_SHAPES: readonly (readonly [left: number[], right: number[]])[] = [
  [[], []],
  [[3], [3]],
  [[3], [1]],
  [[1], [3]],
  [
    [2, 3],
    [2, 3],
  ],
  [
    [2, 1],
    [2, 3],
  ],
  [
    [2, 1],
    [1, 3],
  ],
];

for (const transposeA of [false, true]) {
  for (const transposeB of [false, true]) {
    test(`matMul equals plain loops, transposed ${transposeA}, ${transposeB}`, async () => {
      await selectBackend('wasm');
      const [rows, inner, columns] = [5, 7, 4];
      for (const [leftBatch, rightBatch] of MATRIX_SHAPES) {
        const a = tensor([...leftBatch, ...(transposeA ? [inner, rows] : [rows, inner])], 1);
        const b = tensor([...rightBatch, ...(transposeB ? [columns, inner] : [inner, columns])], 2);
        const output = tf.matMul(a, b, transposeA, transposeB);
        const batch = tf.broadcast_util.assertAndGetBroadcastShape(leftBatch, rightBatch);
        assert.equal(output.shape, [...batch, rows, columns]);
        const [left, right, expected] = [a.dataSync(), b.dataSync(), new Float32Array(output.size)];
        const [leftItems, rightItems] = [broadcastItems(leftBatch, batch), broadcastItems(rightBatch, batch)];
        for (let item = 0; item < leftItems.length; item++) {
          for (let row = 0; row < rows; row++) {
            for (let column = 0; column < columns; column++) {
              let sum = 0;
              for (let index = 0; index < inner; index++) {
                const fromLeft = left[leftItems[item]! * rows * inner + (transposeA ? index * rows + row : row * inner + index)]!;
                sum +=
                  fromLeft *
                  right[rightItems[item]! * inner * columns + (transposeB ? column * inner + index : index * columns + column)]!;
              }
              expected[(item * rows + row) * columns + column] = sum;
            }
          }
        }
        close(output.dataSync(), expected, `[${a.shape}] x [${b.shape}]`);
        tf.dispose([a, b, output]);
      }
    });
  }
}

test('matMul with an empty side', async () => {
  await selectBackend('wasm');
  assert.equal(tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 3])).arraySync(), [
    [0, 0, 0],
    [0, 0, 0],
  ]);
  assert.equal(tf.matMul(tf.zeros([0, 2]), tf.zeros([2, 3])).shape, [0, 3]);
});

test('matMul reads a changed right operand anew', async () => {
  // A product that keeps packed weights, as the stock one does, would bring them back by a freed tensor's number or place.
  await selectBackend('wasm');
  for (let round = 1; round <= 3; round++) {
    const result = tf.tidy(() => tf.matMul(tf.ones([2, 3, 4]), tf.fill([2, 4, 5], round)).dataSync());
    assert.ok(result.every((value) => value === 4 * round));
  }
});

test('a clone has the same memory, and keeps it when the original is gone', async () => {
  await selectBackend('wasm');
  const before = tf.memory();
  const original = tf.tensor1d([1, 2, 3]);
  const { dataId } = original;
  assert.is(tf.backend().refCount(dataId), 1);
  const clone = tf.clone(original);
  assert.is(clone.dataId, dataId);
  assert.is(tf.backend().refCount(dataId), 2);
  original.dispose();
  assert.equal([...clone.dataSync()], [1, 2, 3]);
  clone.dispose();
  assert.is(tf.memory().numTensors, before.numTensors);
  assert.is(tf.memory().numDataBuffers, before.numDataBuffers);
});

test('gradients of matMul', async () => {
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      await gradientIsRight(
        `matMul ${transposeA} ${transposeB}`,
        [transposeA ? [2, 4, 3] : [2, 3, 4], transposeB ? [2, 5, 4] : [2, 4, 5]],
        (a, b) => tf.matMul(a!, b!, transposeA, transposeB).square().sum(),
      );
    }
  }
});

test('addRowsToSegments drops ids outside', () => {
  const output = new Float32Array(4);
  addRowsToSegments([1, 2, 3, 4, 5, 6, 7, 8], [1, -1, 1, 2], 2, output);
  // Rows 0 and 2 go to segment 1: 1 + 5, 2 + 6.
  assert.equal([...output], [0, 0, 6, 8]);
});

test('unsortedSegmentSum, and the gradient of gather', async () => {
  for (const name of ['wasm', 'cpu'] as const) {
    await selectBackend(name);
    const sums = tf.unsortedSegmentSum(
      tf.tensor2d([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      tf.tensor1d([2, 0, 2], 'int32'),
      3,
    );
    assert.equal(sums.arraySync(), [
      [3, 4],
      [0, 0],
      [6, 8],
    ]);
  }
  await gradientIsRight('gather', [[6, 3]], (table) =>
    tf
      .gather(table!, tf.tensor1d([5, 0, 5, 2], 'int32'))
      .square()
      .sum(),
  );
  await gradientIsRight('gather on axis 1', [[2, 4, 3]], (table) =>
    tf
      .gather(table!, tf.tensor1d([3, 1, 3], 'int32'), 1)
      .square()
      .sum(),
  );
});

test('tile', async () => {
  for (const [shape, repeats] of [
    [[3], [4]],
    [
      [2, 3],
      [1, 1],
    ],
    [
      [2, 3],
      [3, 1],
    ],
    [
      [2, 1, 3],
      [1, 5, 1],
    ],
    [
      [2, 3, 2],
      [2, 3, 4],
    ],
    [[1], [7]],
    [
      [0, 2],
      [3, 2],
    ],
  ] as const) {
    await sameAsCpu(`tile [${shape}] by [${repeats}]`, () => tf.tile(tensor([...shape]), [...repeats]));
  }
  await sameAsCpu('tile of bool', () => tf.tile(tf.tensor2d([[1, 0, 1]], [1, 3], 'bool'), [3, 2]));
  await gradientIsRight('tile', [[2, 1, 3]], (x) => tf.tile(x!, [1, 4, 1]).square().sum());
});

test('slice, split and unstack', async () => {
  await sameAsCpu('slice of a row', () => tensor([40]).slice([3], [30]));
  await sameAsCpu('slice of a column', () => tensor([4, 5]).slice([0, 2], [4, 1]));
  await sameAsCpu('slice with whole axes behind', () => tensor([3, 4, 5, 6]).slice([1, 1, 0, 0], [2, 2, 5, 6]));
  await sameAsCpu('slice of a box of rank 5', () => tensor([2, 3, 4, 3, 40]).slice([1, 1, 1, 0, 2], [1, 2, 2, 3, 35]));
  await sameAsCpu('slice of nothing', () => tensor([3, 4]).slice([0, 0], [0, 4]));
  await sameAsCpu('slice to the end', () => tensor([3, 4]).slice([1, 0], [-1, -1]));
  await sameAsCpu('split in equal parts', () => tf.split(tensor([4, 6]), 3, 1));
  await sameAsCpu('split by sizes from the end', () => tf.split(tensor([2, 6, 3]), [1, 5], -2));
  await sameAsCpu('unstack', () => tf.unstack(tensor([3, 4, 2]), 1));
  await gradientIsRight('slice', [[3, 4, 5]], (x) => x!.slice([1, 0, 2], [2, 4, 2]).square().sum());
});

test('gather', async () => {
  const indices = () => tf.tensor2d([2, 0, 1, 1], [2, 2], 'int32');
  for (const width of [1, 3, 40]) await sameAsCpu(`gather rows of ${width}`, () => tf.gather(tensor([3, width]), indices()));
  await sameAsCpu('gather on the last axis', () => tf.gather(tensor([2, 4, 3]), tf.tensor1d([2, 2, 0], 'int32'), -1));
  await sameAsCpu('gather with a batch', () => tf.gather(tensor([2, 3, 4]), indices(), 1, 1));
  await selectBackend('wasm');
  assert.throws(() => tf.gather(tensor([3, 2]), tf.tensor1d([3], 'int32')), /index 3 is outside/);
});

test('comparisons, maximum, power and logic broadcast', async () => {
  const left = () => tensor([2, 1, 5], 1);
  const right = () => tensor([3, 1], 2);
  for (const name of ['greater', 'greaterEqual', 'less', 'lessEqual', 'equal', 'notEqual', 'maximum', 'minimum'] as const) {
    await sameAsCpu(name, () => tf[name](left(), right()));
    await sameAsCpu(`${name} of a scalar`, () => tf[name](left(), 0));
  }
  await sameAsCpu('pow', () => tf.pow(left().abs().add(0.5), right()));
  await sameAsCpu('logicalAnd', () => tf.logicalAnd(left().greater(0), right().greater(0)));
  await sameAsCpu('where', () => tf.where(tensor([4, 1, 5]).greater(0), tensor([4, 3, 5], 5), 7));
});

test('cumulative sums count axes from the end, where the stock kernel leaves its memory', async () => {
  await selectBackend('wasm');
  const matrix = tf.tensor2d([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  assert.equal(tf.cumsum(matrix, -1).arraySync(), [
    [1, 3, 6],
    [4, 9, 15],
  ]);
  // Exclusive and reversed along the rows: what comes after each row.
  assert.equal(tf.cumsum(matrix, -2, true, true).arraySync(), [
    [4, 5, 6],
    [0, 0, 0],
  ]);
  assert.equal(tf.cumprod(matrix, -1).arraySync(), [
    [1, 2, 6],
    [4, 20, 120],
  ]);
});

test('what a training step uses beside these agrees with the plain backend', async () => {
  const x = () => tensor([2, 3, 8]);
  const cases: Record<string, () => tf.Tensor> = {
    softmax: () => tf.softmax(x()),
    'log-softmax': () => tf.logSoftmax(x()),
    'log-sum-exp': () => tf.logSumExp(x(), 1),
    'sum over axes': () => tf.sum(x(), [0, 2]),
    mean: () => tf.mean(x(), -1, true),
    max: () => tf.max(x(), 1),
    rsqrt: () => tf.rsqrt(x().abs().add(0.1)),
    sigmoid: () => tf.sigmoid(x()),
    tanh: () => tf.tanh(x()),
    erf: () => tf.erf(x()),
    pad: () =>
      tf.pad(x(), [
        [0, 0],
        [1, 2],
        [0, 0],
      ]),
    concat: () => tf.concat([x(), x()], -1),
    transpose: () => tf.transpose(x(), [2, 0, 1]),
    'one-hot': () => tf.oneHot(tf.tensor1d([2, 0], 'int32'), 3),
    'top-k': () => tf.topk(x(), 3).values,
  };
  for (const [name, compute] of Object.entries(cases)) await sameAsCpu(name, compute);
});

test('gradients of a small attention block', async () => {
  await gradientIsRight(
    'attention',
    [
      [2, 3, 4],
      [2, 3, 4],
      [2, 3, 4],
    ],
    (query, key, value) => {
      const scores = tf.matMul(query!, key!, false, true).div(2);
      const masked = tf.where(tf.tensor1d([1, 1, 0], 'bool').reshape([1, 1, 3]), scores, -1e9);
      return tf.matMul(tf.softmax(masked), value!).square().mean([1, 2]).sqrt().sum();
    },
  );
});

test.after(async () => {
  await restoreBackend();
});

test.run();
