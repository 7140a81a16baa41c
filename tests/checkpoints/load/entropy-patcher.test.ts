import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadEntropyPatcher, saveEntropyCheckpoint } from '../../../checkpoints/index.ts';
import { tf } from '../../../model/backend/index.ts';
import { modelConfigSchema } from '../../../model/config.ts';
import { CemModel } from '../../../model/embedder.ts';
import { entropyModelConfigSchema } from '../../../model/entropy/config.ts';
import { EntropyModel } from '../../../model/entropy/entropy-model.ts';
import { entropyBoundaries } from '../../../model/patching/entropy-boundaries.ts';
import { testBackend } from '../../backend.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { readmePassages } from '../../model/real-texts.ts';

const test = suite('entropy patching of an encoder');
test.before(async () => {
  await testBackend();
});

const LONGEST = 64;

test('an encoder of texts cuts its patches where the entropy model of its configuration is surprised', () =>
  withTemporaryFolder(async (folder) => {
    const before = tf.memory().numTensors;
    const shape = entropyModelConfigSchema.parse({ dimension: 16, layers: 1, heads: 2, feedForward: 24, window: 8, context: 32 });
    const entropyModel = EntropyModel.create(shape, 1);
    const path = join(folder, 'checkpoints', '7');
    await saveEntropyCheckpoint(path, entropyModel, { step: 7, seed: 1, threshold: null, config: {} }, new Map());

    // The middle of an untrained model's entropies, so that there are patches to speak of; between two of them, so that rounding does not matter.
    const texts = readmePassages(6, 100);
    const entropies = await entropyModel.entropies(texts);
    const sorted = entropies[0]!.slice().sort();
    const threshold = (sorted[49]! + sorted[50]!) / 2;
    entropyModel.dispose();

    const config = modelConfigSchema.parse({
      input: 'text',
      maximumSymbols: LONGEST,
      patching: { kind: 'entropy', model: folder, threshold, maximumLength: 6 },
      tables: { sizes: [3, 5], rows: 400 },
      local: { dimension: 16, layers: 1, heads: 2, feedForward: 24, window: 8, crossAttentionHeads: 2 },
      global: { dimension: 24, layers: 1, heads: 2, feedForward: 32 },
    });
    const { patching } = config;
    assert.ok(patching?.kind === 'entropy');
    const { patcher, dispose } = await loadEntropyPatcher(patching, LONGEST);
    const model = CemModel.create(config, 12, 1);
    assert.is((await errorOf(async () => model.encodeText(texts[0]!))).code, 'PATCHING_NO_ENTROPY_MODEL');
    model.useEntropyPatcher(patcher);
    assert.is((await errorOf(async () => model.encodeText(texts[0]!))).code, 'PATCHING_UNPREPARED');
    await patcher.prepare(texts);
    dispose();

    texts.forEach((text, i) => {
      const expected = entropyBoundaries(entropies[i]!.subarray(0, LONGEST), { threshold, monotonic: false, maximumLength: 6 });
      assert.equal([...model.encodeText(text).patchStarts!], [...expected], `text ${i}`);
    });
    const { rows, data } = await model.encodeTexts(texts);
    assert.is(rows, texts.length);
    for (let row = 0; row < rows; row++) {
      const norm = Math.hypot(...data.subarray(row * 12, (row + 1) * 12));
      assert.ok(Math.abs(norm - 1) < 1e-4, `vector ${row} has length ${norm}`);
    }
    model.dispose();
    assert.is(tf.memory().numTensors, before, 'nothing is left behind');
  }));

test('a folder without an entropy model is refused', async () => {
  const patching = { kind: 'entropy', model: '/nowhere', threshold: 1, monotonic: false } as const;
  const error = await errorOf(() => loadEntropyPatcher(patching, LONGEST));
  assert.is(error.code, 'CHECKPOINT_MISSING');
  assert.match(error.message, '/nowhere');
});

test.run();
