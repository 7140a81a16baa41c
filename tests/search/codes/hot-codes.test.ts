import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import { HotCodes, hotRowBytes } from '../../../search/codes/hot-codes.ts';
import { binaryCode, MemoryCodes } from '../../../search/codes/index.ts';
import { AgedUse } from '../../../search/codes/row-use.ts';

const test = suite('hot codes');

const DIMENSION = 64;
const DAY = 86_400_000;
const random = new RandomNumbers(1, 'hot');
const VECTORS = Array.from({ length: 20_000 }, () => Float32Array.from({ length: DIMENSION }, () => random.normal()));
const codeOf = (number: number) => () => binaryCode(VECTORS[number]!);

/** With a clock of its own. */
function hotCodes(room: number, days = 30) {
  const clock = { now: 1e12 };
  const codes = new HotCodes(DIMENSION, room, new AgedUse(days, () => clock.now));
  const use = (...numbers: number[]): void => {
    for (const number of numbers) codes.used(number, codeOf(number));
  };
  return {
    codes,
    use,
    clock,
    hot: () =>
      codes
        .hot()
        .map(([number]) => number)
        .sort((a, b) => a - b),
  };
}

test('rows are hot from their first use while there is room; then a row must be used more than the least used one', () => {
  const { codes, use, hot } = hotCodes(3);
  use(10, 11, 12, 10, 11, 12);
  assert.equal(codes.counts, { rows: 3, room: 3, promoted: 3, demoted: 0 });
  // As much used is not more: rows that are used in turns do not take turns.
  use(13, 13);
  assert.equal(hot(), [10, 11, 12]);
  use(13);
  assert.is(codes.counts.demoted, 1);
  assert.ok(codes.has(13));
  assert.equal(
    codes
      .hot()
      .map(([, count]) => Math.round(count))
      .sort(),
    [2, 2, 3],
  );
  // What was demoted keeps its count: 2, and 2 more are more than 2 of another.
  const gone = [10, 11, 12].find((number) => !codes.has(number))!;
  use(gone);
  assert.ok(codes.has(gone));
  assert.equal([codes.counts.promoted, codes.counts.demoted], [5, 2]);
});

test('a use counts half after a half-life, and rows without any go', () => {
  const { codes, use, clock, hot } = hotCodes(10, 30);
  use(1, 1, 1, 1, 2);
  clock.now += 30 * DAY;
  use(3);
  assert.equal(codes.hot(), [
    [1, 2],
    [2, 0.5],
    [3, 1],
  ]);
  codes.demoteUnused();
  assert.equal(hot(), [1, 2, 3]);
  clock.now += DAY;
  codes.demoteUnused();
  assert.equal(hot(), [1, 3]);
  assert.is(codes.counts.demoted, 1);
  clock.now += 300 * DAY;
  codes.demoteUnused();
  assert.equal(hot(), []);
});

test('a scan finds what a scan of all hot codes finds, whatever was promoted, demoted and forgotten', () => {
  const { codes, use, hot } = hotCodes(200);
  const numbers = new RandomNumbers(1, 'uses');
  for (let step = 0; step < 4000; step++) {
    use(Math.floor(1000 * numbers.uniform() ** 3));
    if (step % 500 === 499) codes.forget(hot().filter((_, place) => place % 7 === 0));
  }
  assert.ok(codes.counts.demoted > 50, `${codes.counts.demoted}`);
  const all = new MemoryCodes(DIMENSION);
  for (const number of hot()) all.add(number, codeOf(number)());
  for (let query = 2000; query < 2020; query++) {
    const [found, expected] = [codes.scan(VECTORS[query]!, 20), all.scan(VECTORS[query]!, 20)];
    assert.equal(found.length, 20);
    // Of equal codes either may come first, and last.
    assert.ok(found.filter((number) => expected.includes(number)).length >= 18);
    assert.ok(found.every((number) => codes.has(number)));
  }
});

test('what is used most is hot in the end, of a skewed log', () => {
  const { codes, use } = hotCodes(100);
  const numbers = new RandomNumbers(1, 'zipf');
  // Row r with a chance of 1 / r.
  for (let step = 0; step < 50_000; step++) use(Math.floor(10_000 ** numbers.uniform()));
  const kept = Array.from({ length: 100 }, (_, place) => place + 1).filter((number) => codes.has(number)).length;
  assert.ok(kept >= 85, `${kept} of the 100 most used`);
});

test('the count of rows that are not hot is bounded', () => {
  const { codes, use } = hotCodes(1);
  use(...Array.from({ length: 20_000 }, (_, number) => number % 20_000));
  assert.is(codes.counts.rows, 1);
  // A row that was counted in the first half of them is not known any more, or as one use; three more are enough either way.
  use(5000, 5000, 5000);
  assert.ok(codes.has(5000));
});

test('without room nothing is hot', () => {
  const { codes, use } = hotCodes(0);
  use(1, 1, 1);
  assert.equal(codes.counts, { rows: 0, room: 0, promoted: 0, demoted: 0 });
  assert.equal(codes.scan(VECTORS[0]!, 5), []);
  assert.is(hotRowBytes(384), 112);
});

test.run();
