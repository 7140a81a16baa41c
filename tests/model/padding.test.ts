import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tf } from '../../model/backend/index.ts';
import { poolings } from '../../model/config.ts';
import type { CemModel } from '../../model/embedder.ts';
import { testBackend } from '../backend.ts';
import { encodeAll, patchings } from './graph-variants.ts';
import { readmes } from './real-texts.ts';
import { tinyConfig, tinyModel } from './tiny-model.ts';

const test = suite('padding');
test.before(async () => {
  await testBackend();
});

const DIMENSION = 12;
/** Lengths that make less than a patch, less than two windows, blocks of windows, and nothing. */
const texts = [1, 3, 17, 0, 40, 700, 90].map((length, index) => readmes()[index + 3]!.slice(0, length));

async function vectorsOf(model: CemModel, chunks: readonly Uint8Array[]): Promise<Float32Array> {
  const batch = model.batch(encodeAll(model, chunks));
  const vectors = tf.tidy(() =>
    model.apply(tf.tensor3d(model.tables.embed(batch), [batch.size, batch.symbols, model.config.local.dimension]), batch),
  );
  const data = (await vectors.data()) as Float32Array;
  vectors.dispose();
  return data;
}

for (const [patching, changes] of Object.entries(patchings)) {
  for (const pooling of poolings) {
    for (const causal of pooling === 'last' ? [false, true] : [false]) {
      test(`a batch of mixed lengths gives what each chunk gives alone: ${patching}, ${pooling}${causal ? ', causal' : ''}`, async () => {
        const model = tinyModel(tinyConfig({ ...changes, pooling, causal }), DIMENSION);
        const tensors = tf.memory().numTensors;
        const together = await vectorsOf(model, texts);
        for (let row = 0; row < texts.length; row++) {
          const alone = await vectorsOf(model, [texts[row]!]);
          const error = Math.max(...alone.map((value, channel) => Math.abs(value - together[row * DIMENSION + channel]!)));
          assert.ok(error < 1e-5, `chunk ${row} is ${error} off`);
          const norm = Math.hypot(...alone);
          assert.ok(Math.abs(norm - (texts[row]!.length > 0 ? 1 : 0)) < 1e-5, `chunk ${row} has norm ${norm}`);
        }
        assert.is(tf.memory().numTensors, tensors, 'no tensor is left behind');
        model.dispose();
      });
    }
  }
}

test.run();
