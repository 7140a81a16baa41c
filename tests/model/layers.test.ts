import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tf } from '../../model/backend/index.ts';
import {
  L2Normalization,
  LengthMask,
  MaskedMean,
  RmsNormalization,
  SkipBag,
  SymbolKindEmbedding,
} from '../../model/layers/heads.ts';
import { linear, rmsNormalize, silu } from '../../model/layers/operations.ts';
import { PatchPooling } from '../../model/layers/patch-pooling.ts';
import { createCompressor } from '../../zpkg/index.ts';
import { testBackend } from '../backend.ts';
import { readmePassages } from './real-texts.ts';
import { randomValues, tinyConfig, tinyModel } from './tiny-model.ts';

const test = suite('layers');
test.before(async () => {
  await testBackend();
});

const EPSILON = 1e-5;

function assertClose(got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, name = ''): void {
  assert.is(got.length, expected.length, name);
  for (let i = 0; i < got.length; i++) {
    if (!(Math.abs(got[i]! - expected[i]!) <= tolerance)) assert.unreachable(`${name} [${i}]: ${got[i]} for ${expected[i]}`);
  }
}

/** What a layer makes of its inputs; everything is given back. */
async function applied(layer: tf.layers.Layer, inputs: () => tf.Tensor[]): Promise<Float32Array> {
  const result = tf.tidy(() => layer.apply(inputs()) as tf.Tensor);
  const values = (await result.data()) as Float32Array;
  result.dispose();
  return values;
}

/** Sets a layer's weights to random numbers, gains around one; gives them by name. */
function randomizeWeights(layer: tf.layers.Layer, name: string): Record<string, Float32Array> {
  const weights: Record<string, Float32Array> = {};
  for (const weight of layer.weights) {
    const short = weight.originalName.slice(weight.originalName.lastIndexOf('/') + 1);
    const shape = weight.shape as number[];
    const values = randomValues(
      shape.reduce((product, size) => product * size, 1),
      `${name}/${short}`,
    ).map((value) => (shape.length === 1 ? 1 + value / 4 : value / 2));
    const tensor = tf.tensor(values, shape);
    weight.write(tensor);
    tensor.dispose();
    weights[short] = values;
  }
  return weights;
}

const rms = (values: number[], gain: ArrayLike<number>): number[] => {
  const mean = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  return values.map((value, channel) => (gain[channel]! * value) / Math.sqrt(mean + EPSILON));
};
/** [in] x [in, out] */
const product = (values: number[], matrix: Float32Array, outputs: number): number[] =>
  Array.from({ length: outputs }, (_, output) =>
    values.reduce((sum, value, i) => sum + value * matrix[i * outputs + output]!, 0),
  );

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

