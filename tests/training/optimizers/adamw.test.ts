import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tf } from '../../../model/backend/index.ts';
import { SymbolKindEmbedding } from '../../../model/layers/heads.ts';
import { AdamW } from '../../../training/optimizers/adamw.ts';
import { DenseAverages } from '../../../training/optimizers/dense-averages.ts';
import { DenseGradient } from '../../../training/optimizers/dense-gradient.ts';
import { testBackend } from '../../backend.ts';
import { randomValues } from '../../model/tiny-model.ts';

const test = suite('AdamW');
test.before(async () => {
  await testBackend();
});

const OPTIONS = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1 };
const INPUTS = 3;
const OUTPUTS = 4;

/** A matrix, which decays, and a vector, which does not. */
function makeWeights(
  inputs = INPUTS,
  outputs = OUTPUTS,
): { layer: tf.layers.Layer; weights: tf.LayerVariable[]; values: Float64Array } {
  const layer = tf.layers.dense({ units: outputs, useBias: true });
  layer.build([null, inputs]);
  const values = randomValues((inputs + 1) * outputs, 'weights');
  tf.tidy(() => {
    layer.setWeights([
      tf.tensor2d(values.slice(0, inputs * outputs), [inputs, outputs]),
      tf.tensor1d(values.slice(inputs * outputs)),
    ]);
  });
  return { layer, weights: layer.trainableWeights, values: Float64Array.from(values) };
}

const readAll = (weights: readonly tf.LayerVariable[]) => weights.flatMap((weight) => [...weight.read().dataSync()]);

/** Decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2), number by number in float64. */
class PlainAdamW {
  readonly first: Float64Array;
  readonly second: Float64Array;
  readonly values: Float64Array;
  readonly matrix: number;
  /** @param matrix how many of the numbers decay */
  constructor(values: Float64Array, matrix = INPUTS * OUTPUTS) {
    this.values = values;
    this.matrix = matrix;
    this.first = new Float64Array(values.length);
    this.second = new Float64Array(values.length);
  }
  step(gradient: Float32Array, rate: number, scale: number, step: number): void {
    const { beta1, beta2, epsilon, weightDecay } = OPTIONS;
    for (let i = 0; i < this.values.length; i++) {
      const g = gradient[i]! * scale;
      this.first[i] = beta1 * this.first[i]! + (1 - beta1) * g;
      this.second[i] = beta2 * this.second[i]! + (1 - beta2) * g * g;
      const decay = i < this.matrix ? weightDecay : 0;
      const direction = this.first[i]! / (1 - beta1 ** step) / (Math.sqrt(this.second[i]! / (1 - beta2 ** step)) + epsilon);
      this.values[i]! -= rate * (direction + decay * this.values[i]!);
    }
  }
}

const RATES = [0.1, 0.05, 0.2, 0.01, 0.1, 0.1];

function stepBoth(optimizer: AdamW, plain: PlainAdamW, step: number): void {
  const gradient = randomValues(plain.values.length, `gradient/${step}`);
  const scale = step % 2 === 0 ? 0.3 : 1;
  plain.step(gradient, RATES[step - 1]!, scale, step);
  const { matrix } = plain;
  const outputs = plain.values.length - matrix;
  const gradients = [tf.tensor2d(gradient.slice(0, matrix), [matrix / outputs, outputs]), tf.tensor1d(gradient.slice(matrix))];
  const flat = optimizer.flatten(gradients);
  optimizer.apply(flat, RATES[step - 1]!, scale, step);
  flat.dispose();
  tf.dispose(gradients);
}

function assertClose(got: readonly number[], expected: ArrayLike<number>): void {
  assert.is(got.length, expected.length);
  got.forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]!) < 1e-5, `[${i}]: ${value} for ${expected[i]}`);
  });
}

test('equals its definition over several steps, in one group or in several; matrices decay, vectors do not', async () => {
  for (const groupNumbers of [1000, 1]) {
    const { layer, weights, values } = makeWeights();
    const optimizer = new AdamW(weights, OPTIONS, groupNumbers);
    const plain = new PlainAdamW(values);
    for (let step = 1; step <= RATES.length; step++) {
      stepBoth(optimizer, plain, step);
      assertClose(readAll(weights), plain.values);
    }
    assertClose([...(await optimizer.arrays()).get('dense/first')!], plain.first);
    optimizer.dispose();
    tf.dispose(layer.getWeights());
  }
});

test('moments go into a new optimiser, which goes on to the byte', async () => {
  const { layer, weights, values } = makeWeights();
  const optimizer = new AdamW(weights, OPTIONS);
  const plain = new PlainAdamW(values);
  for (let step = 1; step <= 3; step++) stepBoth(optimizer, plain, step);
  const kept = await optimizer.arrays();
  assertClose([...kept.get('dense/first')!], plain.first);
  assertClose([...kept.get('dense/second')!], plain.second);

  const other = makeWeights();
  // Made before the weights are set: it must read them at every step.
  const resumed = new AdamW(other.weights, OPTIONS);
  other.layer.setWeights(layer.getWeights());
  resumed.restore(kept);
  for (let step = 4; step <= 6; step++) {
    stepBoth(optimizer, plain, step);
    stepBoth(resumed, new PlainAdamW(values.slice()), step);
    assert.equal(readAll(other.weights), readAll(weights));
  }
  for (const used of [optimizer, resumed]) used.dispose();
  tf.dispose([...layer.getWeights(), ...other.layer.getWeights()]);
});

