import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError } from '../../../../base/errors.ts';
import { selectBackend, tf } from '../../../../model/backend/index.ts';
import { compiledKernels } from '../../../../model/kernels/compiled/compiled-kernels.ts';
import type { WasmBackend } from '../../../../model/kernels/wasm/wasm-backend.ts';
import { loadWasmKernels, type WasmLibrary, wasmLibrary } from '../../../../model/kernels/wasm/wasm-library.ts';
import { wasmSourceHash } from '../../../../scripts/native/wasm-sources.ts';
import { restoreBackend } from '../../../backend.ts';
import { encodeAll, patchings } from '../../graph-variants.ts';
import { readmePassages } from '../../real-texts.ts';
import { randomValues, tinyConfig, tinyModel } from '../../tiny-model.ts';

const test = suite('model/kernels/wasm-library');
let backend: WasmBackend;
let library: WasmLibrary;

test.before(async () => {
  await selectBackend('wasm');
  backend = tf.backend() as unknown as WasmBackend;
  library = wasmLibrary(backend);
});
test.after(async () => {
  await restoreBackend();
});

/** What `run` took from the backend's memory and did not give back; allocations of which `refuse` says so get nothing, as where there is no memory. */
function memoryKeptBy(run: () => void, refuse: (allocation: number) => boolean = () => false): { kept: number; sizes: number[] } {
  const { wasm } = backend;
  const { _malloc: allocate, _free: free } = wasm;
  const held = new Set<number>();
  const sizes: number[] = [];
  wasm._malloc = (bytes) => {
    sizes.push(bytes);
    if (refuse(sizes.length - 1)) return 0;
    const address = allocate(bytes);
    held.add(address >>> 0);
    return address;
  };
  wasm._free = (address) => {
    held.delete(address >>> 0);
    free(address);
  };
  try {
    run();
  } finally {
    wasm._malloc = allocate;
    wasm._free = free;
  }
  return { kept: held.size, sizes };
}

test('both modules were compiled from the sources that are there', async () => {
  const hash = await wasmSourceHash();
  const advice = 'sources in C have changed: run `npm run kernels:c` and commit both modules';
  assert.is(library.sources, hash, advice);
  const thread = readFileSync(new URL('../../../../model/kernels/wasm/compiled-kernels-thread.wasm', import.meta.url));
  assert.ok(thread.includes(hash), advice);
});

/** One matrix product, [rows, inner] times [inner, columns]. */
type Sizes = readonly [rows: number, inner: number, columns: number];

/** Tiles are 4 rows of 8 columns. */
const aroundTiles: readonly Sizes[] = [1, 3, 4, 5].flatMap((rows) =>
  [1, 4, 5].flatMap((inner) => [1, 7, 8, 9].map((columns): Sizes => [rows, inner, columns])),
);
/** Blocks are 128 rows, 256 steps of the inner dimension, 1024 columns. */
const aroundBlocks: readonly Sizes[] = [
  [127, 255, 9],
  [129, 257, 7],
  [129, 513, 8],
  [5, 513, 1025],
  [3, 4, 1023],
  [4, 257, 1025],
  [1, 513, 1],
  [129, 1, 1025],
];

const at = (matrix: ArrayLike<number>, row: number, column: number, step: number, transposed: boolean): number =>
  matrix[transposed ? column * step + row : row * step + column]!;

/**
 * Compares a product with plain loops in float64. Whatever the order of the additions, a sum of n rounded products is within n u / (1 - n u) of the sum of their absolute values, with
 * u = 2^-24 (Higham 2002, Accuracy and Stability of Numerical Algorithms, 3.1).
 */