test('patch pooling equals plain loops; patches without a symbol are zeros', async () => {
  const [batch, symbols, dimension, heads, patchSize, queries] = [2, 12, 6, 3, 4, 2];
  const width = dimension / heads;
  const layer = new PatchPooling({ name: 'pooling', dimension, heads, patchSize, queries, epsilon: EPSILON });
  const states = randomValues(batch * symbols * dimension, 'states');
  // A patch of all negative states too: the maximum over real symbols must not see padding's zeros.
  for (let i = 0; i < 4 * dimension; i++) states[i] = -Math.abs(states[i]!);
  // Chunk 0 has 6 symbols: a whole patch, half a patch, none. Chunk 1 has 12.
  const mask = Float32Array.from({ length: batch * symbols }, (_, place) => (place < 6 || place >= symbols ? 1 : 0));
  const inputs = () => [tf.tensor3d(states, [batch, symbols, dimension]), tf.tensor2d(mask, [batch, symbols])];
  await applied(layer, inputs);
  const weights = randomizeWeights(layer, 'pooling');
  const got = await applied(layer, inputs);

  const expected: number[] = [];
  for (let patch = 0; patch < (batch * symbols) / patchSize; patch++) {
    const members = Array.from({ length: patchSize }, (_, i) => patch * patchSize + i).filter((place) => mask[place] === 1);
    if (members.length === 0) {
      expected.push(...Array<number>(queries * dimension).fill(0));
      continue;
    }
    const stateOf = (place: number) => [...states.subarray(place * dimension, (place + 1) * dimension)];
    const largest = Array.from({ length: dimension }, (_, channel) =>
      Math.max(...members.map((place) => stateOf(place)[channel]!)),
    );
    const widened = product(largest, weights['widen']!, queries * dimension);
    const keys = members.map((place) => product(rms(stateOf(place), weights['symbol-norm']!), weights['key']!, dimension));
    const values = members.map((place) => product(rms(stateOf(place), weights['symbol-norm']!), weights['value']!, dimension));
    for (let number = 0; number < queries; number++) {
      const asked = widened.slice(number * dimension, (number + 1) * dimension);
      const query = product(rms(asked, weights['query-norm']!), weights['query']!, dimension);
      const attended: number[] = [];
      for (let head = 0; head < heads; head++) {
        const channels = Array.from({ length: width }, (_, i) => head * width + i);
        const scores = keys.map((key) =>
          Math.exp(channels.reduce((sum, channel) => sum + query[channel]! * key[channel]!, 0) / Math.sqrt(width)),
        );
        const total = scores.reduce((sum, score) => sum + score, 0);
        for (const channel of channels) {
          attended.push(values.reduce((sum, value, member) => sum + (scores[member]! / total) * value[channel]!, 0));
        }
      }
      const projected = product(attended, weights['output']!, dimension);
      expected.push(...asked.map((value, channel) => 2 * value + projected[channel]!));
    }
  }
  assertClose(got, expected, 1e-4, 'pooling');
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

/** Compares the gradient of a function's weighted sum with central differences, number by number. */
async function checkGradient(f: (x: tf.Tensor) => tf.Tensor, values: Float32Array, shape: number[]): Promise<void> {
  const loss = (x: tf.Tensor): tf.Tensor => {
    const output = f(x);
    return tf.sum(tf.mul(output, tf.tensor(randomValues(output.size, 'weights'), output.shape)));
  };
  const gradient = tf.tidy(() => tf.grad(loss)(tf.tensor(values, shape)));
  const got = await gradient.data();
  gradient.dispose();
  const at = (index: number, change: number) => {
    const changed = values.slice();
    changed[index]! += change;
    return tf.tidy(() => loss(tf.tensor(changed, shape)).dataSync()[0]!);
  };
  const step = 1e-2;
  for (let index = 0; index < values.length; index++) {
    const numeric = (at(index, step) - at(index, -step)) / (2 * step);
    if (!(Math.abs(got[index]! - numeric) < 2e-3 * Math.max(1, Math.abs(numeric)))) {
      assert.unreachable(`[${index}]: ${got[index]}, numeric ${numeric}`);
    }
  }
}

test('gradients of RMS normalisation, of its gain and of SiLU equal numeric ones', async () => {
  const [x, gain] = [randomValues(3 * 5, 'x'), randomValues(5, 'gain')];
  await checkGradient((value) => rmsNormalize(value, tf.tensor1d(gain), EPSILON), x, [3, 5]);
  await checkGradient((value) => rmsNormalize(tf.tensor2d(x, [3, 5]), value, EPSILON), gain, [5]);
  await checkGradient(
    (value) => silu(value),
    randomValues(12, 'silu').map((value) => 3 * value),
    [12],
  );
});

test('the gradient of the whole graph equals a numeric one, for every weight and for the symbol embeddings', async () => {
  const config = tinyConfig();
  const dimension = 12;
  const model = tinyModel(config, dimension);
  const prepared = model.prepareDictionary(new Uint8Array(0));
  const compressor = createCompressor({ level: 3 });
  // More than two windows of symbols, less, and none.
  const texts = readmePassages(3, 150).map((text, index) => text.subarray(0, [150, 20, 0][index]!));
  const batch = model.batch(texts.map((text) => model.encode(compressor.compress(text), prepared)));
  const targets = randomValues(batch.size * dimension, 'targets');
  const symbolShape: [number, number, number] = [batch.size, batch.symbols, config.local.dimension];
  const embedded = model.tables.embed(batch).slice();

  const lossOf = (symbols: tf.Tensor3D) =>
    tf.sum(tf.mul(model.apply(symbols, batch), tf.tensor2d(targets, [batch.size, dimension]))) as tf.Scalar;
  const weights = model.graph.trainableWeights;
  const gradients = tf.tidy(() => {
    const symbols = tf.tensor3d(embedded, symbolShape);
    const { grads } = tf.engine().gradients(() => lossOf(symbols), [...weights.map((weight) => weight.read()), symbols]);
    return grads;
  });
  const values = await Promise.all(gradients.map((gradient) => gradient.data() as Promise<Float32Array>));
  tf.dispose(gradients);
  const lossNow = (symbols = embedded) => tf.tidy(() => lossOf(tf.tensor3d(symbols, symbolShape)).dataSync()[0]!);

  /** The gradient along a direction near its own, where neither is lost in rounding. */
  const compare = (name: string, gradient: Float32Array, lossAt: (change: Float32Array) => number) => {
    const modulation = randomValues(gradient.length, `modulation/${name}`);
    const direction = gradient.map((value, index) => value * (1 + modulation[index]! / 3));
    const length = Math.sqrt(direction.reduce((sum, value) => sum + value * value, 0));
    assert.ok(length > 1e-6, `${name} has no gradient`);
    const slope = gradient.reduce((sum, value, index) => sum + (value * direction[index]!) / length, 0);
    // A change of the loss of about 0.002: large against rounding (some 1e-7), small against curvature and the kinks of the patches' maximum.
    const step = 0.002 / slope;
    const along = (sign: number) => lossAt(direction.map((value) => (sign * step * value) / length));
    const numeric = (along(1) - along(-1)) / (2 * step);
    const error = Math.abs(numeric - slope) / Math.abs(slope);
    assert.ok(error < 1e-2, `${name}: ${slope}, numeric ${numeric}`);
  };
  weights.forEach((weight, index) => {
    const shape = weight.shape as number[];
    const before = weight.read().dataSync().slice() as Float32Array;
    const write = (array: Float32Array) =>
      tf.tidy(() => {
        weight.write(tf.tensor(array, shape));
      });
    compare(weight.originalName, values[index]!, (change) => {
      write(before.map((value, i) => value + change[i]!));
      const loss = lossNow();
      write(before);
      return loss;
    });
  });
  compare('symbols', values.at(-1)!, (change) => lossNow(embedded.map((value, i) => value + change[i]!)));
  // Padding takes no part: its gradient is nothing.
  const { places } = batch;
  const real = new Set(places);
  const symbolGradient = values.at(-1)!;
  for (let place = 0; place < batch.size * batch.symbols; place++) {
    if (real.has(place)) continue;
    for (let channel = 0; channel < config.local.dimension; channel++) {
      assert.is(Math.abs(symbolGradient[place * config.local.dimension + channel]!), 0, `padding at ${place}`);
    }
  }
  model.dispose();
});

test.run();
