import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stringify } from 'yaml';
import { readCheckpointState } from '../../checkpoints/index.ts';
import { trainCommand } from '../../cli/commands/train.ts';
import type { SweepResult } from '../../recipes/sweep/run-sweep.ts';
import { errorOf } from '../fixtures/temporary-folder.ts';
import { tinyRun, writeDevData, writePassages } from '../training/tiny-run.ts';
import { runCommand } from './run-command.ts';

interface Context {
  folder: string;
  config: string;
  sweep: string;
  result: SweepResult;
}

const test = suite<Context>('cem train --sweep');

/** At the twelfth step a rate of 0.02 has learned and one of 1e-6 has not; the texts are those of installed packages, so that the losses of fewer steps are chance. */
const STEPS = 12;
const RATE = 'training.optimizer.learningRate';

const train = (config: string, ...words: string[]): Promise<string> =>
  runCommand(trainCommand, ['train', '--config', config, '--sweep', ...words]);
const trainJson = async (config: string, ...words: string[]): Promise<SweepResult> =>
  JSON.parse(await train(config, '--json', ...words)) as SweepResult;

/** Three trials, of which the last cannot be trained: its first step throws the weights beyond all numbers. */
test.before(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-sweep-'));
  context.config = join(context.folder, 'tiny.yaml');
  context.sweep = join(context.folder, 'sweep');
  const source = await writePassages(context.folder, 12);
  const dev = { source: await writeDevData(context.folder, 12, 6), candidates: 'corpus' };
  const values = { ...tinyRun(source, STEPS, { checkpointEvery: 3 }), data: { source, dev } };
  const sweep = { grid: { [RATE]: [1e-6, 0.02, 1e30] }, metric: 'loss' };
  await writeFile(context.config, stringify({ ...values, sweep }));
  context.result = await trainJson(context.config, '--run', context.sweep);
});
test.after(({ folder }) => rm(folder, { recursive: true, force: true }));

test('every trial is a run of its own, ranked by the metric; one that cannot be trained is the last', ({ sweep, result }) => {
  assert.equal([result.sweep, result.metric, result.planned, result.interrupted], [sweep, 'loss', 3, false]);
  assert.equal(
    result.trials.map(({ name, settings }) => [name, settings[RATE]]),
    [
      ['trial-002', 0.02],
      ['trial-001', 1e-6],
      ['trial-003', 1e30],
    ],
  );
  const [first, second, failed] = result.trials;
  assert.is(first!.value, first!.loss);
  assert.ok(first!.value! < second!.value!);
  assert.ok(first!.best!['ndcg@10'] > 0);
  assert.is(failed!.value, null);
  assert.match(failed!.failure!, /^the loss of step \d is/);
});

test('again with --resume, nothing that ended is trained; a trial that was stopped goes on to the same weights', async (context) => {
  const { config, sweep, result } = context;
  const [kept, half] = [join(sweep, 'trial-001'), join(sweep, 'trial-002')];
  const hash = async () => (await readCheckpointState(join(half, 'checkpoints', String(STEPS)))).contentHash;
  const before = [await hash(), (await stat(join(kept, 'metrics.jsonl'))).mtimeMs];
  // As a kill after the checkpoint of step 3 leaves it.
  await rm(join(half, 'trial.json'));
  await rm(join(half, 'checkpoints', String(STEPS)), { recursive: true });
  const again = await trainJson(config, '--run', sweep, '--resume');
  assert.equal([await hash(), (await stat(join(kept, 'metrics.jsonl'))).mtimeMs], before);
  const comparable = ({ trials }: SweepResult) => trials.map(({ seconds: _, ...trial }) => trial);
  assert.equal(comparable(again), comparable(result));
});

