import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tf } from '../../../model/backend/index.ts';
import { CemModel } from '../../../model/embedder.ts';
import { namedWeights } from '../../../model/named-weights.ts';
import { AdamW } from '../../../training/optimizers/adamw.ts';
import { DenseAverages } from '../../../training/optimizers/dense-averages.ts';
import { GroupVectors } from '../../../training/optimizers/group-vectors.ts';
import { groupWeights, readGroup, writeGroup } from '../../../training/optimizers/weight-groups.ts';
import { testBackend } from '../../backend.ts';
import { randomValues, tinyConfig, tinyModel } from '../../model/tiny-model.ts';

const test = suite('vectors of groups');
test.before(async () => {
  await testBackend();
});

const DIMENSION = 12;
/** One group, some, and one for each variable. */
const GROUP_NUMBERS = [undefined, 2000, 1];

/** All weights one after another, as files have them. */
const filed = (model: CemModel): number[] =>
  namedWeights(model.graph).flatMap((weight) => [...tf.tidy(() => weight.read().dataSync())]);

test('are given and taken in the order of the weights in files, whatever the groups', async () => {
  const model = tinyModel(tinyConfig(), DIMENSION);
  const other = CemModel.create(tinyConfig(), DIMENSION, 2);
  for (const groupNumbers of GROUP_NUMBERS) {
    const before = tf.memory().numTensors;
    const vectors = new GroupVectors(groupWeights(model.graph.trainableWeights, groupNumbers), readGroup);
    const all = await vectors.array();
    assert.equal([...all], filed(model));

    const groups = groupWeights(other.graph.trainableWeights, groupNumbers);
    const taken = new GroupVectors(groups);
    taken.restore(all);
    assert.equal(await taken.array(), all);
    groups.forEach((group, index) => {
      writeGroup(group, taken.at(index));
    });
    assert.equal(filed(other), filed(model));
    for (const used of [vectors, taken]) used.dispose();
    assert.is(tf.memory().numTensors, before);
  }
  for (const used of [model, other]) used.dispose();
});

test("AdamW's moments after one step are the gradients of the weights in files, one after another", async () => {
  const model = tinyModel(tinyConfig(), DIMENSION);
  const { trainableWeights } = model.graph;
  const optimizer = new AdamW(trainableWeights, { beta1: 0.5, beta2: 0.75, epsilon: 1e-8, weightDecay: 0 });
  tf.tidy(() => {
    // The gradient of a weight is the weight itself, so that each place is known again.
    const gradients = trainableWeights.map((weight) => weight.read().clone());
    optimizer.apply(optimizer.flatten(gradients), 0, 1, 1);
  });
  const arrays = await optimizer.arrays();
  const weights = Float32Array.from(filed(model));
  // 1 - beta is a power of two.
  assert.equal(
    arrays.get('dense/first'),
    weights.map((value) => value / 2),
  );
  assert.ok(arrays.get('dense/second')!.every((value, i) => Math.abs(value - weights[i]! ** 2 / 4) <= 1e-6 * value));

  const resumed = new AdamW(trainableWeights, { beta1: 0.5, beta2: 0.75, epsilon: 1e-8, weightDecay: 0 }, 2000);
  resumed.restore(arrays);
  assert.equal(await resumed.arrays(), arrays);
  for (const used of [optimizer, resumed, model]) used.dispose();
});

test('averages and the weights beside them are in the order of files too', async () => {
  const model = tinyModel(tinyConfig(), DIMENSION);
  const averages = new DenseAverages(model.graph.trainableWeights);
  const first = filed(model);
  for (const weight of namedWeights(model.graph)) {
    tf.tidy(() => {
      weight.write(tf.tensor(randomValues(tf.util.sizeFromShape([...weight.shape]), weight.name), [...weight.shape]));
    });
  }
  const second = filed(model);
  averages.show();
  assert.equal(filed(model), first);
  const arrays = await averages.arrays();
  assert.equal([...arrays.get('dense/average')!], first);
  assert.equal([...arrays.get('dense/weights')!], second);
  averages.hide();
  averages.dispose();

  const other = CemModel.create(tinyConfig(), DIMENSION, 2);
  const resumed = new DenseAverages(other.graph.trainableWeights, 1);
  resumed.restore(arrays);
  assert.equal(filed(other), second);
  resumed.dispose();
  for (const used of [model, other]) used.dispose();
});

test.run();
