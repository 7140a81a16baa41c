import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { aboveShare } from '../../../search/fusion/recall-filter.ts';

const test = suite('recall filter');

const kept = (scores: readonly number[], share: number): number[] =>
  aboveShare(
    scores.map((score, place) => ({ document: String(place), score, retriever: 'one' })),
    share,
  ).map(({ score }) => score);

test('hits below a share of the best score are dropped', () => {
  // 0.8 x 10 = 8, which is there itself.
  assert.equal(kept([10, 9, 8, 7.9, 1], 0.8), [10, 9, 8]);
  assert.equal(kept([10, 10, 9], 1), [10, 10]);
  assert.equal(kept([10, 9], 0.5), [10, 9]);
  assert.equal(kept([3], 0.9), [3]);
  assert.equal(kept([], 0.9), []);
});

test('beside a best score above 0 negative ones are dropped; a best score of 0 or less drops none; a share of 0 drops none', () => {
  assert.equal(kept([0.5, 0.2, 0, -0.1], 0.1), [0.5, 0.2]);
  assert.equal(kept([0, -0.1], 0.8), [0, -0.1]);
  assert.equal(kept([-0.1, -0.5], 0.8), [-0.1, -0.5]);
  assert.equal(kept([0.5, 0, -0.1], 0), [0.5, 0, -0.1]);
});

test.run();
