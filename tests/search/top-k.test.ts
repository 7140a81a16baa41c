import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../model/random.ts';
import { TopK } from '../../search/top-k.ts';

const test = suite('top k');

test('keeps what a full sort would put first, ties included', () => {
  const numbers = new RandomNumbers(7, 'top-k');
  for (const size of [1, 2, 3, 10, 100, 500]) {
    const tieOrder = Int32Array.from({ length: size }, (_, index) => index);
    numbers.shuffle(tieOrder);
    const scores = Array.from({ length: size }, () => numbers.integer(12) - 6); // few values: many ties
    const sorted = Array.from(scores, (score, item) => ({ item, score })).sort(
      (left, right) => right.score - left.score || tieOrder[right.item]! - tieOrder[left.item]!,
    );
    for (const k of [1, 2, 7, 99, 1000]) {
      const top = new TopK(k, tieOrder);
      scores.forEach((score, item) => {
        top.push(item, score);
      });
      assert.equal(top.sorted(), sorted.slice(0, k));
    }
  }
});

test('of nothing keeps nothing', () => {
  assert.equal(new TopK(3, new Int32Array(0)).sorted(), []);
  assert.equal(new TopK(3, new Int32Array(5)).sorted(), []);
});

test.run();