function assertProduct(
  got: ArrayLike<number>,
  [left, right]: readonly [ArrayLike<number>, ArrayLike<number>],
  [rows, inner, columns]: Sizes,
  [transposeLeft, transposeRight]: readonly [boolean, boolean],
  what: string,
): void {
  assert.is(got.length, rows * columns, what);
  const share = (inner * 2 ** -24) / (1 - inner * 2 ** -24);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let [sum, size] = [0, 0];
      for (let step = 0; step < inner; step++) {
        const term =
          at(left, row, step, transposeLeft ? rows : inner, transposeLeft) *
          at(right, step, column, transposeRight ? inner : columns, transposeRight);
        sum += term;
        size += Math.abs(term);
      }
      const number = got[row * columns + column]!;
      if (!(Math.abs(number - sum) <= share * size)) assert.unreachable(`${what}: [${row}, ${column}] is ${number}, not ${sum}`);
    }
  }
}

for (const transposeLeft of [false, true]) {
  for (const transposeRight of [false, true]) {
    test(`products around tiles and blocks equal plain loops, transposed ${transposeLeft}, ${transposeRight}`, () => {
      for (const sizes of [...aroundTiles, ...aroundBlocks]) {
        const [rows, inner, columns] = sizes;
        const operands = [randomValues(rows * inner, `left/${sizes}`), randomValues(inner * columns, `right/${sizes}`)] as const;
        const product = tf.tidy(() =>
          tf.matMul(
            tf.tensor2d(operands[0], transposeLeft ? [inner, rows] : [rows, inner]),
            tf.tensor2d(operands[1], transposeRight ? [columns, inner] : [inner, columns]),
            transposeLeft,
            transposeRight,
          ),
        );
        assert.equal(product.shape, [rows, columns]);
        assertProduct(product.dataSync(), operands, sizes, [transposeLeft, transposeRight], `[${sizes}]`);
        product.dispose();
      }
    });
  }
}

test('batches: item by item, broadcast, and one right operand for all', () => {
  const sizes: Sizes = [5, 6, 9];
  const [rows, inner, columns] = sizes;
  // For each item of the result, which item of either operand it is the product of.
  const cases: readonly [left: number[], right: number[], items: [number, number][]][] = [
    [
      [2],
      [2],
      [
        [0, 0],
        [1, 1],
      ],
    ],
    [
      [2],
      [],
      [
        [0, 0],
        [1, 0],
      ],
    ],
    [
      [1],
      [2],
      [
        [0, 0],
        [0, 1],
      ],
    ],
    [
      [2, 1],
      [1, 2],
      [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ],
    ],
  ];
  for (const [leftBatch, rightBatch, items] of cases) {
    for (const transposed of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ] as const) {
      const what = `[${leftBatch}] by [${rightBatch}], transposed ${transposed}`;
      const left = randomValues(tf.util.sizeFromShape(leftBatch) * rows * inner, 'left');
      const right = randomValues(tf.util.sizeFromShape(rightBatch) * inner * columns, 'right');
      const product = tf.tidy(() =>
        tf.matMul(
          tf.tensor(left, [...leftBatch, ...(transposed[0] ? [inner, rows] : [rows, inner])]),
          tf.tensor(right, [...rightBatch, ...(transposed[1] ? [columns, inner] : [inner, columns])]),
          ...transposed,
        ),
      );
      const got = product.dataSync();
      assert.is(got.length, items.length * rows * columns);
      items.forEach(([leftItem, rightItem], item) => {
        const operands = [
          left.subarray(leftItem * rows * inner, (leftItem + 1) * rows * inner),
          right.subarray(rightItem * inner * columns, (rightItem + 1) * inner * columns),
        ] as const;
        assertProduct(got.subarray(item * rows * columns, (item + 1) * rows * columns), operands, sizes, transposed, what);
      });
      product.dispose();
    }
  }
});

test('sums of nothing are 0, products of no rows or columns are empty', () => {
  tf.tidy(() => {
    // Memory that was used before: zeros are written, not found.
    tf.fill([3, 5], 7).dispose();
    assert.equal([...tf.matMul(tf.zeros([3, 0]), tf.zeros([0, 5])).dataSync()], Array(15).fill(0));
    assert.equal([...tf.matMul(tf.zeros([2, 0, 3]), tf.zeros([5, 0]), true, true).dataSync()], Array(30).fill(0));
    assert.equal(tf.matMul(tf.zeros([0, 4]), tf.ones([4, 2])).shape, [0, 2]);
    assert.equal(tf.matMul(tf.zeros([3, 4]), tf.ones([4, 0])).shape, [3, 0]);
  });
});

