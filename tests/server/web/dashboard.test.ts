import { mkdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createDashboard } from '../../../server/web/dashboard/create-dashboard.ts';
import { MetricsFile } from '../../../server/web/dashboard/metrics-file.ts';
import type { RunsAnswer, SeriesAnswer } from '../../../server/web/dashboard/page/answers.ts';
import { formatSeconds, formatValue, panelsFor } from '../../../server/web/dashboard/page/panels.ts';
import { pictured, smoothed } from '../../../server/web/dashboard/series.ts';
import { numbersOf } from '../../../training/runs/metric-numbers.ts';
import type { MetricsLine } from '../../../training/runs/metrics-lines.ts';
import { MetricsLog } from '../../../training/runs/metrics-log.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { appendMetrics, makeRun, metricsText } from '../../training/runs/small-metrics.ts';

const test = suite('dashboard');

test('numbers of a line have the path as their name; what is no number has none', () => {
  const line = { loss: 1, terms: { 'a/b': 2 }, dev: { 'ndcg@10': 0.5 }, note: 'x', list: [3], nothing: null, yes: true };
  assert.equal(numbersOf(line), [
    ['loss', 1],
    ['terms/a/b', 2],
    ['dev/ndcg@10', 0.5],
  ]);
});

test('smoothing: weights of a geometric series, which add up to 1', () => {
  const values = [3, -1, 4, 1, 5, -9];
  const weight = 0.7;
  // The same average written as a sum: weight^(i - j) of value j, divided by the sum of the weights.
  const expected = values.map((_, i) => {
    const weights = values.slice(0, i + 1).map((_, j) => weight ** (i - j));
    const total = weights.reduce((sum, one) => sum + one, 0);
    return weights.reduce((sum, one, j) => sum + one * values[j]!, 0) / total;
  });
  for (const [i, value] of smoothed(values, weight).entries()) assert.ok(Math.abs(value - expected[i]!) < 1e-12);
  assert.equal(smoothed(values, 0), values);
  assert.equal(smoothed([], 0.9), []);
});

test('thinning keeps the ends and each spike, in order, within the number of points', () => {
  const values = Array.from({ length: 10_007 }, (_, i) => Math.sin(i / 500));
  values[3333] = 100;
  values[7777] = -100;
  for (const points of [4, 5, 10, 1000]) {
    const positions = pictured(values, points);
    assert.ok(positions.length <= points && positions.length >= points / 2, `${positions.length} of ${points}`);
    assert.equal(
      positions,
      [...new Set(positions)].sort((a, b) => a - b),
    );
    assert.equal([positions[0], positions.at(-1)], [0, values.length - 1]);
    assert.ok(positions.includes(3333) && positions.includes(7777));
  }
  assert.equal(pictured([5, 6, 7], 4), [0, 1, 2]);
  assert.equal(pictured([], 4), []);
});

/** Steps, times and losses that a file gave. */
const lossOf = (file: MetricsFile) => {
  const { step, seconds, value } = file.series.get('loss')!;
  return step.map((number, i) => [number, seconds[i], value[i]]);
};

test('a file is read as it grows; a torn last line waits for its end', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'metrics.jsonl');
    const file = new MetricsFile(path);
    await file.refresh();
    assert.equal([file.lines, file.step, file.updated, file.series.size], [0, 0, 0, 0]);
    const text = metricsText([10, 20, 30]);
    const cut = text.lastIndexOf('"loss"');
    await writeFile(path, text.slice(0, cut));
    await file.refresh();
    assert.equal([file.lines, file.step], [2, 20]);
    const { version } = file;
    await file.refresh();
    assert.is(file.version, version, 'nothing new');
    await writeFile(path, text);
    // Calls that overlap read each line once.
    await Promise.all([file.refresh(), file.refresh()]);
    assert.equal(lossOf(file), [
      [10, 10, 0.1],
      [20, 20, 0.05],
      [30, 30, 1 / 30],
    ]);
    assert.ok(file.version > version && file.updated > 0);
  }));

