import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { selectBackend, tf } from '../../../model/backend/index.ts';
import type { CemModel } from '../../../model/embedder.ts';
import { wholeGradients } from '../../../training/gradients/gradients.ts';
import { GradientThread, sharedFloats } from '../../../training/workers/gradient-thread.ts';
import { checkWorkers, GradientWorkers } from '../../../training/workers/gradient-workers.ts';
import { restoreBackend } from '../../backend.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { tinyModel } from '../../model/tiny-model.ts';
import {
  allGradients,
  batchesOf,
  config,
  DIMENSION,
  difference,
  flatten,
  LARGEST_DIFFERENCE,
  losses,
} from '../loop/gradient-batches.ts';

interface Context {
  model: CemModel;
  workers: GradientWorkers;
}

const test = suite<Context>('gradient workers');
test.before(async (context) => {
  await selectBackend('wasm');
  context.model = tinyModel(config, DIMENSION);
  context.workers = (await GradientWorkers.start(context.model, { workers: 2, recompute: true }))!;
});
test.after(async ({ model, workers }) => {
  await workers.close();
  model.dispose();
  await restoreBackend();
});

/** Gradients of weights and tables together with the loss and its terms; nothing stays on the backend. */
async function compare({ model, workers }: Context, sizes: readonly number[], microBatch?: number): Promise<number> {
  const options = { loss: losses, ...(microBatch && { gradientCaching: { microBatch } }) };
  const batches = await batchesOf(model, sizes);
  const whole = await wholeGradients(model, batches, losses, flatten);
  const expected = allGradients(model, whole);
  const tensors = tf.memory().numTensors;
  const shared = await workers.gradients(batches, options);
  const got = allGradients(model, shared);
  assert.ok(Math.abs(shared.loss - whole.loss) < 1e-5 * whole.loss, `${shared.loss}, not ${whole.loss}`);
  assert.equal(Object.keys(shared.terms), Object.keys(whole.terms));
  for (const [name, term] of Object.entries(whole.terms)) assert.ok(Math.abs(shared.terms[name]! - term) < 1e-4, name);
  const again = await workers.gradients(batches, options);
  assert.equal(allGradients(model, again), got, 'a second time it is the same to the bit');
  shared.dense.dispose();
  again.dense.dispose();
  assert.is(tf.memory().numTensors, tensors, 'nothing is left behind');
  whole.dense.dispose();
  return difference(expected, got);
}

test('two workers give the gradient of the whole batch, for weights and for tables, also after the weights changed', async (context) => {
  // 13 and 9 do not divide by two; of a batch of one text the first worker has none, and of one such batch alone nothing to do.
  for (const sizes of [[13, 9], [1, 6], [1]]) {
    const apart = await compare(context, sizes);
    console.log(`batches of ${sizes.join(' and ')}: largest relative difference ${apart.toExponential(1)}`);
    assert.ok(apart < LARGEST_DIFFERENCE, `${sizes.join(', ')}: ${apart}`);
  }
  for (const weight of context.model.graph.trainableWeights) {
    const half = tf.tidy(() => tf.mul(weight.read(), 0.5));
    weight.write(half);
    half.dispose();
  }
  const apart = await compare(context, [6]);
  assert.ok(apart < LARGEST_DIFFERENCE, `other weights: ${apart}`);
});

test('the same with gradient caching inside the workers', async (context) => {
  const apart = await compare(context, [13, 9], 3);
  console.log(`with pieces of 3: largest relative difference ${apart.toExponential(1)}`);
  assert.ok(apart < LARGEST_DIFFERENCE, `${apart}`);
});

test('a worker that cannot go on says why, and fails from then on', async ({ model, workers }) => {
  const [batch] = await batchesOf(model, [4]);
  const { symbols } = batch!;
  const broken = { ...batch!, symbols: { ...symbols, kinds: symbols.kinds.subarray(0, 7) } };
  for (let attempt = 0; attempt < 2; attempt++) {
    const error = await errorOf(() => workers.gradients([broken], { loss: losses }));
    assert.is(error.code, 'TRAINING_WORKER');
    // tfjs says that so many numbers do not fill the shape.
    assert.match(error.message, /shape/);
  }
});

test('a worker that waits for gradients can be ended', async ({ model }) => {
  const weights = sharedFloats(model.graph.countParams());
  const thread = new GradientThread({ backend: 'wasm', model: model.config, dimension: DIMENSION, recompute: false, weights });
  try {
    await thread.ready();
    const [batch] = await batchesOf(model, [2]);
    await thread.start({
      pieces: [{ batch: batch!.symbols, embeddings: model.tables.embed(batch!.symbols) as Float32Array<ArrayBuffer> }],
      exchange: sharedFloats(2 * DIMENSION),
      caching: false,
    });
  } finally {
    // It sleeps inside its forward pass now.
    await thread.close();
  }
  assert.is((await errorOf(() => thread.finish())).code, 'TRAINING_WORKER');
});

test('backends that use all cores by themselves are refused by name', async () => {
  for (const backend of ['tensorflow', 'webgpu']) {
    const error = await errorOf(async () => checkWorkers(2, backend));
    assert.is(error.code, 'TRAINING_WORKERS_BACKEND');
    assert.match(error.message, backend);
    checkWorkers(undefined, backend);
    checkWorkers(1, backend);
  }
  checkWorkers(2, 'wasm');
});

test.run();
