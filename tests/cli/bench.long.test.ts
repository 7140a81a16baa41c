import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stringify } from 'yaml';
import { benchCommand } from '../../cli/commands/bench.ts';
import type { CurveResult } from '../../recipes/curve/index.ts';
import { errorOf } from '../fixtures/temporary-folder.ts';
import { metricsOf, tinyRun, writeDevData, writePassages } from '../training/tiny-run.ts';
import { runCommand } from './run-command.ts';

interface Context {
  folder: string;
  config: string;
  data: string;
  output: string;
  result: CurveResult;
}

const test = suite<Context>('cem bench curve');

const POINTS = ['--settings', 'input=text', '--settings', 'level=1,dictionary=0'];

const curve = (config: string, ...words: string[]): Promise<string> =>
  runCommand(benchCommand, ['bench', 'curve', '--config', config, ...words]);

test.before(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-curve-'));
  context.config = join(context.folder, 'tiny.yaml');
  context.output = join(context.folder, 'curve');
  const source = await writePassages(context.folder, 12);
  context.data = await writeDevData(context.folder, 12, 6);
  const values = tinyRun(source, 4, { sentences: { batchSize: 0, weight: 0 }, query: { steps: 1 } });
  await writeFile(context.config, stringify({ ...values, model: { ...(values['model'] as object), query: {} } }));
  const words = [...POINTS, '--data', context.data, '--steps', '4', '--output', context.output, '--json'];
  context.result = JSON.parse(await curve(context.config, ...words)) as CurveResult;
});
test.after(({ folder }) => rm(folder, { recursive: true, force: true }));

test('a run for each of the settings under one budget, measured on the same documents', async ({ result, output }) => {
  assert.equal(
    result.points.map(({ name, input, level, dictionary, steps }) => [name, input, level, dictionary, steps]),
    [
      ['input-text', 'text', 3, 2048, 4],
      ['level-1_dictionary-0', 'symbols', 1, 0, 4],
    ],
  );
  assert.equal([result.planned, result.interrupted, result.candidates, result.split], [2, false, 'judged', 'dev']);
  for (const { retention, ndcg } of result.points) {
    assert.is(retention, ndcg.student / ndcg.teacher);
    assert.ok(ndcg.bm25 > 0.9, 'every query is a part of its document');
  }
  for (const { name, input, saving } of result.points) {
    assert.not(
      existsSync(join(output, name, 'query')),
      'no query student is trained: points are measured with the teacher’s queries',
    );
    const whole = JSON.parse(await readFile(join(output, name, 'evaluation', 'result.json'), 'utf8')) as { saving: number };
    assert.is(saving, input === 'text' ? 0 : whole.saving, 'a model of texts needs them as they are');
  }
});

test('table and picture show every point', async ({ result }) => {
  const markdown = await readFile(result.files.markdown, 'utf8');
  const picture = await readFile(result.files.picture, 'utf8');
  assert.equal(JSON.parse(await readFile(result.files.json, 'utf8')), result);
  for (const { name, retention } of result.points) {
    assert.match(markdown, `| ${name} | `);
    assert.match(picture, `${name}: saving`);
    assert.match(markdown, `${(100 * retention!).toFixed(1)}%`);
  }
  assert.is(picture.match(/<circle /g)!.length, 2);
  assert.match(picture, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
});

test('again with --resume, what was measured is not trained or measured again; a point that was stopped is', async (context) => {
  const { config, data, output, result } = context;
  const words = [...POINTS, '--data', data, '--steps', '4', '--output', output];
  const metrics = join(output, 'input-text', 'metrics.jsonl');
  const before = (await stat(metrics)).mtimeMs;
  await rm(join(output, 'level-1_dictionary-0', 'point.json'));
  await rm(join(output, 'level-1_dictionary-0', 'evaluation'), { recursive: true });
  const again = JSON.parse(await curve(config, ...words, '--resume', '--json')) as CurveResult;
  assert.is((await stat(metrics)).mtimeMs, before);
  const figures = ({ points }: CurveResult) =>
    points.map(({ name, saving, retention, ndcg }) => ({ name, saving, retention, ndcg }));
  assert.equal(figures(again), figures(result));
  assert.is((await errorOf(() => curve(config, ...words))).code, 'CURVE_EXISTS');
  const other = [...words.map((word) => (word === '4' ? '5' : word)), '--resume'];
  assert.is((await errorOf(() => curve(config, ...other))).code, 'RUN_CONFIG_DIFFERS');
});

test('a budget of minutes is turned into steps, once, by timing some; the point takes over what was packed for that', async (context) => {
  const { config, data, folder } = context;
  const output = join(folder, 'timed');
  const words = ['--settings', 'input=symbols', '--data', data, '--output', output, '--json'];
  const result = JSON.parse(await curve(config, ...words, '--minutes', '0.005')) as CurveResult;
  const run = join(output, 'input-symbols');
  const { steps } = JSON.parse(await readFile(join(run, 'budget.json'), 'utf8')) as { steps: number };
  assert.ok(steps >= 1);
  assert.is(result.points[0]!.steps, steps);
  assert.is(metricsOf(run).at(-1)!.step, steps);
  assert.not.ok(existsSync(join(run, 'timed')));
  const error = await errorOf(() => curve(config, ...words, '--minutes', '0.006', '--resume'));
  assert.is(error.code, 'CURVE_BUDGET_DIFFERS');
});

test('what makes no curve is refused by name', async ({ config, data, folder }) => {
  const codeOf = async (...words: string[]) =>
    (await errorOf(() => curve(config, '--output', join(folder, 'none'), ...words))).code;
  assert.is(await codeOf(), 'CURVE_DATA');
  assert.is(await codeOf('--data', data, '--steps', '1.5'), 'CURVE_BUDGET');
  assert.is(await codeOf('--data', data, '--minutes', '0'), 'CURVE_BUDGET');
  assert.is(await codeOf('--data', data, '--steps', '1', '--minutes', '1'), 'CURVE_BUDGET');
  assert.is(await codeOf('--data', data, '--settings', 'level'), 'CURVE_SETTINGS');
  assert.is(await codeOf('--data', data, '--settings', 'level=3', '--settings', 'level=3'), 'CURVE_SETTINGS');
  assert.is(await codeOf('--data', data, '--settings', 'levels=3'), 'CONFIG_INVALID');
  assert.not.ok(existsSync(join(folder, 'none')));
});

test.run();
