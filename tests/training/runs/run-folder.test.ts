import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lockFolder, UsageError } from '../../../base/index.ts';
import { adoptCorpus, openRunFolder } from '../../../training/runs/run-folder.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('run folder');

const RESOLVED = { name: 'test', training: { steps: 10 } };
const open = (path: string, resume: boolean, resolved: unknown = RESOLVED) =>
  openRunFolder(path, resolved, resume, { backend: 'wasm' });

test('a new one holds the resolved configuration and the environment', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'runs', 'test');
    const run = await open(path, false);
    assert.is(await readFile(run.config, 'utf8'), 'name: test\ntraining:\n  steps: 10\n');
    const environment = JSON.parse(await readFile(join(path, 'environment.json'), 'utf8')) as Record<string, unknown>;
    assert.is(environment['backend'], 'wasm');
    assert.is(environment['node'], process.version);
    assert.is(run.checkpoint(500), join(path, 'checkpoints', '500'));
  }));

test('an existing one is refused without resume, with the newest step, and stays as it was', () =>
  withTemporaryFolder(async (folder) => {
    const { config } = await open(folder, false);
    const before = await readFile(config, 'utf8');
    const none = await errorOf(() => open(folder, false));
    assert.is(none.code, 'RUN_EXISTS');
    assert.instance(none, UsageError);
    assert.match(none.message, /no checkpoint yet.*--resume/);
    await mkdir(join(folder, 'checkpoints', '20'), { recursive: true });
    await mkdir(join(folder, 'checkpoints', '100'));
    assert.match((await errorOf(() => open(folder, false, { name: 'other' }))).message, /step 100/);
    assert.is(await readFile(config, 'utf8'), before);
  }));

test('it is resumed with the same configuration only', () =>
  withTemporaryFolder(async (folder) => {
    const { config } = await open(folder, false);
    const before = await readFile(config, 'utf8');
    assert.is((await open(folder, true)).config, config);
    const error = await errorOf(() => open(folder, true, { name: 'test', training: { steps: 11 } }));
    assert.is(error.code, 'RUN_CONFIG_DIFFERS');
    assert.match(error.message, /line 3: "steps: 10" there, "steps: 11" given/);
    assert.is(await readFile(config, 'utf8'), before);
  }));

test('F25: a run that never trained gives way to one with other settings, with all that it had made', () =>
  withTemporaryFolder(async (folder) => {
    const other = { name: 'test', training: { steps: 11 } };
    await open(folder, false);
    for (const part of ['corpus.zpkg', 'corpus.zpkg.map', 'corpus-1.zpkg', 'dev.zpkg']) await writeFile(join(folder, part), '');
    await mkdir(join(folder, 'query'));
    await writeFile(join(folder, 'notes.txt'), 'mine');
    assert.match((await errorOf(() => open(folder, true, other))).message, /has not trained yet, so leave --resume out/);
    const { config } = await open(folder, false, other);
    assert.match(await readFile(config, 'utf8'), 'steps: 11');
    assert.equal((await readdir(folder)).sort(), ['config.yaml', 'environment.json', 'notes.txt']);

    for (const [mark, content] of [
      ['metrics.jsonl', '{}'],
      ['query/metrics.jsonl', '{}'],
    ] as const) {
      await mkdir(join(folder, 'query'), { recursive: true });
      await writeFile(join(folder, mark), content);
      assert.is((await errorOf(() => open(folder, false))).code, 'RUN_EXISTS', mark);
      await rm(join(folder, mark));
    }
    const lock = await lockFolder(folder);
    assert.is((await errorOf(() => open(folder, false))).code, 'FOLDER_LOCKED');
    await lock.release();
    assert.match(await readFile(config, 'utf8'), 'steps: 11');
  }));

test('what a kill left before the configuration was written is taken as a new run', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'run');
    await mkdir(path);
    await open(path, false);
    assert.equal((await readdir(path)).sort(), ['config.yaml', 'environment.json']);
  }));

test('a run takes over what another packed and fitted, and nothing else of it; what it has itself stays', () =>
  withTemporaryFolder(async (folder) => {
    const [from, to] = [join(folder, 'from'), join(folder, 'to')];
    await mkdir(join(from, 'teacher'), { recursive: true });
    for (const part of [
      'corpus.zpkg',
      'corpus-1.zpkg',
      'corpus.zpkg.map',
      'corpus.zpkg.meta',
      'config.yaml',
      'metrics.jsonl',
      'teacher/basis',
    ])
      await writeFile(join(from, part), part);
    await mkdir(to);
    await writeFile(join(to, 'corpus.zpkg.map'), 'own');
    // As a kill while it was copied leaves it.
    await mkdir(join(to, '.teacher.tmp'));
    await writeFile(join(to, '.teacher.tmp', 'half'), '');
    await adoptCorpus(from, to);
    const parts = ['corpus-1.zpkg', 'corpus.zpkg', 'corpus.zpkg.map', 'corpus.zpkg.meta', 'teacher'];
    assert.equal((await readdir(to)).sort(), parts);
    assert.equal(await readdir(join(to, 'teacher')), ['basis']);
    assert.is(await readFile(join(to, 'corpus.zpkg'), 'utf8'), 'corpus.zpkg');
    assert.is(await readFile(join(to, 'corpus.zpkg.map'), 'utf8'), 'own');
  }));

test.run();
