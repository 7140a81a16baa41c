import { readFile, writeFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MetricsFile } from '../../../server/web/dashboard/metrics-file.ts';
import { StepAverages } from '../../../training/loop/step-averages.ts';
import { readEvaluations } from '../../../training/runs/evaluations.ts';
import { type MetricsLine, readMetrics } from '../../../training/runs/metrics-lines.ts';
import { MetricsLog } from '../../../training/runs/metrics-log.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { metricsText } from './small-metrics.ts';

const test = suite('metrics');

const line = (step: number): MetricsLine => JSON.parse(metricsText([step])) as MetricsLine;

const stepsOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((row) => (JSON.parse(row) as MetricsLine).step);

test('a line a call, each a JSON object', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'metrics.jsonl');
    const log = await MetricsLog.open(path, 0);
    log.append(line(10));
    log.append(line(20));
    const text = await readFile(path, 'utf8');
    assert.ok(text.endsWith('}\n'));
    assert.equal(stepsOf(text), [10, 20]);
    assert.equal(JSON.parse(text.split('\n')[1]!), line(20));
  }));

test('on resume what lies behind the checkpoint is dropped, a line that a kill cut off too', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'metrics.jsonl');
    const rows = [10, 20, 30].map((step) => `${JSON.stringify(line(step))}\n`).join('');
    await writeFile(path, `${rows}{"step": 40, "lo`);
    (await MetricsLog.open(path, 20)).append(line(30));
    assert.equal(stepsOf(await readFile(path, 'utf8')), [10, 20, 30]);
    await MetricsLog.open(path, 0);
    assert.is(await readFile(path, 'utf8'), '');
  }));

test('every reader has one opinion of a torn line: it counts once its line feed is there', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'metrics.jsonl');
    assert.equal(await readMetrics(path), []);
    const dev = { 'ndcg@10': 0.5, retention: 0.7 };
    const rows = [line(10), { ...line(20), dev }].map((row) => JSON.stringify(row));
    const last = JSON.stringify({ ...line(30), dev });
    // A kill may leave half a line, and a write that went on behind it; a number or an object without a step is no line of metrics.
    await writeFile(path, `${rows[0]}\n{"step": 15, "lo\n12\n{"loss": 1}\n${rows[1]}\n${last}`);
    assert.equal(await readMetrics(path), [line(10), { ...line(20), dev }]);
    assert.equal(await readEvaluations(path), [{ step: 20, ...dev }]);
    const file = new MetricsFile(path);
    await file.refresh();
    assert.equal([file.lines, file.step], [2, 20]);
    await writeFile(path, `${rows[0]}\n${rows[1]}\n${last}\n`);
    assert.is((await readMetrics(path)).length, 3);
    await file.refresh();
    assert.equal([file.lines, file.step], [3, 30]);
  }));

test('averages are over the steps since the line before; the learning rate is the last', () => {
  const averages = new StepAverages();
  const step = (loss: number, gradientNorm: number, learningRate: number, term: number) =>
    averages.add({ loss, gradientNorm, learningRate, terms: { 'passages/info_nce': term } }, 3);
  step(1, 4, 0.1, 8);
  step(2, 6, 0.2, 4);
  const first = averages.line(2);
  assert.equal([first.step, first.loss, first.gradient_norm, first.learning_rate], [2, 1.5, 5, 0.2]);
  assert.equal(first.terms, { 'passages/info_nce': 6 });
  assert.ok(first.steps_per_second > 0);
  assert.ok(Math.abs(first.texts_per_second / first.steps_per_second - 3) < 1e-9);
  // A process of Node takes tens of megabytes, and no more than the machine has.
  assert.ok(first.memory > 1e7 && first.memory < totalmem());
  step(7, 1, 0.3, 1);
  const second = averages.line(3);
  assert.equal([second.loss, second.gradient_norm, second.terms], [7, 1, { 'passages/info_nce': 1 }]);
  assert.ok(second.seconds >= first.seconds);
});

test.run();