test('numbers that are none pass through to their row or column alone', () => {
  const [rows, inner, columns] = [5, 6, 9];
  for (const transposeLeft of [false, true]) {
    for (const transposeRight of [false, true]) {
      const left = new Float32Array(rows * inner).fill(1);
      const right = new Float32Array(inner * columns).fill(1);
      left[transposeLeft ? 3 * rows + 2 : 2 * inner + 3] = Number.NaN;
      right[transposeRight ? 8 * inner : 8] = -Infinity;
      const product = tf.tidy(() =>
        tf
          .matMul(
            tf.tensor2d(left, transposeLeft ? [inner, rows] : [rows, inner]),
            tf.tensor2d(right, transposeRight ? [columns, inner] : [inner, columns]),
            transposeLeft,
            transposeRight,
          )
          .dataSync(),
      );
      const expected = Array.from({ length: rows * columns }, (_, index) => {
        if (Math.floor(index / columns) === 2) return 'NaN';
        return index % columns === 8 ? '-Infinity' : '6';
      });
      assert.equal([...product].map(String), expected, `transposed ${transposeLeft}, ${transposeRight}`);
    }
  }
});

test('a product with a bias and an activation has the bytes of the operations one by one, and leaves nothing', () => {
  const activations: Record<
    Exclude<Parameters<typeof tf.fused.matMul>[0]['activation'], undefined>,
    (x: tf.Tensor) => tf.Tensor
  > = {
    linear: (x) => x,
    relu: (x) => tf.relu(x),
    relu6: (x) => tf.relu6(x),
    elu: (x) => tf.elu(x),
    sigmoid: (x) => tf.sigmoid(x),
    leakyrelu: (x) => tf.leakyRelu(x, 0.1),
    prelu: (x) => tf.prelu(x, slopes()),
  };
  // Products reach from -10 to 10: every activation's pieces are met.
  const a = tf.tensor3d(randomValues(2 * 3 * 13, 'fused/a'), [2, 3, 13]);
  const b = tf.tensor3d(randomValues(2 * 13 * 10, 'fused/b'), [2, 10, 13]);
  const bias = tf.tensor1d(randomValues(10, 'fused/bias'));
  const alpha = tf.tensor1d(randomValues(10, 'fused/alpha'));
  const slopes = () => alpha;
  const [tensors, buffers] = [tf.memory().numTensors, backend.numDataIds()];
  for (const [name, activate] of Object.entries(activations)) {
    for (const added of [bias, undefined]) {
      const activation = name as keyof typeof activations;
      const shared = { a, b, transposeB: true, activation, leakyreluAlpha: 0.1 };
      const [fused, plain] = tf.tidy(() => {
        const product = tf.matMul(a, b, false, true);
        return [
          tf.fused.matMul({
            ...shared,
            ...(added && { bias: added }),
            ...(name === 'prelu' && { preluActivationWeights: alpha }),
          }),
          activate(added ? tf.add(product, added) : product),
        ];
      }) as [tf.Tensor, tf.Tensor];
      assert.equal(fused.shape, [2, 3, 10]);
      assert.equal(fused.dataSync(), plain.dataSync(), `${name}${added ? ' with a bias' : ''}`);
      tf.dispose([fused, plain]);
      assert.is(backend.numDataIds(), buffers, `${name}: memory left`);
    }
  }
  assert.is(tf.memory().numTensors, tensors);
  tf.dispose([a, b, bias, alpha]);
});

