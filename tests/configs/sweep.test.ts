import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stringify } from 'yaml';
import { loadConfig, loadSweep } from '../../configs/index.ts';
import { errorOf, withTemporaryFolder } from '../fixtures/temporary-folder.ts';

const test = suite('configuration of a sweep');

const BASE = { name: 'small', data: { source: 'texts' }, teacher: { kind: 'lsa' } };
const DEV = { ...BASE, data: { source: 'texts', dev: {} } };

const withConfig = <Result>(values: unknown, action: (path: string) => Promise<Result>): Promise<Result> =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'run.yaml');
    await writeFile(path, stringify(values));
    return action(path);
  });

test('a run by itself does without the sweep, which must be right all the same', async () => {
  const sweep = { grid: { seed: [1, 2] } };
  await withConfig({ ...BASE, sweep }, async (path) => {
    assert.equal(await loadConfig(path), await withConfig(BASE, (other) => loadConfig(other)));
  });
  const error = await errorOf(() => withConfig({ ...BASE, sweep: { grid: { seed: [] } } }, (path) => loadConfig(path)));
  assert.is(error.code, 'CONFIG_INVALID');
  assert.match(error.message, /sweep\.grid\.seed: needs at least one value/);
});

test('each trial is the configuration with its settings, whole mappings too, and a name of its own', () =>
  withConfig({ ...BASE, sweep: { grid: { seed: [1, 2], 'training.schedule.kind': ['linear'] } } }, async (path) => {
    const plan = await loadSweep(path, ['training.steps=7']);
    assert.equal([plan.name, plan.metric], ['small', 'loss']);
    assert.equal(
      plan.trials.map(({ name, config }) => [
        name,
        config.name,
        config.seed,
        config.training.schedule.kind,
        config.training.steps,
      ]),
      [
        ['trial-001', 'small-trial-001', 1, 'linear', 7],
        ['trial-002', 'small-trial-002', 2, 'linear', 7],
      ],
    );
  }));

test('ranked by nDCG@10 where there is development data, which the other measures need', async () => {
  const sweep = { grid: { seed: [1] } };
  assert.is((await withConfig({ ...DEV, sweep }, (path) => loadSweep(path))).metric, 'ndcg@10');
  const without = await errorOf(() =>
    withConfig({ ...BASE, sweep: { ...sweep, metric: 'retention' } }, (path) => loadSweep(path)),
  );
  assert.is(without.code, 'SWEEP_METRIC');
});

test('no sweep, and a path through a value, are said', async () => {
  assert.is((await errorOf(() => withConfig(BASE, (path) => loadSweep(path)))).code, 'SWEEP_MISSING');
  const through = { ...BASE, sweep: { grid: { 'name.first': [1] } } };
  const error = await errorOf(() => withConfig(through, (path) => loadSweep(path)));
  assert.is(error.code, 'CONFIG_SETTING');
  assert.match(error.message, /sweep, trial-001: "name" holds a value/);
});

test('evaluations while training need development data', async () => {
  const early = { ...BASE, training: { earlyStopping: {} } };
  const error = await errorOf(() => withConfig(early, (path) => loadConfig(path)));
  assert.is(error.code, 'CONFIG_INVALID');
  assert.match(error.message, /training\.earlyStopping: needs data\.dev/);
  const config = await withConfig({ ...DEV, training: { earlyStopping: {}, evaluateEvery: 5 } }, (path) => loadConfig(path));
  assert.equal(config.data.dev, { split: 'dev', candidates: 'judged' });
  assert.equal(config.training.earlyStopping, { patience: 5, minimumGain: 0 });
});

test.run();
