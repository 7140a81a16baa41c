import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse, stringify } from 'yaml';
import { UsageError } from '../../base/index.ts';
import { loadConfig, loadTrainConfig, parseConfig } from '../../configs/index.ts';
import { feedForwardDimension, queriesPerPatch } from '../../model/config.ts';
import { errorOf, withTemporaryFolder } from '../fixtures/temporary-folder.ts';

const test = suite('configuration');

const CONFIGS = fileURLToPath(new URL('../../configs/', import.meta.url));
const SMALLEST = { name: 'small', data: { source: 'texts' }, teacher: { kind: 'lsa' } };

async function withFile<Result>(text: string, action: (path: string) => Promise<Result>): Promise<Result> {
  return withTemporaryFolder(async (folder) => {
    const path = join(folder, 'run.yaml');
    await writeFile(path, text);
    return action(path);
  });
}

test('every configuration that ships is valid, and bears the name of its file', async () => {
  const files = (await readdir(CONFIGS)).filter((file) => file.endsWith('.yaml'));
  assert.ok(files.length >= 3);
  for (const file of files) assert.is((await loadTrainConfig(join(CONFIGS, file))).name, file.replace('.yaml', ''));
});

test('defaults are filled in at every depth, and a resolved configuration resolves to itself', () => {
  const config = parseConfig(SMALLEST, 'test');
  assert.equal(config.pack, { level: 19, targetChunkSize: 4096, dictionarySize: 65_536 });
  assert.equal(config.model.tables, { sizes: [3, 4, 5, 6, 7, 8], rows: 50_000, hashFunction: 0 });
  assert.is(config.model.local.ropeTheta, 500_000);
  assert.is(config.model.local.window, 32);
  assert.equal([config.training.optimizer.beta1, config.training.optimizer.beta2], [0.9, 0.95]);
  assert.is(config.training.schedule.finalShare, 0.1);
  assert.equal(parseConfig(config, 'test'), config);
  assert.equal(parseConfig(parse(stringify(config)), 'test'), config);
});

test('defaults < file < settings, whose values are YAML', async () => {
  const text = stringify({ ...SMALLEST, training: { steps: 5, logEvery: 2 } });
  await withFile(text, async (path) => {
    const config = await loadConfig(path, [
      'training.steps=7',
      'model.tables.sizes=[3, 5]',
      'training.loss.distillation.kind=mse',
      'training.schedule.warmupSteps=0',
      'model.skipPath=false',
    ]);
    assert.equal([config.training.steps, config.training.logEvery, config.training.checkpointEvery], [7, 2, 500]);
    assert.equal(config.model.tables.sizes, [3, 5]);
    assert.is(config.training.loss.distillation.kind, 'mse');
    assert.is(config.training.schedule.warmupSteps, 0);
    assert.is(config.model.skipPath, false);
    assert.is((await loadConfig(path, ['training.steps=7', 'training.steps=8'])).training.steps, 8, 'the last one counts');
  });
});

test('everything that is wrong is said with its path', async () => {
  const text = stringify({
    ...SMALLEST,
    extra: 1,
    training: { steps: 0, optimizer: { rate: 1 } },
    model: { local: { dimension: 64, layers: 1, heads: 5 } },
  });
  const error = await withFile(text, (path) => errorOf(() => loadConfig(path)));
  assert.is(error.code, 'CONFIG_INVALID');
  assert.instance(error, UsageError);
  for (const part of ['run.yaml', 'unknown key extra', 'training.steps: ', 'unknown key training.optimizer.rate'])
    assert.ok(error.message.includes(part), `"${part}" in: ${error.message}`);
  assert.not.match(error.message, /\n/);
});