test('a weight that was changed where it lies is read anew by the next product', () => {
  tf.tidy(() => {
    const x = tf.tensor2d(randomValues(6 * 5, 'x'), [6, 5]);
    const weight = tf.tensor2d(randomValues(5 * 9, 'weight'), [5, 9]);
    const product = () => tf.fused.matMul({ a: x, b: weight, activation: 'relu' }).dataSync();
    const [before, first] = [weight.dataSync(), product()];
    const zeros = () => tf.zeros([45]);
    // Rate, scale, both betas and what they leave, both corrections, epsilon, the weight's decay: with moments of nothing each number moves by the rate against its gradient of 1.
    const numbers = tf.tensor1d([0.5, 1, 0, 1, 0, 1, 1, 1, 0, 0]);
    library.run('CemAdamW', { N: 1, M: 1 }, [weight, tf.ones([45]), zeros(), zeros(), numbers], 0);
    const after = weight.dataSync();
    assert.ok(after.every((value, index) => Math.abs(value - (before[index]! - 0.5)) < 1e-6));
    const expected = tf.relu(tf.matMul(x, tf.tensor2d(after, [5, 9]))).dataSync();
    assert.equal(product(), expected);
    assert.not.equal(product(), first);
  });
});

/** The message with which a run is refused. */
function refusalOf(run: () => unknown): string {
  try {
    tf.dispose(run() as tf.Tensor[]);
  } catch (error) {
    assert.instance(error, CemError);
    assert.is((error as CemError).code, 'COMPILED_KERNEL');
    return (error as CemError).message;
  }
  return assert.unreachable('it was not refused') as never;
}

test('what does not fit is refused with its shapes and the reason, and leaves neither tensors nor memory', () => {
  const [four, five, nine, whole] = [tf.zeros([4]), tf.zeros([5]), tf.zeros([9]), tf.tensor1d([1], 'int32')];
  const [sequence, mask, turns, deep] = [tf.zeros([4, 18]), tf.ones([1, 4]), tf.zeros([4, 3, 2]), tf.ones(Array(9).fill(1))];
  const numbers = tf.zeros([11]);
  const attention = { heads: 4, window: 0, causal: false };
  const [tensors, buffers] = [tf.memory().numTensors, backend.numDataIds()];
  const attempts: readonly [reason: string, run: () => unknown][] = [
    [`there is no compiled kernel CemNothing, but ${library.ops.join(', ')}`, () => library.run('CemNothing', {}, [four], 1)],
    ['CemSumOfSquares takes the attributes N, got N, M', () => library.run('CemSumOfSquares', { N: 1, M: 1 }, [four], 1)],
    [
      'CemAttention takes the attributes heads, window, causal, got heads, causal',
      () => library.run('CemAttention', { heads: 1, causal: false }, [sequence, mask, turns], 2),
    ],
    [
      'CemSumOfSquares of int32 [1]: inputs are float32 of at most 8 dimensions',
      () => library.run('CemSumOfSquares', { N: 1 }, [whole], 1),
    ],
    [
      'CemCopy of float32 [1, 1, 1, 1, 1, 1, 1, 1, 1]: inputs are float32 of at most 8 dimensions',
      () => library.run('CemCopy', {}, [deep], 1),
    ],
    ['CemCopy of : input 0 is missing', () => library.run('CemCopy', {}, [], 1)],
    ['CemCopy of float32 [4]: it has 1 outputs, and 2 are wanted', () => library.run('CemCopy', {}, [four], 2)],
    [
      'CemAttention of float32 [4, 18], float32 [1, 4], float32 [4, 3, 2]: 6 channels should be an even multiple of 4 heads',
      () => library.run('CemAttention', attention, [sequence, mask, turns], 2),
    ],
    // The reasons name an int and a 64-bit number, two ints and such a number, and four such numbers: as C passes them, 64-bit numbers lie at multiples of 8.
    [
      'CemAdamW of float32 [4], float32 [5], float32 [9], float32 [9], float32 [4], float32 [11]: the weights have 9 numbers, gradients 9, moments 9 and 4',
      () => library.run('CemAdamW', { N: 2, M: 1 }, [four, five, nine, nine, four, numbers], 0),
    ],
    [
      'CemAdamW of float32 [4], float32 [5], float32 [4], float32 [4], float32 [4], float32 [4], float32 [11]: weight 1 has 5 numbers and its gradient 4',
      () => library.run('CemAdamW', { N: 2, M: 2 }, [four, five, four, four, four, four, numbers], 0),
    ],
    [
      'CemAdamW of float32 [4], float32 [4], float32 [4], float32 [4], float32 [11]: 10 numbers are wanted for 1 weights, got 11',
      () => library.run('CemAdamW', { N: 1, M: 1 }, [four, four, four, four, numbers], 0),
    ],
  ];
  for (const [reason, run] of attempts) {
    const { kept } = memoryKeptBy(() => {
      assert.is(
        refusalOf(() => tf.tidy(run as () => tf.TensorContainer)),
        reason,
      );
    });
    assert.is(kept, 0, reason);
    assert.is(tf.memory().numTensors, tensors, reason);
    assert.is(backend.numDataIds(), buffers, reason);
  }
  tf.dispose([four, five, nine, whole, sequence, mask, turns, deep, numbers]);
});

