import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tf } from '../../../model/backend/index.ts';
import { L2Normalization, LengthMask, RmsNormalization, SkipBag, SymbolKindEmbedding } from '../../../model/layers/heads.ts';
import { linear } from '../../../model/layers/operations.ts';
import { MaskedAttention, MaskedLast, MaskedMean } from '../../../model/layers/pooling.ts';
import { testBackend } from '../../backend.ts';
import { randomValues } from '../tiny-model.ts';
import { applied, assertClose, EPSILON, product, randomizeWeights, rms } from './layer-checks.ts';

const test = suite('layers');
test.before(async () => {
  await testBackend();
});

test('linear: [..., in] x [in, out], whatever the rank', async () => {
  const [x, kernel] = [randomValues(2 * 3 * 4, 'x'), randomValues(4 * 5, 'kernel')];
  const result = tf.tidy(() => linear(tf.tensor3d(x, [2, 3, 4]), tf.tensor2d(kernel, [4, 5])));
  assert.equal(result.shape, [2, 3, 5]);
  const expected = Array.from({ length: 6 }, (_, row) => product([...x.subarray(4 * row, 4 * row + 4)], kernel, 5)).flat();
  assertClose(await result.data(), expected, 1e-5);
  result.dispose();
});

test('the mask of symbols and of patches from lengths', async () => {
  const lengths = () => [tf.tensor2d([1, 9, 3, 1, 2, 0, 0, 0, 0, 0, 0, 0], [2, 6])];
  assert.equal([...(await applied(new LengthMask({ groupSize: 1 }), lengths))], [1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
  assert.equal([...(await applied(new LengthMask({ groupSize: 2 }), lengths))], [1, 1, 1, 0, 0, 0]);
});

test('the masked mean leaves padding out, and is zero where there is nothing', async () => {
  const x = randomValues(2 * 3 * 2, 'mean');
  const got = await applied(new MaskedMean({}), () => [tf.tensor3d(x, [2, 3, 2]), tf.tensor2d([1, 1, 0, 0, 0, 0], [2, 3])]);
  assertClose(got, [(x[0]! + x[2]!) / 2, (x[1]! + x[3]!) / 2, 0, 0], 1e-6);
});

test('the last unmasked position, also behind a hole; zero where there is none', async () => {
  const x = randomValues(3 * 4 * 2, 'last');
  const mask = [1, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0];
  const got = await applied(new MaskedLast({}), () => [tf.tensor3d(x, [3, 4, 2]), tf.tensor2d(mask, [3, 4])]);
  assertClose(got, [x[2]!, x[3]!, x[12]!, x[13]!, 0, 0], 1e-6);
});

test('attention pooling equals plain loops, sees no padding, and is zero where there is nothing', async () => {
  const [positions, dimension, heads] = [3, 6, 2];
  const layer = new MaskedAttention({ heads });
  const x = randomValues(2 * positions * dimension, 'attention');
  const inputs = () => [tf.tensor3d(x, [2, positions, dimension]), tf.tensor2d([1, 0, 1, 0, 0, 0], [2, positions])];
  await applied(layer, inputs);
  const { query } = randomizeWeights(layer, 'attention');
  const rows = [0, 2].map((position) => [...x.subarray(position * dimension, (position + 1) * dimension)]);
  const expected = Array.from({ length: dimension }, (_, channel) => {
    const head = Math.floor(channel / (dimension / heads));
    const powers = rows.map((row) => Math.exp(product(row, query!, heads)[head]! / Math.sqrt(dimension)));
    const total = powers.reduce((sum, power) => sum + power, 0);
    return rows.reduce((sum, row, index) => sum + (powers[index]! / total) * row[channel]!, 0);
  });
  assertClose(await applied(layer, inputs), [...expected, ...Array<number>(dimension).fill(0)], 1e-5);
  layer.dispose();
});

test('L2 normalisation: unit vectors, and zero stays zero', async () => {
  const got = await applied(new L2Normalization({ epsilon: 1e-12 }), () => [tf.tensor2d([3, 4, 0, 0], [2, 2])]);
  assertClose(got, [0.6, 0.8, 0, 0], 1e-6);
});

test('RMS normalisation with a gain', async () => {
  const layer = new RmsNormalization({ epsilon: EPSILON });
  const x = randomValues(4 * 6, 'rms');
  const inputs = () => [tf.tensor3d(x, [2, 2, 6])];
  await applied(layer, inputs);
  const { gain } = randomizeWeights(layer, 'rms');
  const expected = Array.from({ length: 4 }, (_, row) => rms([...x.subarray(6 * row, 6 * row + 6)], gain!)).flat();
  assertClose(await applied(layer, inputs), expected, 1e-5);
  layer.dispose();
});

test('the embedding of kinds is added to each symbol', async () => {
  const layer = new SymbolKindEmbedding({ kinds: 5, dimension: 3 });
  const x = randomValues(2 * 2 * 3, 'kinds');
  const kinds = [0, 4, 2, 2];
  const inputs = () => [tf.tensor3d(x, [2, 2, 3]), tf.tensor2d(kinds, [2, 2], 'int32')];
  await applied(layer, inputs);
  const { table } = randomizeWeights(layer, 'kinds');
  const expected = kinds.flatMap((kind, place) =>
    [0, 1, 2].map((channel) => x[3 * place + channel]! + table![3 * kind + channel]!),
  );
  assertClose(await applied(layer, inputs), expected, 1e-5);
  layer.dispose();
});

test('the skip bag equals plain loops, and is zero for a chunk without symbols', async () => {
  const [symbols, dimension] = [5, 4];
  const layer = new SkipBag({ epsilon: EPSILON });
  const x = randomValues(2 * symbols * dimension, 'bag');
  const lengths = [1, 7, 30, 0, 0, 0, 0, 0, 0, 0];
  const inputs = () => [tf.tensor3d(x, [2, symbols, dimension]), tf.tensor2d(lengths, [2, symbols])];
  await applied(layer, inputs);
  const weights = randomizeWeights(layer, 'bag');
  const bag = new Array<number>(dimension).fill(0);
  let total = 0;
  for (let place = 0; place < 3; place++) {
    const embedding = [...x.subarray(place * dimension, (place + 1) * dimension)];
    const [score] = product(rms(embedding, weights['symbol-norm']!), weights['gate']!, 1);
    const share = Math.sqrt(lengths[place]!);
    total += share;
    embedding.forEach((value, channel) => {
      bag[channel]! += (share * value) / (1 + Math.exp(-score!));
    });
  }
  const mean = bag.map((value) => value / total);
  assertClose(await applied(layer, inputs), [...rms(mean, weights['bag-norm']!), 0, 0, 0, 0], 1e-5, 'bag');
  layer.dispose();
});

test.run();
