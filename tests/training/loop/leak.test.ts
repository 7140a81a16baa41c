import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tf } from '../../../model/backend/index.ts';
import { modelConfigSchema } from '../../../model/config.ts';
import { CemModel } from '../../../model/embedder.ts';
import { compressInMemory, Granularity } from '../../../training/batches/granularity.ts';
import { TrainingStep } from '../../../training/loop/step.ts';
import { trainingConfigSchema } from '../../../training/options/config.ts';
import { testBackend } from '../../backend.ts';
import { randomValues } from '../../model/tiny-model.ts';
import { passageRows } from '../tiny-run.ts';

const test = suite('leaks');
test.before(async () => {
  await testBackend();
});

const DIMENSION = 16;
const WARM_UP_STEPS = 30;
const STEPS = 200;
const WARM_UP_ENCODES = 100;
const ENCODES = 1000;
/** Issue 3, "Done when" 8. */
const LARGEST_GROWTH = 50 * 2 ** 20;
const NONE = new Uint8Array(0);
/** Characters of a text: the shorter, the less the steps take, and what they could leave behind is the same. */
const TEXT_LENGTH = 150;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function residentMemory(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().rss;
}

const config = modelConfigSchema.parse({
  maximumSymbols: 128,
  patchSize: 4,
  tables: { sizes: [3, 5], rows: 400 },
  local: { dimension: 16, layers: 1, heads: 2, feedForward: 24, window: 8, crossAttentionHeads: 2 },
  global: { dimension: 24, layers: 1, heads: 2, feedForward: 32 },
});

function unitTargets(count: number): Float32Array {
  const values = randomValues(count * DIMENSION, 'targets');
  for (let row = 0; row < count; row++) {
    const vector = values.subarray(row * DIMENSION, (row + 1) * DIMENSION);
    const norm = Math.hypot(...vector);
    vector.forEach((value, i) => {
      vector[i] = value / norm;
    });
  }
  return values;
}

test(`${STEPS} training steps leave no tensor behind, and no more than 50 MB`, async () => {
  const texts = passageRows(48).map((row) => row.text.slice(0, TEXT_LENGTH));
  const before = tf.memory().numTensors;
  const model = CemModel.create(config, DIMENSION, 1);
  const training = trainingConfigSchema.parse({ steps: WARM_UP_STEPS + STEPS, loss: { triplet: { weight: 0.1 } } });
  const step = new TrainingStep(model, training);
  const prepared = model.prepareDictionary(NONE);
  const settings = { batchSize: 8, weight: 1, windowBatches: 4, seed: 1 };
  const frames = compressInMemory(texts, NONE, 3, () => {});
  const granularity = new Granularity('texts', { ...frames, count: texts.length, targets: unitTargets(texts.length) }, settings);
  const run = async (number: number) => {
    const batch = await granularity.batch(number, model, prepared);
    const { loss } = await step.run([batch], number);
    assert.ok(Number.isFinite(loss));
  };
  for (let number = 0; number < WARM_UP_STEPS; number++) await run(number);
  const tensors = tf.memory().numTensors;
  const memory = residentMemory();
  for (let number = WARM_UP_STEPS; number < WARM_UP_STEPS + STEPS; number++) {
    await run(number);
    assert.is(tf.memory().numTensors, tensors, `after step ${number}`);
  }
  const growth = residentMemory() - memory;
  assert.ok(growth < LARGEST_GROWTH, `resident memory grew by ${(growth / 2 ** 20).toFixed(1)} MB`);
  step.dispose();
  model.dispose();
  assert.is(tf.memory().numTensors, before, 'dispose gives everything back');
});

test(`${ENCODES} encodes leave no tensor behind, and no more than 50 MB`, async () => {
  const { frame, sizes } = compressInMemory(
    passageRows(50).map((row) => row.text.slice(0, TEXT_LENGTH)),
    NONE,
    3,
    () => {},
  );
  const frames = await Promise.all(Array.from(sizes, (_, index) => frame(index)));
  const model = CemModel.create(config, DIMENSION, 1);
  const encode = (number: number) => model.encodeChunks([frames[number % frames.length]!], NONE);
  for (let number = 0; number < WARM_UP_ENCODES; number++) await encode(number);
  const tensors = tf.memory().numTensors;
  const memory = residentMemory();
  for (let number = 0; number < ENCODES; number++) await encode(number);
  assert.is(tf.memory().numTensors, tensors);
  const growth = residentMemory() - memory;
  assert.ok(growth < LARGEST_GROWTH, `resident memory grew by ${(growth / 2 ** 20).toFixed(1)} MB`);
  model.dispose();
});

test.run();