test('an op that finds no memory is refused, and leaves what there is as it was', () => {
  const inputs = [tf.tensor2d(randomValues(40 * 24, 'projections'), [40, 24]), tf.ones([1, 40]), tf.ones([40, 4, 2])];
  const run = () => tf.tidy(() => library.run('CemAttention', { heads: 1, window: 0, causal: false }, inputs, 2)[0]!.dataSync());
  const expected = run().slice();
  // Attributes and inputs, both outputs, and then what a head needs.
  const { sizes } = memoryKeptBy(run);
  assert.is(sizes.length, 4);
  const tensors = tf.memory().numTensors;
  const { kept } = memoryKeptBy(
    () => {
      assert.match(refusalOf(run), /: no memory for a head of 40 positions$/);
    },
    (allocation) => allocation === 3,
  );
  assert.is(kept, 0);
  assert.is(tf.memory().numTensors, tensors);
  assert.equal(run(), expected);
  tf.dispose(inputs);
});

test('CEM_NATIVE_KERNELS=0 leaves the ops out: results and gradients of a model are the same to 1e-5', async () => {
  const dimension = 12;
  // Patches of several sizes: windows, patch attention of both kinds and everything else that has a kernel is in it.
  const models = [{}, { ...patchings['frame'], pooling: 'attention' as const }].map((changes) =>
    tinyModel(tinyConfig(changes), dimension),
  );
  const batches = models.map((model) => model.batch(encodeAll(model, readmePassages(2, 150))));
  const results = (): Float32Array[] =>
    models.flatMap((model, number) =>
      tf.tidy(() => {
        const batch = batches[number]!;
        const targets = tf.tensor2d(randomValues(batch.size * dimension, 'targets'), [batch.size, dimension]);
        const shape: [number, number, number] = [batch.size, batch.symbols, 16];
        const symbols = tf.tensor3d(model.tables.embed(batch).slice(), shape);
        const weights = model.graph.trainableWeights.map((weight) => weight.read());
        const apply = () => model.apply(symbols, batch);
        const { grads } = tf
          .engine()
          .gradients(() => tf.sum(tf.mul(apply(), targets)) as tf.Scalar, [...weights, symbols] as tf.Tensor[]);
        return [apply(), ...grads].map((tensor) => tensor.dataSync().slice() as Float32Array);
      }),
    );
  const before = process.env['CEM_NATIVE_KERNELS'];
  try {
    const [compiled, composed] = ['1', '0'].map((choice) => {
      process.env['CEM_NATIVE_KERNELS'] = choice;
      loadWasmKernels(library.threads);
      assert.is(compiledKernels(), choice === '1' ? library : undefined);
      return results();
    }) as [Float32Array[], Float32Array[]];
    assert.is(composed.length, compiled.length);
    for (const [index, values] of compiled.entries()) {
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
      for (const [place, value] of values.entries())
        if (!(Math.abs(value - composed[index]![place]!) <= 1e-5 * largest))
          assert.unreachable(`result ${index} [${place}]: ${value} and ${composed[index]![place]}`);
    }
  } finally {
    if (before === undefined) delete process.env['CEM_NATIVE_KERNELS'];
    else process.env['CEM_NATIVE_KERNELS'] = before;
    loadWasmKernels(library.threads);
    for (const model of models) model.dispose();
  }
});

test.run();
