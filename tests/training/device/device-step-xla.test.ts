import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { selectBackend, tf } from '../../../model/backend/index.ts';
import { DeviceTrainingStep } from '../../../training/device/device-step.ts';
import { StepInputMaker } from '../../../training/device/step-inputs.ts';
import { coveringStep } from '../../../training/device/step-shape.ts';
import { shapesFor } from '../../../training/loop/create-step.ts';
import { TrainingStep } from '../../../training/loop/step.ts';
import { trainingConfigSchema } from '../../../training/options/config.ts';
import { restoreBackend } from '../../backend.ts';
import { xlaAtHand } from '../../model/backend/xla/xla-at-hand.ts';
import { tinyModel } from '../../model/tiny-model.ts';
import { batchesOf, CONFIG, DIMENSION } from './device-batches.ts';

const test = suite('training step as one program');
test.after(async () => {
  await restoreBackend();
});

const STEPS = 6;
/** Float32's rounding after so many steps. */
const LARGEST_DIFFERENCE = 1e-3;

const config = trainingConfigSchema.parse({ steps: STEPS, schedule: { warmupSteps: 3 } });

test('on xla a step is one program for each shape, with the numbers of the step on the host', async () => {
  if (!(await xlaAtHand())) return;
  await selectBackend('wasm');
  const wanted: number[] = [];
  const hostModel = tinyModel(CONFIG, DIMENSION);
  const host = new TrainingStep(hostModel, config);
  for (let number = 0; number < STEPS; number++) {
    const { loss, gradientNorm } = await host.run(batchesOf(hostModel, number % 3), number);
    wanted.push(loss, gradientNorm);
  }
  host.dispose();
  hostModel.dispose();

  await selectBackend('xla');
  const before = tf.memory().numTensors;
  const model = tinyModel(CONFIG, DIMENSION);
  const maker = new StepInputMaker(model);
  const sample = coveringStep([0, 1, 2].map((number) => maker.shapeOf([batchesOf(model, number)])));
  const shapes = shapesFor(model, [sample], [5, 4]);
  const step = new DeviceTrainingStep(model, config, (exact) => shapes.fit(exact));
  const found: number[] = [];
  let tensors = 0;
  for (let number = 0; number < STEPS; number++) {
    const { loss, gradientNorm } = await step.run(batchesOf(model, number % 3), number);
    found.push(loss, gradientNorm);
    if (number === 2) tensors = tf.memory().numTensors;
  }
  assert.is(tf.memory().numTensors, tensors, 'as many tensors after six steps as after three');
  const { compilations = 0 } = step.metrics();
  const apart = Math.max(...wanted.map((value, index) => Math.abs(value - found[index]!) / Math.max(1, Math.abs(value))));
  console.log(`${compilations} program; numbers differ by ${apart.toExponential(1)}`);
  assert.is(compilations, 1, 'one shape has room for all of them: compiling takes seconds a shape');
  assert.ok(apart < LARGEST_DIFFERENCE, `${apart}`);
  step.dispose();
  model.dispose();
  assert.is(tf.memory().numTensors, before, 'dispose gives everything back');
});

test.run();
