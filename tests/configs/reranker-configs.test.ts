import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadTrainConfig, type RerankerRunConfig, rerankerRunConfigSchema } from '../../configs/index.ts';
import { errorOf } from '../fixtures/temporary-folder.ts';

const test = suite('configurations of rerankers');
const CONFIGS = fileURLToPath(new URL('../../configs/', import.meta.url));

test('those that ship are valid, bear the name of their file, and resolve to themselves', async () => {
  const files = (await readdir(CONFIGS)).filter((file) => file.startsWith('reranker-') && file.endsWith('.yaml'));
  assert.equal(files.sort(), ['reranker-en.yaml', 'reranker-tiny.yaml']);
  for (const file of files) {
    const config = (await loadTrainConfig(CONFIGS + file)) as RerankerRunConfig;
    assert.is(config.kind, 'reranker');
    assert.is(`${config.name}.yaml`, file);
    assert.equal(rerankerRunConfigSchema.parse(config), config);
  }
});

test("defaults are MiniLM's shape with six layers", () => {
  const { model } = rerankerRunConfigSchema.parse({ kind: 'reranker', name: 'small', data: { source: 'beir' } });
  assert.equal(model, {
    vocabulary: 30_522,
    dimension: 384,
    layers: 6,
    heads: 12,
    feedForward: 1536,
    positions: 512,
    pooling: 'first',
    separateLayers: 0,
    epsilon: 1e-12,
  });
});

test('unknown keys, widths that heads do not divide, and pairs longer than the model are refused by their path', async () => {
  const wrong: [string, RegExp][] = [
    ['model.patchSize=4', /unknown key model\.patchSize/],
    ['model.heads=5', /model\.heads: dimension 32 must be a multiple of heads 5/],
    ['training.maximumTokens=129', /training\.maximumTokens: is 129, and the model has 128 places/],
    ['model.separateLayers=2', /model\.separateLayers: is 2 of 1 layers/],
    ['training.loss=triplet', /training\.loss/],
  ];
  for (const [setting, message] of wrong) {
    const error = await errorOf(() => loadTrainConfig(`${CONFIGS}reranker-tiny.yaml`, [setting]));
    assert.is(error.code, 'CONFIG_INVALID');
    assert.match(error.message, message);
  }
});

test.run();
