import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { selectBackend, tf } from '../../../model/backend/index.ts';
import { CemModel } from '../../../model/embedder.ts';
import { DeviceTrainingStep } from '../../../training/device/device-step.ts';
import type { OptimizerStep } from '../../../training/device/optimizer-step.ts';
import { TrainingStep } from '../../../training/loop/step.ts';
import { trainingConfigSchema } from '../../../training/options/config.ts';
import { restoreBackend } from '../../backend.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { batchesOf, CONFIG, DIMENSION } from './device-batches.ts';

const test = suite('resuming steps on the device');
// Byte equality is stated of one thread: sums of several have no fixed order.
test.before(async () => {
  await selectBackend('wasm');
});
test.after(async () => {
  await restoreBackend();
});

const FIRST = 3;
const STEPS = 6;
const config = trainingConfigSchema.parse({
  steps: STEPS,
  schedule: { warmupSteps: 0 },
  ema: { decay: 0.9 },
  optimizer: { learningRate: 0.02, tablesLearningRate: 0.05 },
});

type Arrays = Map<string, Float32Array>;
type Make = (model: CemModel) => OptimizerStep;
const onDevice: Make = (model) => new DeviceTrainingStep(model, config);
const onHost: Make = (model) => new TrainingStep(model, config);

/** All weights: those of the graph, then the tables. */
function allWeights(model: CemModel): Float32Array[] {
  return [
    ...model.graph.weights.map((weight) => (weight.read().dataSync() as Float32Array).slice()),
    ...model.tables.tables.map((table) => table.slice()),
  ];
}

async function take(step: OptimizerStep, model: CemModel, from: number, to: number): Promise<void> {
  for (let number = from; number < to; number++) await step.runAccumulated([batchesOf(model, number)], number);
}

/** What a checkpoint has: the model as it is shown, and the arrays beside it. */
async function checkpoint(step: OptimizerStep, model: CemModel): Promise<{ weights: Float32Array[]; arrays: Arrays }> {
  await step.showAverages();
  const arrays = new Map([...(await step.arrays())].map(([name, values]) => [name, values.slice()] as const));
  return { weights: allWeights(model), arrays };
}

/** A model that a checkpoint was read into. */
function modelOf(weights: readonly Float32Array[]): CemModel {
  const model = CemModel.create(CONFIG, DIMENSION, 2);
  model.graph.weights.forEach((weight, index) => {
    const tensor = tf.tensor(weights[index]!, weight.shape as number[]);
    weight.write(tensor);
    tensor.dispose();
  });
  model.tables.tables.forEach((table, index) => {
    table.set(weights[model.graph.weights.length + index]!);
  });
  return model;
}

test('steps go on to the byte from a checkpoint, averages and evaluations in between change nothing, and no tensor is left behind', async () => {
  const before = tf.memory().numTensors;
  const model = CemModel.create(CONFIG, DIMENSION, 1);
  const step = onDevice(model);
  await take(step, model, 0, FIRST);
  const tensors = tf.memory().numTensors;
  const saved = await checkpoint(step, model);
  await take(step, model, FIRST, STEPS);
  assert.is(tf.memory().numTensors, tensors, 'as many tensors after six steps as after three');
  const whole = await checkpoint(step, model);

  const other = modelOf(saved.weights);
  const resumed = onDevice(other);
  resumed.restore(saved.arrays);
  assert.equal((await checkpoint(resumed, other)).weights, saved.weights, 'the same averages');
  await take(resumed, other, FIRST, STEPS);
  const again = await checkpoint(resumed, other);
  assert.equal(again.weights, whole.weights);
  assert.equal([...again.arrays], [...whole.arrays]);

  for (const used of [step, resumed]) used.dispose();
  assert.equal(
    allWeights(model).slice(0, model.graph.weights.length).length,
    model.graph.weights.length,
    'the graph has weights',
  );
  for (const used of [model, other]) used.dispose();
  assert.is(tf.memory().numTensors, before, 'dispose gives everything back');
});

for (const [name, from, to] of [
  ['from the host to the device', onHost, onDevice],
  ['from the device to the host', onDevice, onHost],
] as const)
  test(`checkpoints go ${name}`, async () => {
    const model = CemModel.create(CONFIG, DIMENSION, 1);
    const step = from(model);
    await take(step, model, 0, FIRST);
    const saved = await checkpoint(step, model);
    await take(step, model, FIRST, STEPS);
    const whole = await checkpoint(step, model);
    const other = modelOf(saved.weights);
    const resumed = to(other);
    resumed.restore(saved.arrays);
    await take(resumed, other, FIRST, STEPS);
    const again = await checkpoint(resumed, other);
    assert.equal([...again.arrays.keys()], [...whole.arrays.keys()]);
    again.weights.forEach((values, part) => {
      values.forEach((value, i) => {
        const expected = whole.weights[part]![i]!;
        // Rates are large here: where a gradient is nearly zero its sign is rounding, and Adam moves by the sign.
        assert.ok(Math.abs(value - expected) < 1e-3, `weight ${part} [${i}]: ${value} for ${expected}`);
      });
    });
    for (const used of [step, resumed, model, other]) used.dispose();
  });

test('arrays of another configuration are refused, and the state stays as it was', async () => {
  const model = CemModel.create(CONFIG, DIMENSION, 1);
  const step = onDevice(model);
  const tensors = tf.memory().numTensors;
  const { weights, arrays } = await checkpoint(step, model);
  for (const missing of ['dense/second', 'tables/1/first', 'tables/0/average', 'average/step']) {
    const some = new Map(arrays);
    some.delete(missing);
    assert.is((await errorOf(async () => step.restore(some))).code, 'CHECKPOINT_SHAPE', missing);
  }
  assert.is(tf.memory().numTensors, tensors, 'nothing is left behind');
  await step.showAverages();
  assert.equal(allWeights(model), weights);
  step.dispose();
  model.dispose();
});

test.run();
