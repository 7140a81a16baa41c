import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tf } from '../../../model/backend/index.ts';
import { setRecompute } from '../../../model/graph.ts';
import { splitSymbolBatch } from '../../../training/batches/training-batch.ts';
import { cachedGradients } from '../../../training/gradients/gradient-caching.ts';
import { wholeGradients } from '../../../training/gradients/gradients.ts';
import { TrainingStep } from '../../../training/loop/step.ts';
import { trainingConfigSchema } from '../../../training/options/config.ts';
import { testBackend } from '../../backend.ts';
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
} from './gradient-batches.ts';

const test = suite('gradients');
test.before(async () => {
  await testBackend();
});

test('gradient caching gives the gradient of the whole batch, for weights and for tables', async () => {
  const model = tinyModel(config, DIMENSION);
  const batches = await batchesOf(model, [13, 9]);
  const before = tf.memory().numTensors;
  const whole = await wholeGradients(model, batches, losses, flatten);
  const expected = allGradients(model, whole);
  for (const microBatch of [1, 4, 13, 100]) {
    const cached = await cachedGradients(model, batches, losses, flatten, microBatch);
    const apart = difference(expected, allGradients(model, cached));
    console.log(`pieces of ${microBatch}: largest relative difference ${apart.toExponential(1)}`);
    assert.ok(apart < LARGEST_DIFFERENCE, `pieces of ${microBatch}: ${apart}`);
    assert.ok(Math.abs(cached.loss - whole.loss) < 1e-5 * whole.loss);
    assert.equal(Object.keys(cached.terms), Object.keys(whole.terms));
    for (const [name, term] of Object.entries(whole.terms)) assert.ok(Math.abs(cached.terms[name]! - term) < 1e-4, name);
    cached.dense.dispose();
  }
  whole.dense.dispose();
  assert.is(tf.memory().numTensors, before, 'nothing is left behind');
  model.dispose();
});

/** Patches of one size, and of any; deep enough that what blocks keep is most of a tape. */
const DEEP = { ...config, global: { ...config.global, layers: 4 } };
const PATCHED = { static: DEEP, frame: { ...DEEP, patching: { kind: 'frame', maximumLength: 6 } as const } };

for (const [kind, shape] of Object.entries(PATCHED))
  test(`recomputation gives the same gradients, and keeps less: ${kind} patches`, async () => {
    const model = tinyModel(shape, DIMENSION);
    const batches = await batchesOf(model, [12]);
    const gradientsWith = async (recompute: boolean) => {
      setRecompute(model.graph, recompute);
      const tensors = tf.memory().numTensors;
      const gradients = await wholeGradients(model, batches, losses, flatten);
      const arrays = allGradients(model, gradients);
      gradients.dense.dispose();
      assert.is(tf.memory().numTensors, tensors, 'nothing is left behind');
      return arrays;
    };
    const apart = difference(await gradientsWith(false), await gradientsWith(true));
    console.log(`recomputed: largest relative difference ${apart.toExponential(1)}`);
    assert.ok(apart < 1e-6, `${apart}`);

    /** Bytes that a tape over the model holds. */
    const taped = (recompute: boolean) => {
      setRecompute(model.graph, recompute);
      const [batch] = batches;
      const symbols = tf.tensor3d(model.tables.embed(batch!.symbols), [batch!.symbols.size, batch!.symbols.symbols, 16]);
      let held = 0;
      const { value, grads } = tf.engine().gradients(() => {
        const vectors = model.apply(symbols, batch!.symbols);
        held = tf.memory().numBytes;
        return tf.sum(vectors);
      }, [symbols]);
      tf.dispose([value, ...grads, symbols]);
      return held - tf.memory().numBytes;
    };
    assert.ok(taped(true) < 0.35 * taped(false), `${taped(true)} bytes instead of ${taped(false)}`);
    model.dispose();
  });

test('accumulation takes the mean of the groups: losses without contrast are those of one large batch', async () => {
  const training = trainingConfigSchema.parse({
    steps: 4,
    schedule: { warmupSteps: 0 },
    // Clipping stays out of it: its norm is compared by itself.
    optimizer: { clipNorm: 1e9 },
    loss: { infoNce: { weight: 0 } },
  });
  const results = [];
  const weights: Float32Array[][] = [];
  for (const parts of [[12], [4, 4, 4]]) {
    const model = tinyModel(config, DIMENSION);
    const [large] = await batchesOf(model, [12]);
    let from = 0;
    const symbolParts = splitSymbolBatch(large!.symbols, parts[0]!);
    const groups = symbolParts.map((symbols) => {
      const targets = large!.targets.slice(from * DIMENSION, (from + symbols.size) * DIMENSION);
      from += symbols.size;
      return [{ name: 'texts', weight: 1, symbols, targets }];
    });
    const step = new TrainingStep(model, training);
    results.push(await step.runAccumulated(groups, 0));
    weights.push([
      ...model.graph.trainableWeights.map((weight) => weight.read().dataSync() as Float32Array),
      ...model.tables.tables.map((t) => t.slice()),
    ]);
    step.dispose();
    model.dispose();
  }
  const [one, three] = results;
  assert.ok(Math.abs(one!.loss - three!.loss) < 1e-5, `${one!.loss}, ${three!.loss}`);
  assert.ok(Math.abs(one!.gradientNorm - three!.gradientNorm) < 1e-5 * one!.gradientNorm);
  // Adam's first step moves each weight by the sign of its gradient: tiny gradients may turn over, so most must be equal and not all.
  let apart = 0;
  let count = 0;
  weights[0]!.forEach((values, part) => {
    values.forEach((value, i) => {
      if (Math.abs(value - weights[1]![part]![i]!) > 1e-4) apart++;
      count++;
    });
  });
  assert.ok(apart < 0.001 * count, `${apart} of ${count} weights differ`);
});

test('a part of a batch holds what the whole has at its place, patches included', async () => {
  const model = tinyModel(config, DIMENSION);
  const [batch] = await batchesOf(model, [7]);
  const { symbols } = batch!;
  const whole = model.tables.embed(symbols);
  const count = symbols.symbols / 4;
  const withPatches = {
    ...symbols,
    patches: {
      count,
      ids: Int32Array.from({ length: symbols.size * symbols.symbols }, (_, i) => Math.floor((i % symbols.symbols) / 4)),
      mask: Float32Array.from({ length: symbols.size * count }, (_, i) => i),
    },
  };
  let row = 0;
  for (const part of splitSymbolBatch(withPatches, 3)) {
    const width = symbols.symbols * 16;
    assert.equal(model.tables.embed(part), whole.slice(row * width, (row + part.size) * width));
    assert.equal(part.patches!.mask, withPatches.patches.mask.slice(row * count, (row + part.size) * count));
    assert.is(part.patches!.ids.length, part.size * part.symbols);
    row += part.size;
  }
  assert.is(row, 7);
  model.dispose();
});

test.run();
