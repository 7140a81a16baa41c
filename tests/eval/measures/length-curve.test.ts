import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lengthCurve } from '../../../eval/measures/length-curve.ts';

const test = suite('quality by document length');

const scores = (values: readonly number[]): ReadonlyMap<string, Record<string, number>> =>
  new Map(values.map((value, index) => [`q${index}`, { ndcg_at_10: value }]));

test('queries sorted by the length of what they look for, in groups of equal size', () => {
  const qrels = new Map(Array.from({ length: 12 }, (_, index) => [`q${index}`, new Map([[`d${index}`, 1]])]));
  const bytes = new Map(Array.from({ length: 12 }, (_, index) => [`d${index}`, 1200 - 100 * index]));
  // 12 queries make 2 groups of at least 5; the longest document is q0's.
  const groups = lengthCurve(qrels, bytes, { student: scores(Array.from({ length: 12 }, (_, index) => (index < 6 ? 0.5 : 1))) });
  assert.equal(groups, [
    { from_bytes: 100, to_bytes: 600, queries: 6, ndcg_at_10: { student: 1 } },
    { from_bytes: 700, to_bytes: 1200, queries: 6, ndcg_at_10: { student: 0.5 } },
  ]);
});

test('the mean over several relevant documents; others and absent ones do not count', () => {
  const qrels = new Map([
    [
      'q0',
      new Map([
        ['a', 2],
        ['b', 1],
        ['c', 0],
        ['gone', 1],
      ]),
    ],
    ['q1', new Map([['gone', 1]])],
  ]);
  const bytes = new Map([
    ['a', 100],
    ['b', 300],
    ['c', 9000],
  ]);
  assert.equal(lengthCurve(qrels, bytes, { row: scores([0.25, 1]) }), [
    { from_bytes: 200, to_bytes: 200, queries: 1, ndcg_at_10: { row: 0.25 } },
  ]);
  assert.equal(lengthCurve(new Map([['q1', new Map([['gone', 1]])]]), bytes, { row: scores([0, 1]) }), []);
});

test('at most six groups, which hold every query once', () => {
  const count = 101;
  const qrels = new Map(Array.from({ length: count }, (_, index) => [`q${index}`, new Map([[`d${index}`, 1]])]));
  const bytes = new Map(Array.from({ length: count }, (_, index) => [`d${index}`, index]));
  const groups = lengthCurve(qrels, bytes, { row: scores(Array.from({ length: count }, () => 1)) });
  assert.is(groups.length, 6);
  assert.is(
    groups.reduce((sum, { queries }) => sum + queries, 0),
    count,
  );
});

test.run();
