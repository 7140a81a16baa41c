import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tf } from '../../../model/backend/index.ts';
import { namedWeights } from '../../../model/named-weights.ts';
import { Adafactor } from '../../../training/optimizers/adafactor.ts';
import { createDenseOptimizer } from '../../../training/optimizers/create-dense-optimizer.ts';
import { DenseGradient } from '../../../training/optimizers/dense-gradient.ts';
import type { DenseOptimizer } from '../../../training/optimizers/dense-optimizer.ts';
import { DENSE_OPTIMIZERS } from '../../../training/optimizers/dense-optimizer-options.ts';
import { Lion } from '../../../training/optimizers/lion.ts';
import { trainingConfigSchema } from '../../../training/options/config.ts';
import { testBackend } from '../../backend.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';

const test = suite('dense optimisers');
test.before(async () => {
  await testBackend();
});

const INPUTS = 3;
const OUTPUTS = 4;
const MATRIX = INPUTS * OUTPUTS;
const COUNT = MATRIX + OUTPUTS;
const RATE = 0.02;
const DECAY = { weightDecay: 0.1 };
const FACTORED = { ...DECAY, decayExponent: 0.8, clipThreshold: 1, relativeStep: false };

/** The third step's gradient is scaled down, so that updates of steps behind it are clipped. */
const scaleOf = (step: number) => (step === 3 ? 0.1 : 1);
const gradientOf = (step: number) =>
  Float64Array.from({ length: COUNT }, (_, i) => Math.sin(1 + 0.7 * i + 1.3 * step) * (1 + (i % 4)));

/** A matrix, which decays, and a vector, which does not: 0.3 cos(i). */
function makeWeights(): { layer: tf.layers.Layer; weights: tf.LayerVariable[]; values: Float64Array } {
  const layer = tf.layers.dense({ units: OUTPUTS, useBias: true });
  layer.build([null, INPUTS]);
  const values = Float64Array.from({ length: COUNT }, (_, i) => 0.3 * Math.cos(i));
  tf.tidy(() => {
    const [matrix, vector] = [values.slice(0, MATRIX), values.slice(MATRIX)];
    layer.setWeights([tf.tensor2d([...matrix], [INPUTS, OUTPUTS]), tf.tensor1d([...vector])]);
  });
  return { layer, weights: layer.trainableWeights, values };
}

const readAll = (weights: readonly tf.LayerVariable[]) => weights.flatMap((weight) => [...weight.read().dataSync()]);

function run(optimizer: DenseOptimizer, step: number): void {
  const values = [...gradientOf(step)];
  const gradients = [tf.tensor2d(values.slice(0, MATRIX), [INPUTS, OUTPUTS]), tf.tensor1d(values.slice(MATRIX))];
  const flat = optimizer.flatten(gradients);
  optimizer.apply(flat, RATE, scaleOf(step), step);
  flat.dispose();
  tf.dispose(gradients);
}

function assertClose(got: readonly number[], expected: ArrayLike<number>, what: string): void {
  assert.is(got.length, expected.length);
  got.forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]!) < 2e-6, `${what} [${i}]: ${value} for ${expected[i]}`);
  });
}

/** The values after five steps of an optimiser on the weights above. */
function afterFiveSteps(make: (weights: readonly tf.LayerVariable[]) => DenseOptimizer): number[] {
  const { layer, weights } = makeWeights();
  const optimizer = make(weights);
  for (let step = 1; step <= 5; step++) run(optimizer, step);
  const values = readAll(weights);
  optimizer.dispose();
  tf.dispose(layer.getWeights());
  return values;
}

// torch.optim.Adafactor of torch 2.15 in float64: weights, gradients and scales as above, lr = 0.02, weight_decay = 0.1 for the matrix and 0 for the vector, everything else by default.
// Its steps are relative ones.
const TORCH_RELATIVE = [
  0.2925229, 0.1558056, -0.1211273, -0.2910026, -0.1899208, 0.0904433, 0.2855193, 0.221765, -0.0469994, -0.2787457, -0.2538064,
  0.0020789, 0.2558915, 0.2760701, 0.04806, -0.2290535,
];
// The same with lr = 0.02 / max(1e-3, RMS(parameter)) set anew before each step, so that the rate of the step is 0.02, and a weight_decay that makes lr * weight_decay 0.002.
const TORCH_ABSOLUTE = [
  0.2757526, 0.1379934, -0.1123871, -0.2800147, -0.1743736, 0.1137221, 0.2871908, 0.2141427, -0.0607042, -0.3089997, -0.2712187,
  0.0044875, 0.2660249, 0.290212, 0.0731923, -0.2333487,
];