test('lines that are no measurements are passed over', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'metrics.jsonl');
    await writeFile(
      path,
      '{"step": 1, "loss": 2}\n\n[1]\nnull\n{"loss": 7}\n{"st\n{"step": 2, "loss": null}\n{"step": 3, "loss": 4}\n',
    );
    const file = new MetricsFile(path);
    await file.refresh();
    assert.equal(lossOf(file), [
      [1, 0, 2],
      [3, 0, 4],
    ]);
  }));

test('a resumed run: lines behind its checkpoint are gone, and its time goes on', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'metrics.jsonl');
    await writeFile(path, metricsText([10, 20, 30, 40]));
    const file = new MetricsFile(path);
    await file.refresh();
    const before = file.version;
    // As a resumed run does it: back to step 20, then on with a clock of its own.
    const log = await MetricsLog.open(path, 20);
    await file.refresh();
    assert.equal([file.step, file.lines], [20, 2]);
    assert.ok(file.version > before);
    const line = (step: number, seconds: number) => ({ step, seconds, loss: 7 }) as unknown as MetricsLine;
    log.append(line(30, 2));
    log.append(line(40, 5));
    log.append(line(50, 9));
    await file.refresh();
    assert.equal(lossOf(file).slice(1), [
      [20, 20, 0.05],
      [30, 22, 7],
      [40, 25, 7],
      [50, 29, 7],
    ]);
    // Cut back and grown beyond what was read, between two looks.
    (await MetricsLog.open(path, 20)).append(line(25, 3));
    await appendMetrics(folder, [26, 27, 28, 29, 30]);
    await file.refresh();
    assert.equal(
      lossOf(file).map(([step]) => step),
      [10, 20, 25, 26, 27, 28, 29, 30],
    );
    await truncate(path, 0);
    await file.refresh();
    assert.equal([file.lines, file.series.size], [0, 0]);
  }));

test('steps that a file holds twice count as they were taken last', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'metrics.jsonl');
    await writeFile(path, `${metricsText([10, 20, 30])}{"step": 20, "seconds": 4, "loss": 9}\n`);
    const file = new MetricsFile(path);
    await file.refresh();
    assert.equal(lossOf(file), [
      [10, 10, 0.1],
      [20, 34, 9],
    ]);
  }));

test('runs of a folder: one that waits, one that is measured, the trial of a sweep, a new one, one that is removed', () =>
  withTemporaryFolder(async (folder) => {
    await makeRun(folder, 'b', 40);
    await makeRun(folder, 'a', 30);
    await appendMetrics(join(folder, 'a'), [10, 20]);
    await makeRun(folder, join('sweep', '1'), 5);
    await mkdir(join(folder, 'other'));
    const server = await createDashboard({ folder, runs: [] });
    const list = async () => (await server.inject('/api/runs')).json<RunsAnswer>();
    const brief = (answer: RunsAnswer) => answer.runs.map(({ id, step, steps, lines }) => [id, step, steps, lines]);
    const first = await list();
    assert.is(first.folder, folder);
    assert.equal(brief(first), [
      ['a', 20, 30, 2],
      ['b', 0, 40, 0],
      ['sweep/1', 0, 5, 0],
    ]);
    await appendMetrics(join(folder, 'b'), [7]);
    await makeRun(folder, 'c', 9);
    await rm(join(folder, 'sweep'), { recursive: true });
    const second = await list();
    assert.equal(brief(second), [
      ['a', 20, 30, 2],
      ['b', 7, 40, 1],
      ['c', 0, 9, 0],
    ]);
    const versions = (answer: RunsAnswer) => new Map(answer.runs.map(({ id, version }) => [id, version]));
    assert.is(versions(first).get('a'), versions(second).get('a'));
    assert.ok(versions(first).get('b')! < versions(second).get('b')!);
    // Metrics that cannot be read are a matter of one run.
    await mkdir(join(folder, 'c', 'metrics.jsonl'));
    const { runs } = await list();
    assert.match(runs[2]!.problem!, 'EISDIR');
    assert.equal([runs[0]!.problem, runs[0]!.lines], [undefined, 2]);
    await server.close();
  }));

