import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asyncBatches, batches } from '../../base/index.ts';

const test = suite('batches');

async function* slowly<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  for (const item of items) yield item;
}

test('so many items each, the rest last, none empty; alike from items that come when they come', async () => {
  for (const [count, sizes] of [
    [0, []],
    [2, [2]],
    [3, [3]],
    [7, [3, 3, 1]],
  ] as const) {
    const items = Array.from({ length: count }, (_, index) => index);
    const made = [...batches(items, 3)];
    assert.equal(
      made.map((batch) => batch.length),
      sizes,
    );
    assert.equal(made.flat(), items);
    const later: number[][] = [];
    for await (const batch of asyncBatches(slowly(items), 3)) later.push(batch);
    assert.equal(later, made);
  }
});

test('a batch ends with the item by which it weighs enough', () => {
  const bounds = { items: 3, weight: 5, weigh: (text: string) => text.length };
  assert.equal(
    [...batches(['aa', 'bbb', 'c', 'dddddddd', 'e', 'f', 'g', 'h'], bounds)],
    [['aa', 'bbb'], ['c', 'dddddddd'], ['e', 'f', 'g'], ['h']],
  );
});

test.run();