test('Adafactor equals torch.optim.Adafactor, with relative steps and without', () => {
  const relative = afterFiveSteps((weights) => new Adafactor(weights, { ...FACTORED, relativeStep: true }));
  assertClose(relative, TORCH_RELATIVE, 'relative');
  assertClose(
    afterFiveSteps((weights) => new Adafactor(weights, FACTORED)),
    TORCH_ABSOLUTE,
    'absolute',
  );
});

/** Algorithms 4 and 5 of Shazeer and Stern 2018 in float64: the whole outer product is written out, as the algorithm has it. */
class PlainAdafactor {
  readonly rows = new Float64Array(INPUTS);
  readonly columns = new Float64Array(OUTPUTS);
  readonly squares = new Float64Array(OUTPUTS);
  readonly values: Float64Array;

  constructor(values: Float64Array) {
    this.values = values;
  }

  step(step: number, clipThreshold: number): void {
    const beta = 1 - step ** -0.8;
    const gradient = gradientOf(step).map((g) => g * scaleOf(step));
    const square = (i: number) => gradient[i]! ** 2 + 1e-30;
    for (let r = 0; r < INPUTS; r++) {
      let sum = 0;
      for (let c = 0; c < OUTPUTS; c++) sum += square(r * OUTPUTS + c);
      this.rows[r] = beta * this.rows[r]! + (1 - beta) * sum;
    }
    for (let c = 0; c < OUTPUTS; c++) {
      let sum = 0;
      for (let r = 0; r < INPUTS; r++) sum += square(r * OUTPUTS + c);
      this.columns[c] = beta * this.columns[c]! + (1 - beta) * sum;
      this.squares[c] = beta * this.squares[c]! + (1 - beta) * square(MATRIX + c);
    }
    const total = this.rows.reduce((sum, value) => sum + value, 0);
    const second = gradient.map((_, i) =>
      i < MATRIX ? (this.rows[Math.floor(i / OUTPUTS)]! * this.columns[i % OUTPUTS]!) / total : this.squares[i - MATRIX]!,
    );
    const update = gradient.map((g, i) => g / Math.sqrt(second[i]!));
    for (const [from, to, decay] of [[0, MATRIX, 0.1] as const, [MATRIX, COUNT, 0] as const]) {
      const rootMeanSquare = Math.sqrt(update.subarray(from, to).reduce((sum, u) => sum + u * u, 0) / (to - from));
      const divisor = Math.max(1, rootMeanSquare / clipThreshold);
      for (let i = from; i < to; i++) this.values[i]! -= RATE * (update[i]! / divisor + decay * this.values[i]!);
    }
  }
}

test('Adafactor equals its definition, clipped and hardly clipped; state is one number a row and a column', async () => {
  for (const clipThreshold of [1, 0.5, 100]) {
    const { layer, weights, values } = makeWeights();
    const optimizer = new Adafactor(weights, { ...FACTORED, clipThreshold });
    const plain = new PlainAdafactor(values);
    for (let step = 1; step <= 5; step++) {
      run(optimizer, step);
      plain.step(step, clipThreshold);
      assertClose(readAll(weights), plain.values, `clipped at ${clipThreshold}, step ${step}`);
    }
    const arrays = await optimizer.arrays();
    assert.equal([...arrays.keys()], ['dense/rows', 'dense/columns', 'dense/squares']);
    // Means of rows and columns here, sums there: 1 / OUTPUTS and 1 / INPUTS of them.
    assert.ok(Math.abs(arrays.get('dense/rows')![1]! * OUTPUTS - plain.rows[1]!) < 1e-5 * plain.rows[1]!);
    assert.ok(Math.abs(arrays.get('dense/columns')![1]! * INPUTS - plain.columns[1]!) < 1e-5 * plain.columns[1]!);
    assert.is(
      [...arrays.values()].reduce((sum, { length }) => sum + length, 0),
      INPUTS + OUTPUTS + OUTPUTS,
    );
    optimizer.dispose();
    tf.dispose(layer.getWeights());
  }
});