test('what a run measured, whole and smoothed', () =>
  withTemporaryFolder(async (folder) => {
    const run = await makeRun(folder, 'with space', 40);
    await appendMetrics(run, [10, 20, 30]);
    await appendMetrics(run, [40], { dev: { 'ndcg@10': 0.25, retention: 0.5 } });
    const server = await createDashboard({ folder, runs: [] });
    const [state] = (await server.inject('/api/runs')).json<RunsAnswer>().runs;
    const answer = (await server.inject('/api/series?run=with%20space')).json<SeriesAnswer>();
    assert.equal([answer.run, answer.version], ['with space', state!.version]);
    const step = [10, 20, 30, 40];
    assert.equal(answer.series['loss'], { step, seconds: step, value: step.map((number) => 1 / number) });
    assert.equal(answer.series['terms/passages/distillation'], { step, seconds: step, value: [0.5, 0.5, 0.5, 0.5] });
    assert.equal(answer.series['dev/retention'], { step: [40], seconds: [40], value: [0.5] });
    assert.equal(Object.keys(answer.series).sort(), [
      'dev/ndcg@10',
      'dev/retention',
      'gradient_norm',
      'learning_rate',
      'loss',
      'memory',
      'steps_per_second',
      'terms/passages/distillation',
      'texts_per_second',
    ]);
    const smooth = (await server.inject('/api/series?run=with%20space&smoothing=0.5')).json<SeriesAnswer>();
    assert.equal(
      smooth.series['loss']!.smooth,
      smoothed(
        step.map((number) => 1 / number),
        0.5,
      ),
    );
    await server.close();
  }));

test('a hundred thousand lines: as many points as were asked for, smoothed over all values', () =>
  withTemporaryFolder(async (folder) => {
    const run = await makeRun(folder, 'long', 100_000);
    const losses = Array.from({ length: 100_000 }, (_, i) => (i === 54_321 ? 50 : Math.cos(i)));
    const line = (loss: number, i: number) => `{"step":${i + 1},"loss":${loss},"terms":{"a":1,"b":2},"seconds":${i / 7}}\n`;
    await writeFile(join(run, 'metrics.jsonl'), losses.map(line).join(''));
    const server = await createDashboard({ folder, runs: [] });
    assert.is((await server.inject('/api/runs')).json<RunsAnswer>().runs[0]!.lines, 100_000);
    const response = await server.inject('/api/series?run=long&smoothing=0.9&points=500');
    const { step, value, smooth } = response.json<SeriesAnswer>().series['loss']!;
    assert.ok(step.length > 400 && step.length <= 500, `${step.length} points`);
    assert.equal([step[0], step.at(-1), Math.max(...value)], [1, 100_000, 50]);
    const all = smoothed(losses, 0.9);
    assert.equal(
      smooth,
      step.map((number) => all[number - 1]),
    );
    await server.close();
  }));

test('only the runs that are named, by the paths that they were named by', () =>
  withTemporaryFolder(async (folder) => {
    const [a, b] = [await makeRun(folder, 'a', 1), await makeRun(folder, 'b', 2)];
    const server = await createDashboard({ folder, runs: [b, a, `${a}/../b`] });
    const answer = (await server.inject('/api/runs')).json<RunsAnswer>();
    assert.equal([answer.folder, ...answer.runs.map(({ id }) => id)], [null, b, a]);
    await server.close();
  }));

