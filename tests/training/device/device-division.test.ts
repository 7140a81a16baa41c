import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { selectBackend, tf } from '../../../model/backend/index.ts';
import { checkStepChoice } from '../../../training/device/choose-step.ts';
import { DeviceTrainingStep } from '../../../training/device/device-step.ts';
import { planTraining } from '../../../training/index.ts';
import { trainingConfigSchema } from '../../../training/options/config.ts';
import { restoreBackend } from '../../backend.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { severalDevicesAtHand } from '../../model/backend/xla/xla-at-hand.ts';
import { tinyModel } from '../../model/tiny-model.ts';
import { batchesOf, CONFIG, DIMENSION } from './device-batches.ts';

const test = suite('a training step of two devices');
test.after(async () => {
  await restoreBackend();
});

const STEPS = 2;
/** Float32's rounding after so many steps. */
const LARGEST_DIFFERENCE = 1e-3;

/** Losses and norms of a few steps, then all weights and tables. */
async function numbersOf(settings: Readonly<Record<string, unknown>>): Promise<{ reports: number[]; weights: number[] }> {
  const config = trainingConfigSchema.parse({ steps: STEPS, schedule: { warmupSteps: 1 }, ema: { decay: 0.5 }, ...settings });
  const model = tinyModel(CONFIG, DIMENSION);
  const before = tf.memory().numTensors;
  const step = new DeviceTrainingStep(model, config, (exact) => exact);
  const reports: number[] = [];
  for (let number = 0; number < STEPS; number++) {
    const groups = Array.from({ length: config.accumulate ?? 1 }, () => batchesOf(model, 0));
    const { loss, gradientNorm } = await step.runAccumulated(groups, number);
    reports.push(loss, gradientNorm);
  }
  await step.showAverages();
  const weights = [...model.tables.tables.flatMap((table) => [...table])];
  for (const weight of model.graph.trainableWeights) weights.push(...weight.read().dataSync());
  step.dispose();
  assert.is(tf.memory().numTensors, before, 'dispose gives everything back');
  model.dispose();
  return { reports, weights };
}

for (const [name, settings] of [
  ['in one program', {}],
  ['of groups in pieces', { accumulate: 2, gradientCaching: { microBatch: 2 } }],
] as const) {
  test(`${name}: its losses, weights and tables are those of one device`, async () => {
    if (!(await severalDevicesAtHand())) return;
    const one = await numbersOf(settings);
    const two = await numbersOf({ ...settings, devices: 2 });
    for (const part of ['reports', 'weights'] as const) {
      const apart = Math.max(
        ...one[part].map((value, index) => Math.abs(value - two[part][index]!) / Math.max(1, Math.abs(value))),
      );
      console.log(`${part} differ by ${apart.toExponential(1)}`);
      assert.is(one[part].length, two[part].length);
      assert.ok(apart < LARGEST_DIFFERENCE, `${apart}`);
    }
  });
}

test('a plan says what each device holds: its share of the activations beside the whole state, and both on a host that is the device', async () => {
  const batches = { passages: { batchSize: 8, weight: 1 }, sentences: { batchSize: 4, weight: 1 } };
  const plan = (devices: number) => planTraining(CONFIG, DIMENSION, trainingConfigSchema.parse({ ...batches, devices }));
  if (!(await severalDevicesAtHand())) return;
  const [one, two] = [await plan(1), await plan(2)];
  assert.equal([one.devices, two.devices], [1, 2]);
  const stateOf = ({ memory }: typeof one) => memory.tables + memory.tableOptimizer + memory.weights + memory.optimizer;
  assert.is(stateOf(two), stateOf(one));
  const shareOf = (each: typeof one) => (each.memory.device - stateOf(each)) / (one.memory.device - stateOf(one));
  assert.ok(shareOf(two) > 0.5 && shareOf(two) < 0.95, `${shareOf(two)}`);
  assert.is(two.peak - one.peak, 2 * two.memory.device - one.memory.device);
  assert.is(two.operations, one.operations);
});

test('what cannot be divided is refused before anything is done', async () => {
  const batches = trainingConfigSchema.parse({ passages: { batchSize: 6, weight: 1 }, sentences: { batchSize: 9, weight: 1 } });
  await selectBackend('cpu');
  const refused = async (choice: Parameters<typeof checkStepChoice>[0]) => {
    const error = await errorOf(async () => checkStepChoice(choice));
    assert.is(error.code, 'TRAINING_DEVICES');
    return error.message;
  };
  assert.match(await refused({ ...batches, devices: 2 }), 'several devices need the backend xla, but cpu computes');
  // A plan is of a step that can be taken.
  const planned = await errorOf(() => planTraining(CONFIG, DIMENSION, trainingConfigSchema.parse({ ...batches, devices: 2 })));
  assert.is(planned.code, 'TRAINING_DEVICES');
  if (!(await severalDevicesAtHand())) return;
  assert.match(await refused({ ...batches, devices: 63 }), 'the plugin shows');
  assert.match(await refused({ ...batches, devices: 2 }), 'training.sentences has batches of 9 texts');
  assert.match(await refused({ ...batches, devices: 2, tables: 'host' }), 'tables on the device');
  checkStepChoice({ ...batches, sentences: { ...batches.sentences, batchSize: 8 }, devices: 2 });
});

test.run();
