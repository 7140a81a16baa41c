import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadCheckpoint, readSafetensors, saveCheckpoint } from '../../../checkpoints/index.ts';
import { type ModelConfig, modelConfigSchema } from '../../../model/config.ts';
import { CemModel } from '../../../model/embedder.ts';
import { createCompressor } from '../../../zpkg/index.ts';
import { testBackend } from '../../backend.ts';
import { DIMENSION, STATE, TINY_MODEL } from '../fixtures.ts';

const test = suite<{ folder: string }>('checkpoints of other encoders');
test.before(async (context) => {
  await testBackend();
  context.folder = await mkdtemp(join(tmpdir(), 'cem-variants-'));
});
test.after(async (context) => {
  await rm(context.folder, { recursive: true, force: true });
});

const NONE = new Uint8Array(0);
const variants: Record<string, Partial<ModelConfig>> = {
  'patches of the frame, attention, two hash functions': {
    patching: { kind: 'frame', maximumLength: 3 },
    pooling: 'attention',
    tables: { ...TINY_MODEL.tables, hashFunctions: 2 },
  },
  'text, patches by words, last, causal, shorter dimensions': {
    input: 'text',
    patching: { kind: 'space' },
    pooling: 'last',
    causal: true,
    matryoshka: [4],
  },
};

for (const [name, changes] of Object.entries(variants)) {
  test(`saved and loaded, it gives the same vectors: ${name}`, async ({ folder }) => {
    const config = modelConfigSchema.parse({ ...TINY_MODEL, ...changes });
    const model = CemModel.create(config, DIMENSION, 3);
    const text = Buffer.from('a text of some words, of some words that come again');
    const vectorOf = (encoder: CemModel) => {
      const dimension = config.matryoshka?.[0] ?? DIMENSION;
      if (config.input === 'text') return encoder.encodeTexts([text], undefined, dimension);
      return encoder.encodeChunks([createCompressor({ level: 3 }).compress(text)], NONE, undefined, { dimension });
    };
    const path = join(folder, name);
    await saveCheckpoint(path, model, { ...STATE, model: config });
    const loaded = await loadCheckpoint(path);
    assert.equal(loaded.state.model, config);
    assert.equal(await vectorOf(loaded.model), await vectorOf(model));
    model.dispose();
    loaded.model.dispose();
  });
}

test('the tables of a second hash function have names of their own', async ({ folder }) => {
  const tables = await readSafetensors(join(folder, Object.keys(variants)[0]!, 'tables.safetensors'));
  assert.equal([...tables.keys()], ['bytes', 'ngram-3', 'ngram-4', 'ngram-3/1', 'ngram-4/1']);
});

test.run();
