import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../base/random.ts';
import { MeanScores } from '../../search/mean-scores.ts';
import type { TopItem } from '../../search/top-k.ts';

const test = suite('means of the best scores');

const byNumber = (left: number, right: number): number => left - right;

test('the mean of the best m of an item, of all where there are fewer, with its best part: as a sort of everything says', () => {
  const numbers = new RandomNumbers(9, 'means');
  for (let round = 0; round < 300; round++) {
    const items = 1 + numbers.integer(12);
    // Eighths, so that sums are exact in any order; few values, so that many tie.
    const parts = Array.from({ length: numbers.integer(60) }, (_, part) => ({
      item: numbers.integer(items),
      score: (numbers.integer(9) - 4) / 8,
      part: 2 ** 40 + part,
    }));
    const order = Int32Array.from(parts.keys());
    numbers.shuffle(order);
    for (const best of [1, 2, 3, 100]) {
      const means = new MeanScores(items, best);
      for (const index of order) means.push(parts[index]!.item, parts[index]!.score, parts[index]!.part);
      const expected: TopItem[] = [];
      for (let item = 0; item < items; item++) {
        const own = parts
          .filter((part) => part.item === item)
          .sort((left, right) => right.score - left.score || left.part - right.part);
        const counted = own.slice(0, best);
        if (counted.length === 0) continue;
        const score = counted.reduce((sum, part) => sum + part.score, 0) / counted.length;
        expected.push({ item, score, part: own[0]!.part });
      }
      expected.sort((left, right) => right.score - left.score || right.item - left.item);
      for (const k of [1, 3, 40]) assert.equal(means.sorted(k, byNumber), expected.slice(0, k));
    }
  }
});

test.run();
