import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tf } from '../../model/backend/index.ts';
import type { ModelConfig } from '../../model/config.ts';
import { testBackend } from '../backend.ts';
import { encodeAll, patchings } from './graph-variants.ts';
import { readmePassages } from './real-texts.ts';
import { randomValues, tinyConfig, tinyModel } from './tiny-model.ts';

const test = suite('gradient of the graph');
test.before(async () => {
  await testBackend();
});

const DIMENSION = 12;

const variants: Record<string, Partial<ModelConfig>> = {
  'static patches, mean': {},
  'patches of the frame, attention': { ...patchings['frame'], pooling: 'attention' },
  'patches by words, last, causal': { ...patchings['space'], pooling: 'last', causal: true },
};

for (const [name, changes] of Object.entries(variants)) {
  test(`equals a numeric one, for every weight and for the symbol embeddings: ${name}`, async () => {
    const config = tinyConfig(changes);
    const model = tinyModel(config, DIMENSION);
    // More than two windows of symbols, less, and none.
    const texts = readmePassages(3, 150).map((text, index) => text.subarray(0, [150, 20, 0][index]!));
    const batch = model.batch(encodeAll(model, texts));
    const targets = randomValues(batch.size * DIMENSION, 'targets');
    const symbolShape: [number, number, number] = [batch.size, batch.symbols, config.local.dimension];
    const embedded = model.tables.embed(batch).slice();

    const lossOf = (symbols: tf.Tensor3D) =>
      tf.sum(tf.mul(model.apply(symbols, batch), tf.tensor2d(targets, [batch.size, DIMENSION]))) as tf.Scalar;
    const weights = model.graph.trainableWeights;
    const tensors = tf.memory().numTensors;
    const gradients = tf.tidy(() => {
      const symbols = tf.tensor3d(embedded, symbolShape);
      const { grads } = tf.engine().gradients(() => lossOf(symbols), [...weights.map((weight) => weight.read()), symbols]);
      return grads;
    });
    const values = await Promise.all(gradients.map((gradient) => gradient.data() as Promise<Float32Array>));
    tf.dispose(gradients);
    assert.is(tf.memory().numTensors, tensors, 'no tensor is left behind');
    const lossNow = (symbols = embedded) => tf.tidy(() => lossOf(tf.tensor3d(symbols, symbolShape)).dataSync()[0]!);

    /** The gradient along a direction near its own, where neither is lost in rounding. */
    const compare = (what: string, gradient: Float32Array, lossAt: (change: Float32Array) => number) => {
      const modulation = randomValues(gradient.length, `modulation/${what}`);
      const direction = gradient.map((value, index) => value * (1 + modulation[index]! / 3));
      const length = Math.sqrt(direction.reduce((sum, value) => sum + value * value, 0));
      assert.ok(length > 1e-6, `${what} has no gradient`);
      const slope = gradient.reduce((sum, value, index) => sum + (value * direction[index]!) / length, 0);
      // A change of the loss of about 0.002: large against rounding (some 1e-7), small against curvature and the kinks of the patches' maximum.
      const step = 0.002 / slope;
      const along = (sign: number) => lossAt(direction.map((value) => (sign * step * value) / length));
      const numeric = (along(1) - along(-1)) / (2 * step);
      const error = Math.abs(numeric - slope) / Math.abs(slope);
      assert.ok(error < 1e-2, `${what}: ${slope}, numeric ${numeric}`);
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
    const real = new Set(batch.places);
    const symbolGradient = values.at(-1)!;
    for (let place = 0; place < batch.size * batch.symbols; place++) {
      if (real.has(place)) continue;
      for (let channel = 0; channel < config.local.dimension; channel++) {
        assert.is(Math.abs(symbolGradient[place * config.local.dimension + channel]!), 0, `padding at ${place}`);
      }
    }
    model.dispose();
  });
}

test.run();
