import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import { selectBackend, tf } from '../../../model/backend/index.ts';
import { CemModel } from '../../../model/embedder.ts';
import type { TrainingBatch } from '../../../training/batches/training-batch.ts';
import { TrainingStep } from '../../../training/loop/step.ts';
import { averageDecay, keptShare } from '../../../training/optimizers/average-decay.ts';
import { trainingConfigSchema } from '../../../training/options/config.ts';
import { restoreBackend } from '../../backend.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { randomValues, tinyConfig } from '../../model/tiny-model.ts';

const test = suite('averages of weights');
// Byte equality is stated of one thread: sums of several have no fixed order.
test.before(async () => {
  await selectBackend('wasm');
});
test.after(async () => {
  await restoreBackend();
});

const DIMENSION = 8;
const CONFIG = tinyConfig();
const STEPS = 7;

test('decays grow up to the wanted one; what they leave is their product', () => {
  // (1 + t) / (10 + t): 2/11, 3/12, … and 0.9 from t = 80 on.
  assert.is(averageDecay(0.9, 1), 2 / 11);
  assert.is(averageDecay(0.9, 2), 3 / 12);
  assert.is(averageDecay(0.9, 80), 0.9);
  assert.is(averageDecay(0.9, 5000), 0.9);
  for (const decay of [0.05, 0.9, 0.99, 0.999]) {
    for (const [from, to] of [
      [0, 1],
      [0, 0],
      [3, 3],
      [0, 50],
      [7, 79],
      [70, 95],
      [79, 80],
      [80, 81],
      [500, 2000],
      [0, 3000],
    ] as const) {
      let product = 1;
      for (let step = from + 1; step <= to; step++) product *= averageDecay(decay, step);
      const kept = keptShare(decay, from, to);
      assert.ok(Math.abs(kept - product) <= 1e-11 * product, `${decay}: ${from} to ${to}: ${kept} for ${product}`);
    }
  }
});

/** Three chunks whose rows are other ones in every step, so that some rows stand still for a while; the upper half of each table is never named. */
function batchOf(model: CemModel, step: number): TrainingBatch {
  const random = new RandomNumbers(1, `batch/${step}`);
  const { sizes, rows } = CONFIG.tables;
  const chunks = [5, 9, 12].map((count) => ({
    count,
    lengths: new Uint32Array(count).fill(2),
    kinds: new Uint8Array(count).fill(3),
    rows: [128, ...sizes.map(() => Math.floor(rows / 2))].map((limit) =>
      Int32Array.from({ length: 2 * count }, () => random.integer(limit)),
    ),
  }));
  const targets = randomValues(chunks.length * DIMENSION, `targets/${step}`);
  return { name: 'passages', weight: 1, symbols: model.batch(chunks), targets };
}

const training = (changes: Record<string, unknown> = {}) =>
  trainingConfigSchema.parse({
    schedule: { warmupSteps: 0 },
    optimizer: { learningRate: 0.02, tablesLearningRate: 0.05 },
    ...changes,
  });

/** All weights: those of the graph, then the tables. */
function allWeights(model: CemModel): Float32Array[] {
  const dense = model.graph.weights.map((weight) => weight.read().dataSync() as Float32Array);
  return [...dense, ...model.tables.tables].map((values) => values.slice());
}

test('are those of the definition, by plain loops over all weights, whenever they are asked for; training does not notice', async () => {
  const DECAY = 0.3;
  const before = tf.memory().numTensors;
  const [model, other] = [CemModel.create(CONFIG, DIMENSION, 1), CemModel.create(CONFIG, DIMENSION, 1)];
  const step = new TrainingStep(model, training({ ema: { decay: DECAY } }));
  const plainStep = new TrainingStep(other, training());
  const expected = allWeights(other).map((values) => Float64Array.from(values));
  let tensors = 0;
  for (let number = 0; number < STEPS; number++) {
    await step.run([batchOf(model, number)], number);
    await plainStep.run([batchOf(other, number)], number);
    const weights = allWeights(other);
    assert.equal(allWeights(model), weights, `step ${number}`);
    const decay = averageDecay(DECAY, number + 1);
    expected.forEach((average, index) => {
      average.forEach((value, i) => {
        average[i] = decay * value + (1 - decay) * weights[index]![i]!;
      });
    });
    if (number === 0) tensors = tf.memory().numTensors;
    else assert.is(tf.memory().numTensors, tensors, `tensors after step ${number}`);
    if (number % 3 !== 0) continue;
    await step.showAverages();
    // A second time changes nothing.
    await step.showAverages();
    allWeights(model).forEach((values, index) => {
      values.forEach((value, i) => {
        if (!(Math.abs(value - expected[index]![i]!) < 1e-6))
          assert.unreachable(`step ${number}, weight ${index} [${i}]: ${value} for ${expected[index]![i]}`);
      });
    });
    assert.not.equal(allWeights(model)[0], weights[0]);
  }
  for (const used of [step, plainStep, model, other]) used.dispose();
  assert.is(tf.memory().numTensors, before);
});

test('go on to the byte from their arrays, which hold what training goes on from; arrays of a run without averages are refused', async () => {
  const config = training({ ema: { decay: 0.9 }, optimizer: { kind: 'lion', tables: 'rowwise-adagrad' } });
  const model = CemModel.create(CONFIG, DIMENSION, 1);
  const step = new TrainingStep(model, config);
  for (let number = 0; number < 3; number++) await step.run([batchOf(model, number)], number);
  await step.showAverages();
  // What a checkpoint has: the model as it is shown, and the arrays beside it.
  const shown = allWeights(model);
  const arrays = new Map([...(await step.arrays())].map(([name, values]) => [name, values.slice()]));

  const resumedModel = CemModel.create(CONFIG, DIMENSION, 2);
  resumedModel.graph.weights.forEach((weight, index) => {
    const tensor = tf.tensor(shown[index]!, weight.shape as number[]);
    weight.write(tensor);
    tensor.dispose();
  });
  resumedModel.tables.tables.forEach((table, index) => {
    table.set(shown[model.graph.weights.length + index]!);
  });
  const resumed = new TrainingStep(resumedModel, config);
  resumed.restore(arrays);
  await resumed.showAverages();
  assert.equal(allWeights(resumedModel), shown, 'the same averages');
  for (let number = 3; number < STEPS; number++) {
    await step.run([batchOf(model, number)], number);
    await resumed.run([batchOf(resumedModel, number)], number);
    assert.equal(allWeights(resumedModel), allWeights(model), `step ${number}`);
  }
  for (const used of [step, resumed]) await used.showAverages();
  assert.equal(allWeights(resumedModel), allWeights(model));
  assert.equal(await resumed.arrays(), await step.arrays());

  const without = new Map([...arrays].filter(([name]) => !/average/.test(name)));
  const error = await errorOf(async () => resumed.restore(without));
  assert.is(error.code, 'CHECKPOINT_SHAPE');
  for (const used of [step, resumed, model, resumedModel]) used.dispose();
});

test.run();
