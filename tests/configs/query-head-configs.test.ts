import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadTrainConfig, type QueryHeadRunConfig, queryHeadRunConfigSchema } from '../../configs/index.ts';
import { errorOf } from '../fixtures/temporary-folder.ts';

const test = suite('configurations of heads');
const CONFIGS = fileURLToPath(new URL('../../configs/', import.meta.url));

test('those that ship are valid, bear the name of their file, and resolve to themselves', async () => {
  const files = (await readdir(CONFIGS)).filter((file) => file.startsWith('query-head-') && file.endsWith('.yaml'));
  assert.equal(files.sort(), ['query-head-patches-techdocs.yaml', 'query-head-techdocs.yaml', 'query-head-tiny.yaml']);
  for (const file of files) {
    const config = (await loadTrainConfig(CONFIGS + file)) as QueryHeadRunConfig;
    assert.is(config.kind, 'query-head');
    assert.is(`${config.name}.yaml`, file);
    assert.equal(queryHeadRunConfigSchema.parse(config), config);
  }
});

test('unknown keys and settings that do not go together are refused by their path', async () => {
  const wrong: [string, RegExp][] = [
    ['model.heads=4', /unknown key model\.heads/],
    ['model.layers=3', /model\.layers/],
    ['data.pairs=guess', /data\.pairs/],
    ['patches.checkpoint=run', /model\.shared: is true, and patches are no tokens/],
    ['training.distillation=0.5', /training\.distillation: is 0\.5, which needs data\.teacher/],
  ];
  for (const [setting, message] of wrong) {
    const error = await errorOf(() => loadTrainConfig(`${CONFIGS}query-head-tiny.yaml`, [setting]));
    assert.is(error.code, 'CONFIG_INVALID');
    assert.match(error.message, message);
  }
});

test.run();