test('Adafactor: a row, a matrix and a vector without gradient stand still', () => {
  const { layer, weights, values } = makeWeights();
  const optimizer = new Adafactor(weights, { ...FACTORED, weightDecay: 0 });
  const gradient = new DenseGradient([
    tf.tensor1d(Array.from({ length: COUNT }, (_, i) => (i < OUTPUTS ? 0 : i < MATRIX ? 1e-3 : 0))),
  ]);
  for (let step = 1; step <= 3; step++) optimizer.apply(gradient, RATE, 1, step);
  const after = readAll(weights);
  assertClose(
    [...after.slice(0, OUTPUTS), ...after.slice(MATRIX)],
    [...values.slice(0, OUTPUTS), ...values.slice(MATRIX)],
    'still',
  );
  // With q = 1e-6: means of rows 0, q, q, of columns 2q / 3; row * column / mean(rows) = q, so that an update is 1, and their root mean square, sqrt(8 / 12), is not clipped.
  const moved = values[OUTPUTS]! - after[OUTPUTS]!;
  assert.ok(Math.abs(moved - 3 * RATE) < 1e-5, `${moved}`);
  gradient.dispose();
  const zeros = new DenseGradient([tf.zeros([COUNT])]);
  const fresh = new Adafactor(weights, { ...FACTORED, weightDecay: 0 });
  fresh.apply(zeros, RATE, 1, 1);
  assert.equal(readAll(weights), after);
  for (const used of [optimizer, fresh]) used.dispose();
  zeros.dispose();
  tf.dispose(layer.getWeights());
});

// Five steps of algorithm 2 of Chen et al. 2023 in a Python loop (float64): beta1 = 0.9, beta2 = 0.99, rate 0.02, decay 0.1 of the matrix.
const LION = [
  0.3169318, 0.1404761, -0.1039198, -0.2343588, -0.2140598, 0.1042512, 0.2655013, 0.2042372, -0.1028961, -0.2506968, -0.2692145,
  0.0209953, 0.3131562, 0.252234, 0.0610212, -0.2479064,
];

test('Lion equals its definition, in one group or in several; matrices decay, vectors do not', async () => {
  for (const groupNumbers of [1000, 1]) {
    const make = (weights: readonly tf.LayerVariable[]) => new Lion(weights, { ...DECAY, beta1: 0.9, beta2: 0.99 }, groupNumbers);
    assertClose(afterFiveSteps(make), LION, 'Lion');
  }
  const { layer, weights } = makeWeights();
  const optimizer = new Lion(weights, { ...DECAY, beta1: 0.9, beta2: 0.99 });
  for (let step = 1; step <= 2; step++) run(optimizer, step);
  // 0.01 * (0.99 * g1 + g2)
  const expected = gradientOf(1).map((g, i) => 0.01 * (0.99 * g + gradientOf(2)[i]!));
  assertClose([...(await optimizer.arrays()).get('dense/momentum')!], expected, 'momentum');
  optimizer.dispose();
  tf.dispose(layer.getWeights());
});

const schema = (optimizer: Record<string, unknown>) => trainingConfigSchema.parse({ optimizer }).optimizer;

for (const kind of DENSE_OPTIMIZERS) {
  test(`${kind}: state goes into a new optimiser, which goes on to the byte; another's is refused; no tensor is left behind`, async () => {
    const options = schema({ kind });
    const { layer, weights } = makeWeights();
    const other = makeWeights();
    const before = tf.memory().numTensors;
    const optimizer = createDenseOptimizer(weights, options);
    for (let step = 1; step <= 3; step++) run(optimizer, step);
    const kept = await optimizer.arrays();
    const resumed = createDenseOptimizer(other.weights, options);
    other.layer.setWeights(layer.getWeights());
    resumed.restore(kept);
    const tensors = tf.memory().numTensors;
    for (let step = 4; step <= 6; step++) {
      run(optimizer, step);
      run(resumed, step);
      assert.equal(readAll(other.weights), readAll(weights));
      assert.is(tf.memory().numTensors, tensors);
    }
    assert.equal(await resumed.arrays(), await optimizer.arrays());
    for (const broken of [new Map(), new Map([...kept].map(([name, values]) => [name, values.subarray(1)]))]) {
      const error = await errorOf(async () => resumed.restore(broken));
      assert.is(error.code, 'CHECKPOINT_SHAPE');
    }
    for (const used of [optimizer, resumed]) used.dispose();
    assert.is(tf.memory().numTensors, before);
    tf.dispose([...layer.getWeights(), ...other.layer.getWeights()]);
  });
}

