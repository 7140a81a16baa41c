import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { writeBestCheckpoint } from '../../../checkpoints/index.ts';
import { runsCommand } from '../../../cli/commands/runs.ts';
import { compareConfigs, listRuns } from '../../../training/index.ts';
import { runCommand } from '../../cli/run-command.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('runs');

async function writeRun(folder: string, name: string, training: string, metrics: string): Promise<string> {
  const run = join(folder, name);
  await mkdir(join(run, 'checkpoints', '20'), { recursive: true });
  await writeFile(join(run, 'config.yaml'), `name: ${name}\nmodel:\n  tables:\n    sizes:\n      - 3\ntraining: ${training}\n`);
  await writeFile(join(run, 'environment.json'), '{"started": "2026-01-02T03:04:05.000Z", "backend": "wasm", "gitCommit": null}');
  await writeFile(join(run, 'metrics.jsonl'), metrics);
  return run;
}

test('how runs stand: the last whole line counts, what is no run is passed over', () =>
  withTemporaryFolder(async (folder) => {
    const dev = (ndcg: number) => `"dev":{"ndcg@10":${ndcg},"retention":${ndcg * 2}}`;
    const lines = [10, 15].map((step) => `{"step":${step},"loss":2,${dev(step / 100)}}\n`).join('');
    const a = await writeRun(
      folder,
      'a',
      '{ steps: 40 }',
      `${lines}{"step":20,"loss":1.5,"texts_per_second":64}\n{"step":30,"lo`,
    );
    await writeBestCheckpoint(a, { step: 10, 'ndcg@10': 0.31, retention: 0.62 });
    await writeRun(folder, 'b', '{ steps: 9 }', '');
    await mkdir(join(folder, 'other'));
    const runs = await listRuns(folder);
    assert.equal(
      runs.map(({ name, step, steps, loss }) => [name, step, steps, loss]),
      [
        ['a', 20, 40, 1.5],
        ['b', 0, 9, null],
      ],
    );
    assert.equal([runs[0]!.path, runs[0]!.backend, runs[0]!.gitCommit, runs[0]!.checkpoints], [a, 'wasm', null, [20]]);
    assert.equal(runs[0]!.dev, { 'ndcg@10': 0.15, retention: 0.3 });
    assert.equal(runs[0]!.best, { step: 10, 'ndcg@10': 0.31, retention: 0.62 });
    assert.equal([runs[1]!.dev, runs[1]!.best], [null, null]);
    const output = await runCommand(runsCommand, ['runs', '--folder', folder]);
    assert.match(output, /a +20\/40 +1\.5000 +64 +0\.1500 +10 \(0\.3100\) +20 +wasm +- +2026-01-02 03:04/);
    assert.match(output, /b +0\/9 +- +- +- +- +20 +wasm/);
  }));

test('trials of a sweep lie one folder deeper, and no run is looked for inside of another', () =>
  withTemporaryFolder(async (folder) => {
    await writeRun(folder, 'b', '{ steps: 9 }', '');
    await writeRun(join(folder, 'b'), 'inner', '{ steps: 9 }', '');
    await writeRun(join(folder, 'a-sweep'), 'trial-2', '{ steps: 9 }', '');
    await writeRun(join(folder, 'a-sweep'), 'trial-1', '{ steps: 9 }', '');
    assert.equal(
      (await listRuns(folder)).map(({ path }) => path),
      ['a-sweep/trial-1', 'a-sweep/trial-2', 'b'].map((path) => join(folder, path)),
    );
  }));

test('what configurations do not share, by the path of the key', () =>
  withTemporaryFolder(async (folder) => {
    const a = await writeRun(folder, 'a', '{ steps: 40, recompute: true }', '');
    const b = await writeRun(folder, 'b', '{ steps: 41 }', '');
    assert.equal(await compareConfigs([a, b]), [
      { key: 'name', values: ['a', 'b'] },
      { key: 'training.steps', values: [40, 41] },
      { key: 'training.recompute', values: [true, undefined] },
    ]);
    assert.match(await runCommand(runsCommand, ['runs', a, b]), /training\.recompute +true +absent/);
    assert.is((await errorOf(() => compareConfigs([a, folder]))).code, 'RUN_MISSING');
    assert.is((await errorOf(() => listRuns(join(folder, 'absent')))).code, 'RUNS_FOLDER');
  }));

test.run();
