import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tf } from '../../../model/backend/index.ts';
import type { CemModel } from '../../../model/embedder.ts';
import { BatchOrder } from '../../../training/batches/batch-order.ts';
import {
  compressInMemory,
  Granularity,
  type GranularityOptions,
  type TrainingTexts,
} from '../../../training/batches/granularity.ts';
import { rememberedItems } from '../../../training/batches/negative-memory.ts';
import type { TrainingBatch } from '../../../training/batches/training-batch.ts';
import { infoNce } from '../../../training/losses/info-nce.ts';
import { testBackend } from '../../backend.ts';
import { randomValues, smallestModel } from '../../model/tiny-model.ts';

interface Context {
  model: CemModel;
  texts: TrainingTexts;
}

const test = suite<Context>('negative memory');

const DIMENSION = 4;
const COUNT = 30;
const BATCH = 4;
/** 30 texts are 7 batches of 4. */
const BATCHES = 7;
const ORDER = { batchSize: BATCH, windowBatches: 3, seed: 5 };

/** [COUNT][DIMENSION] unit vectors, those of texts 3 and 4 the same. */
const vectors = Array.from({ length: COUNT }, (_, text) => {
  const values = [...randomValues(DIMENSION, `text ${text === 4 ? 3 : text}`)];
  return values.map((value) => Math.fround(value / Math.hypot(...values)));
});
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

test.before(async (context) => {
  await testBackend();
  context.model = smallestModel(DIMENSION);
  const texts = Array.from({ length: COUNT }, (_, text) => `text ${text} ${'and more '.repeat(text)}`);
  const frames = compressInMemory(texts, new Uint8Array(0), 3, () => {});
  context.texts = { ...frames, count: COUNT, targets: Float32Array.from(vectors.flat()) };
});
test.after(({ model }) => model.dispose());

/** A memory as it is usually kept: a queue that every batch is put into when it was trained on. */
function queueBefore(order: BatchOrder, number: number, size: number): number[] {
  let queue: number[] = [];
  for (let batch = 0; batch < number; batch++) {
    const items = [...order.batch(batch)];
    queue = [...queue.filter((item) => !items.includes(item)), ...items];
  }
  const own = [...order.batch(number)];
  return queue
    .filter((item) => !own.includes(item))
    .slice(-size)
    .reverse();
}

test('the last texts before a batch, newest first, each once and none of its own, over the ends of epochs', ({ texts }) => {
  const order = new BatchOrder(texts.sizes, { ...ORDER, name: 'a' });
  for (const size of [1, 6, 13])
    for (let number = 0; number <= 3 * BATCHES; number++)
      assert.equal(
        rememberedItems(order, number, { size, startBatch: 0 }),
        queueBefore(order, number, size),
        `${size}, ${number}`,
      );
  assert.equal(rememberedItems(order, 0, { size: 6, startBatch: 0 }), []);
});

test('no more than an epoch is remembered, none before the start, and the order of asking does not matter', ({ texts }) => {
  const options = { ...ORDER, name: 'a' };
  const order = new BatchOrder(texts.sizes, options);
  const all = rememberedItems(order, 2 * BATCHES, { size: 1000, startBatch: 0 });
  // An epoch trains on 28 of 30 texts, and 4 are the batch's own; which of those two sets a text is in varies.
  assert.ok(all.length >= 24 && all.length <= 28, `${all.length}`);
  assert.is(new Set(all).size, all.length);
  assert.equal(rememberedItems(order, 4, { size: 6, startBatch: 5 }), []);
  for (const number of [9, 2, 20, 5])
    assert.equal(
      rememberedItems(new BatchOrder(texts.sizes, options), number, { size: 6, startBatch: 5 }),
      rememberedItems(order, number, { size: 6, startBatch: 5 }),
    );
});

async function batchOf({ model, texts }: Context, number: number, options: Partial<GranularityOptions>): Promise<TrainingBatch> {
  const part = new Granularity('a', texts, { ...ORDER, weight: 1, ...options });
  return part.batch(number, model, model.prepareDictionary(new Uint8Array(0)));
}

