import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bestEvaluation, readEvaluations, stopsEarly } from '../../../training/runs/evaluations.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('evaluation while training');

/** Evaluations at the steps 10, 20, … */
const history = (...values: number[]) =>
  values.map((value, index) => ({ step: 10 * (index + 1), 'ndcg@10': value, retention: value }));

test('the best is the highest, and of equal ones the first', () => {
  assert.is(bestEvaluation([]), undefined);
  assert.is(bestEvaluation(history(0.1, 0.4, 0.3))!.step, 20);
  assert.is(bestEvaluation(history(0.1, 0.4, 0.4))!.step, 20);
  assert.is(bestEvaluation(history(0, 0))!.step, 10);
});

test('a run stops when so many evaluations in a row bring no gain, counted from the last that did', () => {
  const two = { patience: 2, minimumGain: 0 };
  assert.not.ok(stopsEarly([], two));
  assert.not.ok(stopsEarly(history(0.3, 0.2), two));
  assert.ok(stopsEarly(history(0.3, 0.2, 0.3), two), 'equal is no gain');
  assert.not.ok(stopsEarly(history(0.3, 0.2, 0.31, 0.3), two), 'a gain begins anew');
  assert.ok(stopsEarly(history(0.3, 0.2, 0.31, 0.3, 0.25), two));
});

test('small gains add up until one evaluation exceeds the last that counted by more than the minimum', () => {
  // 0.3 counts; 0.33 and 0.35 do not exceed it by more than 0.05; 0.36 does.
  const rule = { patience: 3, minimumGain: 0.05 };
  assert.not.ok(stopsEarly(history(0.3, 0.33, 0.35, 0.36), rule));
  assert.ok(stopsEarly(history(0.3, 0.33, 0.35, 0.35), rule));
});

test('evaluations are the lines of the metrics that have one', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'metrics.jsonl');
    assert.equal(await readEvaluations(path), []);
    const lines = [{ step: 1 }, { step: 2, dev: { 'ndcg@10': 0.5, retention: 0.7 } }, { step: 3 }];
    await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    assert.equal(await readEvaluations(path), [{ step: 2, 'ndcg@10': 0.5, retention: 0.7 }]);
  }));

test.run();