test('heads that do not fit are refused with their path', () => {
  const refusal = (model: unknown): string => {
    try {
      parseConfig({ ...SMALLEST, model }, 'test');
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };
  const part = (dimension: number, heads: number) => ({ dimension, layers: 1, heads });
  assert.match(refusal({ local: part(64, 5) }), /model\.local\.heads: dimension 64 must be an even multiple of heads 5/);
  // 24 / 8 = 3 channels a head: rotary positions turn pairs.
  assert.match(refusal({ global: part(24, 8) }), /model\.global\.heads: dimension 24 must be an even multiple of heads 8/);
  assert.match(refusal({ local: { ...part(64, 4), crossAttentionHeads: 5 } }), /model\.local\.crossAttentionHeads: must divide/);
});

test('files and settings that cannot be read', async () => {
  assert.is((await errorOf(() => loadConfig('/absent/run.yaml'))).code, 'CONFIG_MISSING');
  for (const [text, code, message] of [
    ['name: [1, 2', 'CONFIG_SYNTAX', /run\.yaml:1/],
    ['- a\n- b\n', 'CONFIG_SYNTAX', /no mapping/],
    ['', 'CONFIG_SYNTAX', /no mapping/],
  ] as const) {
    const error = await withFile(text, (path) => errorOf(() => loadConfig(path)));
    assert.is(error.code, code);
    assert.match(error.message, message);
    assert.not.match(error.message, /\n/);
  }
  await withFile(stringify(SMALLEST), async (path) => {
    for (const setting of ['training.steps', '=3', 'name.first=x', '']) {
      assert.is((await errorOf(() => loadConfig(path, [setting]))).code, 'CONFIG_SETTING', setting);
    }
  });
});

test('passages are absent by default, and overlap by less than half their size', () => {
  const packOf = (pack: object) => parseConfig({ ...SMALLEST, pack }, 'test').pack;
  const { passageSize, passageOverlap } = packOf({ passageSize: 256, passageOverlap: 127 });
  assert.equal([passageSize, passageOverlap], [256, 127]);
  for (const pack of [{ passageSize: 256, passageOverlap: 128 }, { passageOverlap: 10 }])
    assert.throws(() => packOf(pack), /pack\.passageOverlap: is not below half of pack\.passageSize/);
  assert.throws(() => packOf({ passageSize: 0 }), /pack\.passageSize/);
});

test('variants of the packing are absent by default, differ in something, and a memory of negatives has a size', () => {
  assert.not.ok('variants' in parseConfig(SMALLEST, 'test').pack);
  assert.not.ok('memory' in parseConfig(SMALLEST, 'test').training.loss.infoNce);
  const variants = [{ level: 3 }, { dictionarySize: 0, weight: 2 }, { dictionarySample: { share: 0.5 } }];
  const { pack } = parseConfig({ ...SMALLEST, pack: { variants } }, 'test');
  assert.equal(pack.variants, [...variants.slice(0, 2), { dictionarySample: { share: 0.5, seed: 1 } }]);
  const refusal = (values: object) => {
    try {
      parseConfig({ ...SMALLEST, ...values }, 'test');
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };
  assert.match(refusal({ pack: { variants: [] } }), /pack\.variants/);
  assert.match(refusal({ pack: { variants: [{ weight: 2 }] } }), /pack\.variants\.0: says nothing that differs/);
  assert.match(refusal({ pack: { variants: [{ level: 3, targetChunkSize: 1 }] } }), /targetChunkSize/);
  assert.match(refusal({ pack: { variants: [{ dictionarySample: { share: 0 } }] } }), /share/);
  assert.equal(parseConfig({ ...SMALLEST, pack: { variants: [{ window: 10 }] } }, 'test').pack.variants, [{ window: 10 }]);
  assert.match(refusal({ pack: { variants: [{ window: 1 }] } }), /window/);
  assert.match(refusal({ pack: { variants: [{ level: 3, windowOrder: 'id' }] } }), /windowOrder: needs window/);
  const bytes = { input: 'bytes' };
  assert.match(
    refusal({ model: bytes, pack: { variants: [{ level: 3 }, { window: 2 }] } }),
    /pack\.variants\.1\.window.*input is bytes/s,
  );
  assert.match(refusal({ model: bytes, pack: { passageSize: 500 } }), /pack\.passageSize.*input is bytes/s);
  assert.match(refusal({ training: { loss: { infoNce: { memory: {} } } } }), /infoNce\.memory\.size/);
});

test('widths that follow from others are those of BLT', () => {
  // shared/design/blt-encoder.md: 1024 -> 2816, 2048 -> 5632, 768 -> 2048; two queries a patch.
  assert.equal([1024, 2048, 768].map(feedForwardDimension), [2816, 5632, 2048]);
  const { model } = parseConfig(
    {
      ...SMALLEST,
      model: { local: { dimension: 1024, layers: 1, heads: 16 }, global: { dimension: 2048, layers: 1, heads: 16 } },
    },
    'test',
  );
  assert.is(queriesPerPatch(model), 2);
});

test.run();