test('the configuration: AdamW by default, settings of a kind only with that kind, defaults of the papers', () => {
  const { layer, weights } = makeWeights();
  for (const [options, type] of [
    [{}, 'AdamW'],
    [{ kind: 'adafactor', adafactor: { relativeStep: true } }, 'Adafactor'],
    [{ kind: 'lion', lion: { beta2: 0.98 } }, 'Lion'],
  ] as const) {
    const optimizer = createDenseOptimizer(weights, schema(options));
    assert.is(optimizer.constructor.name, type);
    optimizer.dispose();
  }
  assert.equal(schema({ kind: 'lion', lion: {} }).lion, { beta1: 0.9, beta2: 0.99 });
  assert.equal(schema({ kind: 'adafactor', adafactor: {} }).adafactor, {
    decayExponent: 0.8,
    clipThreshold: 1,
    relativeStep: false,
  });
  for (const wrong of [{ lion: {} }, { kind: 'lion', adafactor: {} }, { kind: 'sgd' }, { kind: 'lion', lion: { beta3: 1 } }])
    assert.throws(() => schema(wrong), /optimizer/);
  // Old configurations resolve as they did.
  assert.not.ok('kind' in schema({}));
  tf.dispose(layer.getWeights());
});

/** Two matrices [4, 3] in one variable, or in one each. */
class Matrices extends tf.layers.Layer {
  static readonly className = 'Matrices';
  readonly #names: readonly string[];

  constructor(names: readonly string[]) {
    super({});
    this.#names = names;
  }

  override build(): void {
    for (const name of this.#names) this.addWeight(name, [4, name.includes('.') ? 6 : 3], 'float32', tf.initializers.zeros());
    this.built = true;
  }
}

test('Adafactor: matrices in one variable are handled and kept as by themselves', async () => {
  const layers = [new Matrices(['a.b']), new Matrices(['a', 'b'])];
  const results = [];
  for (const layer of layers) {
    layer.build();
    const weights = layer.trainableWeights;
    // The second matrix has far larger numbers: sums over both would show.
    const parts = [1, 100].map((size, part) =>
      tf.tensor2d(
        Float32Array.from({ length: 12 }, (_, i) => size * Math.sin(1 + i + 5 * part)),
        [4, 3],
      ),
    );
    const packed = weights.length === 1 ? [tf.concat(parts, 1)] : parts;
    weights.forEach((weight, index) => {
      weight.write(packed[index]!);
    });
    const optimizer = new Adafactor(weights, { ...FACTORED, relativeStep: true });
    for (const step of [1, 2, 3]) {
      tf.tidy(() => {
        optimizer.apply(optimizer.flatten(packed.map((values) => tf.mul(tf.cos(tf.mul(values, step)), values))), RATE, 1, step);
      });
    }
    const arrays = await optimizer.arrays();
    const resumed = new Adafactor(weights, { ...FACTORED, relativeStep: true });
    resumed.restore(arrays);
    assert.equal(await resumed.arrays(), arrays);
    const values = namedWeights(layer).map((weight) => [...tf.tidy(() => weight.read().dataSync())]);
    results.push({ values, arrays: [...arrays].map(([name, array]) => [name, [...array]] as const) });
    for (const used of [optimizer, resumed]) used.dispose();
    tf.dispose([...parts, ...packed]);
    for (const weight of weights) weight.dispose();
  }
  const [joined, alone] = results;
  joined!.values.forEach((values, index) => {
    assertNear(values, alone!.values[index]!);
  });
  joined!.arrays.forEach(([name, array], index) => {
    assert.is(name, alone!.arrays[index]![0]);
    assertNear(array, alone!.arrays[index]![1]);
  });
});

/** Each number to 1e-5 of itself. */
function assertNear(got: readonly number[], expected: readonly number[]): void {
  assert.is(got.length, expected.length);
  got.forEach((value, i) => {
    const wanted = expected[i]!;
    assert.ok(Math.abs(value - wanted) <= 1e-5 * Math.abs(wanted), `number ${i}: ${value}, ${wanted} expected`);
  });
}

test.run();
