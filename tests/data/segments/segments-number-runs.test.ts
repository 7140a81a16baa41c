import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import { NumberRuns } from '../../../data/segments/number-runs.ts';

const test = suite('runs of numbers');

test('the example of the documentation', () => {
  const runs = NumberRuns.of([
    { first: 20, count: 1 },
    { first: 4, count: 2 },
    { first: 3, count: 1 },
    { first: 9, count: 0 },
  ]);
  assert.equal(runs.encode(), [3, 3, 14, 1]);
  assert.equal(
    [...runs.runs()],
    [
      { first: 3, count: 3 },
      { first: 20, count: 1 },
    ],
  );
});

test('against a sorted list of the same numbers', () => {
  const random = new RandomNumbers(1, 'runs');
  for (let round = 0; round < 50; round++) {
    const numbers = Array.from({ length: 200 }, (_, number) => number).filter(() => random.uniform() < round / 50);
    const made = NumberRuns.of(numbers.map((first) => ({ first, count: 1 })));
    for (const runs of [made, NumberRuns.decode(made.encode())!]) {
      assert.is(runs.count, numbers.length);
      assert.is(runs.first, numbers[0] ?? 0);
      assert.is(runs.end, numbers.length === 0 ? 0 : numbers.at(-1)! + 1);
      for (const [index, number] of numbers.entries()) assert.is(runs.at(index), number);
      for (let number = 0; number < 203; number++) {
        assert.is(runs.indexOf(number), numbers.indexOf(number));
        assert.is(runs.has(number), numbers.includes(number));
      }
    }
  }
});

test('what encode never gives is not read', () => {
  for (const list of [[1], [0, 0], [3, 2, 0, 1], [0, 1, 2], [0, 2 ** 53]]) assert.is(NumberRuns.decode(list), undefined);
  assert.is(NumberRuns.decode([])?.count, 0);
});

test.run();
