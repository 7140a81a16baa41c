import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadImageTowerModel } from '../../../checkpoints/index.ts';
import { transformersConfig } from '../../../encoders/index.ts';
import { imageTowerShapeSchema } from '../../../model/image-tower/index.ts';
import { namedWeights, tf } from '../../../model/index.ts';
import { PictureBatches } from '../../../training/images/picture-batches.ts';
import { type ImageTrainOptions, imageTrainingConfigSchema, trainImageTower } from '../../../training/index.ts';
import { testBackend } from '../../backend.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { silent } from '../../fixtures/train-options.ts';

const test = suite('training an image tower');

test.before(async () => {
  await testBackend();
});

const COUNT = 24;
const SIZE = 8;
const DIMENSION = 6;

/** Pictures of one colour each, whose target is where the colour points. */
const examples = (() => {
  const pictures = new Uint8Array(COUNT * 3 * SIZE * SIZE);
  const targets = new Float32Array(COUNT * DIMENSION);
  for (let row = 0; row < COUNT; row++) {
    const colour = [(row * 67) % 256, (row * 131) % 256, (row * 29) % 256];
    for (let place = 0; place < 3 * SIZE * SIZE; place++) pictures[row * 3 * SIZE * SIZE + place] = colour[place % 3]!;
    const [red, green, blue] = colour.map((value) => value / 127.5 - 1) as [number, number, number];
    const vector = [red, green, blue, red * green, green * blue, 0.3];
    const length = Math.hypot(...vector);
    targets.set(
      vector.map((value) => value / length),
      row * DIMENSION,
    );
  }
  return { count: COUNT, pictures, targets, dimension: DIMENSION };
})();

const training = (steps: number) =>
  imageTrainingConfigSchema.parse({
    steps,
    batchSize: 8,
    augmentation: { light: 0 },
    schedule: { kind: 'constant', warmupSteps: 0 },
    optimizer: { learningRate: 0.005 },
    logEvery: 1,
    checkpointEvery: 4,
    keepCheckpoints: 9,
  });
const model = imageTowerShapeSchema.parse({ size: SIZE, channels: [4, 8] });
const teacher = { config: transformersConfig.parse({ kind: 'transformers', model: 'm' }), id: 'teacher', revision: '1' };

const options = (run: string, more: Partial<ImageTrainOptions> = {}): ImageTrainOptions => ({
  run,
  resume: false,
  resolved: { kind: 'image-tower' },
  environment: {},
  examples,
  teacher,
  listener: silent,
  ...more,
});

test('the loss falls, nothing leaks, and a run that was stopped goes on to the same weights', () =>
  withTemporaryFolder(async (folder) => {
    const before = tf.memory().numTensors;
    const whole = await trainImageTower({ seed: 3, model, training: training(12) }, options(join(folder, 'whole')));
    assert.is(whole.step, 12);
    assert.ok(whole.loss!.last < whole.loss!.first - 0.2, `${whole.loss!.first} -> ${whole.loss!.last}`);
    assert.is(tf.memory().numTensors, before);

    // The first five steps, and a checkpoint; then the others.
    const stop = new AbortController();
    const evaluate = async () => {
      stop.abort();
      return { 'ndcg@10': 0, retention: 0 };
    };
    const config = { ...training(12), evaluateEvery: 5 };
    const run = join(folder, 'parts');
    const part = await trainImageTower({ seed: 3, model, training: config }, options(run, { evaluate, signal: stop.signal }));
    assert.equal([part.step, part.interrupted], [5, true]);
    await trainImageTower({ seed: 3, model, training: config }, options(run, { resume: true }));
    const [one, other] = [await loadImageTowerModel(join(folder, 'whole')), await loadImageTowerModel(run)];
    assert.is(one.state.contentHash, other.state.contentHash);
    assert.equal([one.state.step, one.state.dimension, one.state.teacher.id], [12, DIMENSION, 'teacher']);
    assert.ok(namedWeights(one.model.graph).some(({ name }) => name === 'stages/0/0/kernel'));
    one.model.dispose();
    other.model.dispose();
  }));

test('batches are a function of seed and step; an epoch has each picture once', () => {
  const batches = (seed: number) => new PictureBatches(examples, SIZE, seed, training(1));
  assert.equal(batches(1).at(4), batches(1).at(4));
  assert.not.equal(batches(1).at(4).pictures, batches(2).at(4).pictures);
  const first = [0, 1, 2].flatMap((step) => {
    const { targets } = batches(1).at(step);
    return Array.from({ length: 8 }, (_, row) => targets.subarray(row * DIMENSION, (row + 1) * DIMENSION).join());
  });
  assert.is(new Set(first).size, COUNT);
  // A picture of one colour is of that colour in any part of it.
  const { pictures } = batches(1).at(0);
  for (let row = 0; row < 8; row++) {
    const own = pictures.subarray(row * 192, (row + 1) * 192);
    for (let place = 3; place < 192; place++) assert.ok(Math.abs(own[place]! - own[place % 3]!) < 1e-3);
  }
});

test('too few pictures, and a checkpoint of another kind, are refused', () =>
  withTemporaryFolder(async (folder) => {
    const config = imageTrainingConfigSchema.parse({ batchSize: 64 });
    const few = await errorOf(() => trainImageTower({ seed: 1, model, training: config }, options(join(folder, 'few'))));
    assert.is(few.code, 'TRAINING_NO_TEXTS');
    assert.is((await errorOf(() => loadImageTowerModel(folder))).code, 'CHECKPOINT_MISSING');
  }));

test.run();
