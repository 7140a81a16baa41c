import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PRESET_SETTINGS, PRESETS, projectSettings, readSettings } from '../../../recipes/presets/index.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { ROOT } from '../../meta/imports.ts';

const test = suite('settings of a project');

test('each preset is settings that a file could say', () => {
  for (const name of PRESETS) {
    const { purpose, ingest, answer } = PRESET_SETTINGS[name];
    assert.ok(purpose.length > 0);
    assert.ok(projectSettings.safeParse({ preset: name, ingest, answer }).success, name);
    assert.equal(readSettings(name), { preset: name, ingest, answer });
  }
});

test('a file goes before the preset that it names', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'production.yaml');
    await writeFile(
      path,
      'preset: medical\ningest: {unitMaximum: 900}\nanswer: {k: 3, chat: {noiseFilter: false, agent: true}}\n',
    );
    const { ingest, answer } = readSettings(path);
    assert.equal(ingest, { ...PRESET_SETTINGS.medical.ingest, unitMaximum: 900 });
    assert.equal(answer, { ...PRESET_SETTINGS.medical.answer, k: 3, chat: { noiseFilter: false, agent: true } });
    await writeFile(path, '');
    assert.equal(readSettings(path), { preset: null, ingest: {}, answer: {} });
  }));

test('the one of the examples is read', () => {
  assert.is(readSettings(join(ROOT, 'examples', 'production.yaml')).preset, 'finance');
});

test('what is no preset, no YAML, no setting', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'settings.yaml');
    const message = async () => (await errorOf(async () => readSettings(path))).message;
    assert.match(await message(), /is no preset and no file: name one of startup, finance, medical, realtime/);
    await writeFile(path, 'answer: [');
    assert.match(await message(), /cannot be read as YAML/);
    await writeFile(path, 'answer: {k: 0}');
    assert.match(await message(), /answer\.k: /);
    await writeFile(path, 'answer: {kk: 1}');
    assert.match(await message(), /answer: .*kk/);
  }));

test.run();
