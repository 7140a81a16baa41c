import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../../base/random.ts';
import { tf } from '../../../../model/backend/index.ts';
import { type AttentionBias, attentionProduct } from '../../../../model/kernels/tfjs/attention-product.ts';
import { testBackend } from '../../../backend.ts';

const test = suite('model/kernels/attention-product');

test.before(async () => {
  await testBackend();
});

const random = new RandomNumbers(1, 'attention product');

function normal<Rank extends tf.Tensor>(shape: number[]): Rank {
  const values = new Float32Array(tf.util.sizeFromShape(shape));
  random.fillTruncatedNormal(values, 1);
  return tf.tensor(values, shape) as Rank;
}

/** The slow twin: every step an operation of tfjs, with tfjs's own gradients. */
function attend(query: tf.Tensor4D, key: tf.Tensor4D, value: tf.Tensor4D, bias: AttentionBias): tf.Tensor {
  const [batch, heads, queries, width] = query.shape;
  const keys = key.shape[2];
  let scores: tf.Tensor = tf.mul(tf.matMul(query, key, false, true), width ** -0.5);
  if (bias.keys) scores = tf.add(scores, bias.keys.reshape([batch, 1, 1, keys]));
  if (bias.pairs) {
    const [rows, group] = bias.pairs.shape;
    scores = tf.add(scores, tf.tile(bias.pairs, [batch / rows, heads / group, 1, 1]));
  }
  assert.equal(scores.shape, [batch, heads, queries, keys]);
  return tf.matMul(tf.softmax(scores), value);
}

interface Case {
  readonly what: string;
  readonly shape: readonly [batch: number, heads: number, queries: number, keys: number, width: number];
  /** Rows and group of the bias of pairs. */
  readonly pairs?: readonly [number, number];
  readonly keys?: boolean;
}

const cases: readonly Case[] = [
  { what: 'no bias', shape: [2, 3, 5, 7, 4] },
  { what: 'masked keys', shape: [2, 3, 5, 7, 4], keys: true },
  { what: 'a bias of pairs for all', shape: [2, 3, 5, 7, 4], pairs: [1, 1] },
  { what: 'a bias of pairs by row and group of heads', shape: [2, 6, 5, 7, 4], pairs: [2, 3] },
  { what: 'both', shape: [2, 3, 5, 7, 4], keys: true, pairs: [1, 3] },
  // 4 x 600 x 600 scores a row: two rows at once, then one.
  { what: 'rows in pieces', shape: [3, 4, 600, 600, 8], keys: true, pairs: [3, 2] },
  // 4 x 1500 x 1500 scores a row are more than are held at once: queries in pieces.
  { what: 'queries in pieces', shape: [2, 4, 1500, 1500, 8], keys: true, pairs: [1, 1] },
];

for (const { what, shape, pairs, keys } of cases) {
  test(`equals its slow twin, gradients too: ${what}`, async () => {
    const before = tf.memory().numTensors;
    const [batch, heads, queries, count, width] = shape;
    const operands = [
      normal<tf.Tensor4D>([batch, heads, queries, width]),
      normal<tf.Tensor4D>([batch, heads, count, width]),
      normal<tf.Tensor4D>([batch, heads, count, width]),
    ] as const;
    const weight = normal<tf.Tensor4D>([batch, heads, queries, width]);
    // The bias is made inside, and so is gone when the gradient is computed, as it is in a layer.
    const visible = normal([batch, count]);
    const shift = pairs ? normal<tf.Tensor4D>([pairs[0], pairs[1], queries, count]) : undefined;
    const biasOf = (): AttentionBias => ({
      ...(keys && { keys: tf.mul(tf.step(tf.neg(visible)), -1e9) as tf.Tensor2D }),
      ...(shift && { pairs: tf.mul(shift, 2) as tf.Tensor4D }),
    });
    const results = [attentionProduct, attend].map((implementation) =>
      tf.tidy(() => {
        const run = (query: tf.Tensor, key: tf.Tensor, value: tf.Tensor): tf.Tensor =>
          tf.tidy(() => implementation(query as tf.Tensor4D, key as tf.Tensor4D, value as tf.Tensor4D, biasOf()));
        const gradients = tf.grads((query, key, value) => tf.sum(tf.mul(run(query!, key!, value!), weight)))([...operands]);
        return [run(...operands), ...gradients];
      }),
    );
    const [ours, twin] = results as [tf.Tensor[], tf.Tensor[]];
    for (const [index, name] of ['output', 'query', 'key', 'value'].entries()) {
      const difference = tf.tidy(() => tf.max(tf.abs(tf.sub(ours[index]!, twin[index]!))));
      const largest = (await difference.data())[0]!;
      difference.dispose();
      assert.ok(largest < 2e-5, `${name}: ${largest}`);
    }
    tf.dispose([...operands, weight, visible, ...results.flat(), ...(shift ? [shift] : [])]);
    assert.is(tf.memory().numTensors, before, 'tensors left');
  });
}

test('a row whose keys are all masked gives their mean, not NaN', () => {
  const query = tf.ones<tf.Rank.R4>([1, 1, 1, 2]);
  const key = tf.ones<tf.Rank.R4>([1, 1, 2, 2]);
  const value = tf.tensor4d([1, 2, 3, 4], [1, 1, 2, 2]);
  const keys = tf.fill([1, 2], -1e9) as tf.Tensor2D;
  assert.equal([...attentionProduct(query, key, value, { keys }).dataSync()], [2, 3]);
});

test.run();