test('the table: best first, settings as columns, why a trial failed', async ({ config, sweep }) => {
  const lines = (await train(config, '--run', sweep, '--resume')).split('\n');
  assert.match(lines[0]!, /^trial +loss +step +time +training\.optimizer\.learningRate$/);
  assert.match(lines[1]!, /^trial-002 +\d+\.\d{4} +12 .* 0\.02$/);
  assert.match(lines[3]!, /^trial-003 +failed .* 1e\+30$/);
  assert.match(lines.join('\n'), /\ntrial-003: the loss of step/);
  assert.match(lines.at(-2)!, /^3 of 3 trials in .*, the best in .*trial-002$/);
});

test('trials of the same data, pack settings and teacher share what was packed and fitted', async ({ sweep }) => {
  for (const part of ['corpus.zpkg', 'dev.zpkg', 'dev.zpkg.map']) {
    const [first, second] = await Promise.all(
      ['trial-001', 'trial-002'].map(async (trial) => {
        const path = join(sweep, trial, part);
        return { bytes: await readFile(path), inode: (await stat(path)).ino };
      }),
    );
    assert.ok(first!.bytes.equals(second!.bytes), part);
    assert.is.not(first!.inode, second!.inode, part);
  }
});

test('trials with the same query student train it once', async ({ folder, config }) => {
  const run = join(folder, 'queries');
  const { local, global } = {
    local: { dimension: 8, layers: 1, heads: 2, crossAttentionHeads: 2 },
    global: { dimension: 8, layers: 0, heads: 2 },
  };
  const query = { local, global, tables: { sizes: [3], rows: 50 }, patchSize: 4 };
  const settings = [
    'training.steps=2',
    'training.query={steps: 3}',
    `model.query=${JSON.stringify(query)}`,
    'sweep={metric: loss, grid: {model.pooling: [mean, last], training.query.batchSize: [4, 5]}}',
  ];
  const { trials } = await trainJson(config, '--run', run, ...settings.flatMap((setting) => ['--set', setting]));
  assert.is(trials.length, 4);
  const bySize = new Map<unknown, { hash: string; trained: string; encoder: string }[]>();
  for (const trial of trials) {
    const { contentHash: hash } = await readCheckpointState(join(trial.run, 'query', 'checkpoints', '3'));
    const trained = await readFile(join(trial.run, 'query', 'metrics.jsonl'), 'utf8');
    const { contentHash: encoder, query: own } = await readCheckpointState(join(trial.run, 'checkpoints', '2'));
    assert.is(own!.contentHash, hash, 'it is a part of the checkpoint');
    const size = trial.settings['training.query.batchSize'];
    bySize.set(size, [...(bySize.get(size) ?? []), { hash, trained, encoder }]);
  }
  for (const [first, second] of bySize.values()) {
    // Its metrics say how fast steps were: no two trainings have the same.
    assert.equal([first!.hash, first!.trained], [second!.hash, second!.trained]);
    assert.is.not(first!.encoder, second!.encoder);
  }
  assert.is.not(bySize.get(4)![0]!.hash, bySize.get(5)![0]!.hash);
});

test('refused: a folder with trials, other settings, what has no sweep, keys that are not there', async (context) => {
  const { config, sweep, folder } = context;
  const codeOf = async (...words: string[]) => (await errorOf(() => train(config, ...words))).code;
  assert.is(await codeOf('--run', sweep), 'SWEEP_EXISTS');
  assert.is(await codeOf('--run', sweep, '--resume', '--set', 'seed=9'), 'RUN_CONFIG_DIFFERS');
  assert.is(await codeOf('--plan'), 'SWEEP_PLAN');
  const fresh = ['--run', join(folder, 'fresh')];
  assert.is(await codeOf(...fresh, '--set', 'sweep=null'), 'CONFIG_INVALID');
  assert.is(await codeOf(...fresh, '--set', 'sweep.grid={}'), 'CONFIG_INVALID');
  const wrong = await errorOf(() => train(config, ...fresh, '--set', 'sweep.grid={training.optimizer.rate: [1, 2]}'));
  assert.is(wrong.code, 'CONFIG_INVALID');
  assert.match(wrong.message, /sweep, trial-001: unknown key training\.optimizer\.rate/);
});

test.run();
