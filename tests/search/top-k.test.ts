import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../base/random.ts';
import { TopK } from '../../search/top-k.ts';

const test = suite('top k');

const byNumber = (left: number, right: number): number => left - right;

test('keeps what a full sort would put first, ties included', () => {
  const numbers = new RandomNumbers(7, 'top-k');
  for (const size of [1, 2, 3, 10, 100, 500]) {
    const tieOrder = Int32Array.from({ length: size }, (_, index) => index);
    numbers.shuffle(tieOrder);
    const scores = Array.from({ length: size }, () => numbers.integer(12) - 6); // few values: many ties
    const compareTies = (left: number, right: number): number => tieOrder[left]! - tieOrder[right]!;
    const sorted = Array.from(scores, (score, item) => ({ item, score, part: 0 })).sort(
      (left, right) => right.score - left.score || tieOrder[right.item]! - tieOrder[left.item]!,
    );
    for (const k of [1, 2, 7, 99, 1000]) {
      const top = new TopK(k, { compareTies });
      scores.forEach((score, item) => {
        top.push(item, score);
      });
      assert.equal(top.sorted(), sorted.slice(0, k));
    }
  }
});

test('an item that comes part by part is kept once, by its best part', () => {
  const numbers = new RandomNumbers(8, 'top-k');
  for (let round = 0; round < 200; round++) {
    const parts = Array.from({ length: 60 }, (_, part) => ({ item: numbers.integer(20), score: numbers.integer(9) - 4, part }));
    const order = Int32Array.from(parts.keys());
    numbers.shuffle(order);
    const best = new Map<number, (typeof parts)[number]>();
    for (const part of parts) {
      const known = best.get(part.item);
      if (known === undefined || part.score > known.score || (part.score === known.score && part.part < known.part)) {
        best.set(part.item, part);
      }
    }
    const sorted = [...best.values()].sort((left, right) => right.score - left.score || right.item - left.item);
    for (const k of [1, 5, 20, 40]) {
      const top = new TopK(k, { compareTies: byNumber, repeats: true });
      for (const index of order) {
        const { item, score, part } = parts[index]!;
        top.push(item, score, part);
      }
      assert.ok(
        !(top.bar > (sorted[k - 1]?.score ?? Number.NEGATIVE_INFINITY)),
        'nothing that belongs to the best is below the bar',
      );
      assert.equal(top.sorted(), sorted.slice(0, k));
      assert.is(top.bar, k <= sorted.length ? sorted[k - 1]!.score : Number.NEGATIVE_INFINITY);
    }
  }
});

test('of nothing keeps nothing', () => {
  assert.equal(new TopK(3, { compareTies: byNumber }).sorted(), []);
  const none = new TopK(0, { compareTies: byNumber });
  none.push(1, 1);
  assert.equal(none.sorted(), []);
});

test.run();