test('refusals: no such folder, what is no run, requests that make no sense', () =>
  withTemporaryFolder(async (folder) => {
    const absent = join(folder, 'absent');
    assert.is((await errorOf(() => createDashboard({ folder: absent, runs: [] }))).code, 'RUNS_FOLDER');
    assert.is((await errorOf(() => createDashboard({ folder, runs: [absent] }))).code, 'RUN_MISSING');
    assert.is((await errorOf(() => createDashboard({ folder, runs: [folder] }))).code, 'RUN_MISSING');
    const run = await makeRun(folder, 'a', 1);
    const server = await createDashboard({ folder, runs: [] });
    await server.inject('/api/runs');
    const refusal = async (url: string) => {
      const response = await server.inject(url);
      return [response.statusCode, response.json<{ error: { code: string } }>().error.code];
    };
    assert.equal(await refusal('/api/series?run=b'), [404, 'RUN_UNKNOWN']);
    // Not listed, so not read, wherever it leads.
    assert.equal(await refusal(`/api/series?run=${encodeURIComponent(`../${folder}/a`)}`), [404, 'RUN_UNKNOWN']);
    for (const query of ['', '?run=a&points=3', '?run=a&points=x', '?run=a&smoothing=1', '?run=a&smoothing=-1', '?run=a&more=1'])
      assert.equal(await refusal(`/api/series${query}`), [400, 'SERIES_QUERY'], query);
    assert.equal(await refusal('/etc/passwd'), [404, 'NOT_FOUND']);
    assert.is((await server.inject({ method: 'POST', url: '/api/runs' })).statusCode, 405);
    await rm(run, { recursive: true });
    await rm(folder, { recursive: true });
    assert.equal(await refusal('/api/runs'), [500, 'RUNS_FOLDER']);
    await mkdir(folder);
    await server.close();
  }));

test('the page and what it needs come from here, and from nowhere else', () =>
  withTemporaryFolder(async (folder) => {
    const server = await createDashboard({ folder, runs: [] });
    const page = await server.inject('/');
    assert.match(page.headers['content-type'] as string, /^text\/html/);
    assert.match(page.headers['content-security-policy'] as string, "default-src 'self'");
    const needed = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);
    for (const path of needed.filter((one) => one !== 'data:,')) {
      const { statusCode, body } = await server.inject(`/${path}`);
      assert.is(statusCode, 200, path);
      assert.ok(body.length > 500, path);
    }
    assert.is(needed.length, 5);
    await server.close();
  }));

test('charts: those that every run has, a term each, and what else was measured', () => {
  const always = panelsFor([]).map(({ name }) => name);
  assert.equal(always, [
    'loss',
    'dev/ndcg@10',
    'dev/retention',
    'learning_rate',
    'gradient_norm',
    'texts_per_second',
    'steps_per_second',
    'loader_wait_share',
    'memory',
  ]);
  const panels = panelsFor(['terms/b', 'loss', 'temperature', 'terms/a', 'loss', 'terms/b']);
  assert.equal(
    panels.map(({ name }) => name).filter((name) => !always.includes(name)),
    ['terms/a', 'terms/b', 'temperature'],
  );
  assert.equal([...new Set(panels.map(({ section }) => section))].length, 3);
});

test('charts of a run on a device: its memory, the programs made, the padding', () => {
  const panels = panelsFor(['device_memory', 'padding_share', 'compilations', 'loss']).slice(-3);
  assert.equal(
    panels.map(({ name, title, unit }) => [name, title, unit]),
    [
      ['device_memory', 'Memory of the device', 'bytes'],
      ['compilations', 'Programs made', 'number'],
      ['padding_share', 'Padding', 'share'],
    ],
  );
});

test('figures as people read them', () => {
  const written = [formatValue(0.123456, 'number'), formatValue(0.98765, 'share'), formatValue(1_234_567_890, 'bytes')];
  assert.equal(written, ['0.1235', '98.77%', '1.235 GB']);
  assert.equal(
    [formatValue(0, 'bytes'), formatValue(-12_345.678, 'number'), formatValue(2e-7, 'number')],
    ['0 B', '-12350', '2e-7'],
  );
  assert.equal([formatSeconds(12.34), formatSeconds(600), formatSeconds(9000)], ['12.3 s', '10 min', '2.5 h']);
});

test.run();