test('embeddings decay like other matrices, or not at all', () => {
  for (const decayEmbeddings of [undefined, true, false]) {
    const layer = new SymbolKindEmbedding({ name: 'kinds', kinds: 2, dimension: 3 });
    layer.build();
    const [table] = layer.trainableWeights;
    tf.tidy(() => {
      table!.write(tf.ones([2, 3]));
    });
    const optimizer = new AdamW([table!], { ...OPTIONS, decayEmbeddings });
    const gradient = new DenseGradient([tf.zeros([6])]);
    optimizer.apply(gradient, 0.5, 1, 1);
    // Without a gradient only the decay moves them: 1 - 0.5 * 0.1.
    assertClose(readAll([table!]), new Array(6).fill(decayEmbeddings === false ? 1 : 0.95));
    optimizer.dispose();
    gradient.dispose();
    table!.dispose();
  }
});

test('weights of many numbers, cut anywhere', async () => {
  const [inputs, outputs] = [123, 345];
  for (const groupNumbers of [100_000, 1]) {
    const { layer, weights, values } = makeWeights(inputs, outputs);
    const optimizer = new AdamW(weights, OPTIONS, groupNumbers);
    const plain = new PlainAdamW(values, inputs * outputs);
    for (let step = 1; step <= 2; step++) stepBoth(optimizer, plain, step);
    assertClose(readAll(weights), plain.values);
    const arrays = await optimizer.arrays();
    assertClose([...arrays.get('dense/first')!], plain.first);
    assertClose([...arrays.get('dense/second')!], plain.second);
    optimizer.dispose();
    tf.dispose(layer.getWeights());
  }
});

test('a step changes the weights and nothing that shares their memory: what they were made of, copies, averages', () => {
  const { layer, weights, values } = makeWeights();
  const source = Float32Array.from(values.slice(0, INPUTS * OUTPUTS));
  tf.tidy(() => {
    weights[0]!.write(tf.tensor2d(source, [INPUTS, OUTPUTS]));
  });
  const optimizer = new AdamW(weights, OPTIONS);
  const plain = new PlainAdamW(values);
  const averages = new DenseAverages(weights, 1);
  const shown = (): number[] => {
    averages.show();
    const numbers = readAll(weights);
    averages.hide();
    return numbers;
  };
  const before = readAll(weights);
  for (let step = 1; step <= 3; step++) {
    const held = readAll(weights);
    const copies = weights.map((weight) => weight.read().clone());
    stepBoth(optimizer, plain, step);
    assert.equal(
      copies.flatMap((copy) => [...copy.dataSync()]),
      held,
    );
    tf.dispose(copies);
    assertClose(readAll(weights), plain.values);
    // To see them, weights are taken out of the model and put back.
    assert.equal(shown(), before);
    assertClose(readAll(weights), plain.values);
  }
  assert.equal([...source], before.slice(0, INPUTS * OUTPUTS));
  optimizer.dispose();
  averages.dispose();
  tf.dispose(layer.getWeights());
});

test('the state of one backend goes on in another', async () => {
  const { layer, weights, values } = makeWeights();
  const optimizer = new AdamW(weights, OPTIONS);
  const plain = new PlainAdamW(values);
  for (let step = 1; step <= 2; step++) stepBoth(optimizer, plain, step);
  const state = await optimizer.arrays();
  const numbers = readAll(weights);
  optimizer.dispose();
  tf.dispose(layer.getWeights());
  // Without native kernels, wherever this runs.
  await tf.setBackend('cpu');
  try {
    const other = makeWeights();
    const [matrix, vector] = [numbers.slice(0, INPUTS * OUTPUTS), numbers.slice(INPUTS * OUTPUTS)];
    tf.tidy(() => {
      other.layer.setWeights([tf.tensor2d(matrix, [INPUTS, OUTPUTS]), tf.tensor1d(vector)]);
    });
    const resumed = new AdamW(other.weights, OPTIONS);
    resumed.restore(state);
    for (let step = 3; step <= 4; step++) stepBoth(resumed, plain, step);
    assertClose(readAll(other.weights), plain.values);
    resumed.dispose();
    tf.dispose(other.layer.getWeights());
  } finally {
    await testBackend();
  }
});

test('no tensor is left behind by steps or by dispose', () => {
  const { layer, weights, values } = makeWeights();
  const before = tf.memory().numTensors;
  const optimizer = new AdamW(weights, OPTIONS);
  const plain = new PlainAdamW(values);
  stepBoth(optimizer, plain, 1);
  const during = tf.memory().numTensors;
  for (let step = 2; step <= 6; step++) stepBoth(optimizer, plain, step);
  assert.is(tf.memory().numTensors, during);
  optimizer.dispose();
  assert.is(tf.memory().numTensors, before);
  tf.dispose(layer.getWeights());
});

test.run();
