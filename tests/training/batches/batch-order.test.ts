import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import { BatchOrder } from '../../../training/batches/batch-order.ts';

const test = suite('batch order');

const ITEMS = 103;
const random = new RandomNumbers(1, 'sizes');
const sizes = Uint32Array.from({ length: ITEMS }, () => random.integer(1000));
const OPTIONS = { batchSize: 5, windowBatches: 4, seed: 1, name: 'passages' };
const order = (changes: Partial<typeof OPTIONS> = {}) => new BatchOrder(sizes, { ...OPTIONS, ...changes });

const epoch = (batches: BatchOrder, number: number) =>
  Array.from({ length: batches.batchesPerEpoch }, (_, index) => [...batches.batch(number * batches.batchesPerEpoch + index)]);

test('an epoch has each item at most once, and leaves out less than a batch', () => {
  const batches = order();
  assert.is(batches.batchesPerEpoch, 20);
  const left = new Set<string>();
  for (let number = 0; number < 3; number++) {
    const items = epoch(batches, number).flat();
    assert.is(items.length, 100);
    assert.is(new Set(items).size, 100);
    assert.ok(items.every((item) => item >= 0 && item < ITEMS));
    left.add(
      Array.from({ length: ITEMS }, (_, item) => item)
        .filter((item) => !items.includes(item))
        .join(),
    );
  }
  assert.is(left.size, 3, 'each epoch leaves out others');
});

test('a number of items that the batch divides: every item once', () => {
  const batches = new BatchOrder(sizes.subarray(0, 100), OPTIONS);
  assert.equal(
    epoch(batches, 4)
      .flat()
      .sort((a, b) => a - b),
    Array.from({ length: 100 }, (_, item) => item),
  );
});

test('a batch is a function of its number alone: asked backwards, twice, by another object', () => {
  const forwards = Array.from({ length: 60 }, (_, number) => [...order().batch(number)]);
  const backwards = order();
  for (let number = 59; number >= 0; number--) assert.equal([...backwards.batch(number)], forwards[number]);
  assert.equal([...backwards.batch(17)], forwards[17]);
  assert.not.equal(forwards.slice(0, 20), forwards.slice(20, 40));
});

test('seed and name give other orders', () => {
  const base = epoch(order(), 0);
  assert.not.equal(epoch(order({ seed: 2 }), 0), base);
  assert.not.equal(epoch(order({ name: 'sentences' }), 0), base);
});

test('within a window the batches hold items of like size', () => {
  for (const number of [0, 1]) {
    const batches = epoch(order(), number);
    for (let from = 0; from < batches.length; from += OPTIONS.windowBatches) {
      const ranges = batches
        .slice(from, from + OPTIONS.windowBatches)
        .map((batch) => batch.map((item) => sizes[item]!))
        .map((found) => [Math.min(...found), Math.max(...found)] as const)
        .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      for (let i = 1; i < ranges.length; i++)
        assert.ok(ranges[i - 1]![1] <= ranges[i]![0], 'batches of a window overlap in size');
    }
  }
  // The batches themselves are in no order of size: some window begins with another than its smallest.
  const firstSizes = epoch(order(), 0).map((batch) => sizes[batch[0]!]!);
  assert.not.equal(
    firstSizes.slice(0, 4),
    firstSizes.slice(0, 4).sort((a, b) => a - b),
  );
});

test('fewer items than a batch: one batch of them all', () => {
  const batches = new BatchOrder([5, 1, 3], OPTIONS);
  assert.is(batches.batchesPerEpoch, 1);
  for (const number of [0, 1, 7]) assert.equal([...batches.batch(number)].sort(), [0, 1, 2]);
});

test('of items with a share below one an epoch takes that share, others in each epoch', () => {
  // The first 40 items count a quarter: 10 of them and the other 63 make 14 batches of 5.
  const shares = Float64Array.from(sizes, (_, item) => (item < 40 ? 0.25 : 1));
  const make = () => new BatchOrder(sizes, { ...OPTIONS, shares });
  const batches = make();
  assert.is(batches.batchesPerEpoch, 14);
  const seen = new Set<number>();
  for (let number = 0; number < 12; number++) {
    const items = epoch(batches, number).flat();
    assert.is(new Set(items).size, items.length);
    const light = items.filter((item) => item < 40);
    // Three of the 73 are in no batch of the epoch.
    assert.ok(light.length >= 7 && light.length <= 10, `${light.length}`);
    for (const item of light) seen.add(item);
  }
  // 1 - (1 - 1/4)^12 = 0.97 of 40 are expected.
  assert.ok(seen.size > 35, 'all have their turn');
  assert.equal(epoch(make(), 7), epoch(batches, 7), 'an epoch does not depend on those before it');
  const whole = new BatchOrder(sizes, { ...OPTIONS, shares: new Float64Array(ITEMS).fill(1) });
  assert.equal(epoch(whole, 1), epoch(order(), 1));
});

test.run();