const rowsOf = (values: Float32Array) =>
  Array.from({ length: values.length / DIMENSION }, (_, row) => [...values.subarray(row * DIMENSION, (row + 1) * DIMENSION)]);

test('a batch has the remembered vectors as negatives, and beside hard ones each once', async (context) => {
  const order = new BatchOrder(context.texts.sizes, { ...ORDER, name: 'a' });
  const memory = { size: 10, startBatch: 2 };
  for (const number of [2, 9]) {
    const { negatives } = await batchOf(context, number, { memory });
    assert.equal(
      rowsOf(negatives!),
      queueBefore(order, number, 10).map((item) => vectors[item]!),
    );
  }
  assert.is((await batchOf(context, 1, { memory })).negatives, undefined);
  const hardNegatives = { perText: 2, falseNegativeMargin: 0.05, pool: 20 };
  const hard = rowsOf((await batchOf(context, 9, { hardNegatives })).negatives!);
  const both = rowsOf((await batchOf(context, 9, { hardNegatives, memory })).negatives!);
  assert.equal(both.slice(0, hard.length), hard);
  const remembered = queueBefore(order, 9, 10).map((item) => vectors[item]!);
  // Texts 3 and 4 have one vector: keys are those of vectors on both sides.
  const keys = (rows: number[][]) => new Set(rows.map((row) => row.join()));
  assert.equal(keys(both), keys([...hard, ...remembered]));
});

test('InfoNCE with a memory is its plain definition over batch and queue, and so is its gradient', async (context) => {
  const order = new BatchOrder(context.texts.sizes, { ...ORDER, name: 'a' });
  const [temperature, falseNegativeMargin] = [0.2, 0.05];
  let falseNegatives = 0;
  for (const number of [3, 4, 8, 12]) {
    const batch = await batchOf(context, number, { memory: { size: 9, startBatch: 0 } });
    const own = [...order.batch(number)].map((item) => vectors[item]!);
    const queue = queueBefore(order, number, 9).map((item) => vectors[item]!);
    const student = rowsOf(randomValues(BATCH * DIMENSION, `student ${number}`));
    const plain = (s: number[][]) => {
      const losses = s.map((vector, i) => {
        const others = [...own.filter((_, j) => j !== i), ...queue];
        const counted = others.filter((other) => dot(own[i]!, other) <= 1 - falseNegativeMargin);
        falseNegatives += others.length - counted.length;
        const sum = [own[i]!, ...counted].reduce((total, other) => total + Math.exp(dot(vector, other) / temperature), 0);
        return Math.log(sum) - dot(vector, own[i]!) / temperature;
      });
      return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    };
    const { value, gradient } = tf.tidy(() => {
      const [targets, negatives] = [batch.targets, batch.negatives!].map((values) => tf.tensor2d(rowsOf(values)));
      const loss = (s: tf.Tensor) => infoNce(s as tf.Tensor2D, targets!, { temperature, falseNegativeMargin }, negatives!);
      const { value, grad } = tf.valueAndGrad(loss)(tf.tensor2d(student));
      return { value: value.dataSync()[0]!, gradient: grad.arraySync() as number[][] };
    });
    assert.ok(Math.abs(value - plain(student)) < 1e-4, `${value} for ${plain(student)}`);
    const change = 1e-5;
    student.forEach((row, i) => {
      row.forEach((_, c) => {
        const moved = (by: number) => plain(student.map((v, k) => (k === i ? v.map((x, d) => (d === c ? x + by : x)) : v)));
        const numeric = (moved(change) - moved(-change)) / (2 * change);
        assert.ok(Math.abs(gradient[i]![c]! - numeric) < 1e-3, `[${i}, ${c}]: ${gradient[i]![c]}, numeric ${numeric}`);
      });
    });
  }
  assert.ok(falseNegatives > 0, 'one of these batches meets the same text again');
});

test.run();
