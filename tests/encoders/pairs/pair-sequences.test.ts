import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/index.ts';
import { cutLengths, pairBatch, pairRoom, pairSequence, windowSequences } from '../../../encoders/pairs/pair-sequences.ts';

const test = suite('pair sequences');

const FRAME = { before: [101], between: [102], after: [102], types: [0, 1] } as const;
const range = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);

/** One token after the other from the longer text; of equally long ones from the first unless it began as the longer. */
function cutOneByOne(first: number, second: number, room: number): [number, number] {
  const firstIsShorter = first <= second;
  let [a, b] = [first, second];
  while (a + b > room) {
    if (a > b || (a === b && firstIsShorter)) a--;
    else b--;
  }
  return [a, b];
}

test('the longer text is cut first', () => {
  const random = new RandomNumbers(1, 'cut');
  for (let round = 0; round < 2000; round++) {
    const [first, second, room] = [random.integer(20), random.integer(20), 2 + random.integer(20)];
    assert.equal(cutLengths(first, second, room), cutOneByOne(first, second, room), `${first} ${second} ${room}`);
  }
});

test('special tokens stand around what was cut, and the types tell the texts apart', () => {
  assert.equal(pairSequence(FRAME, [1, 2], [3, 4, 5], 5), { ids: [101, 1, 2, 102, 3, 4, 5, 102], firstTypes: 4 });
  assert.equal(pairSequence(FRAME, [1, 2], [3, 4, 5], 4).ids, [101, 1, 2, 102, 3, 4, 102]);
  assert.equal(pairSequence(FRAME, [], [], 4), { ids: [101, 102, 102], firstTypes: 2 });
  const batch = pairBatch([pairSequence(FRAME, [1], [3, 4], 5), pairSequence(FRAME, [1], [3], 5)], { frame: FRAME, padId: 9 });
  assert.is(batch.rows, 2);
  assert.is(batch.positions, 6);
  assert.equal([...batch.ids], [101, 1, 102, 3, 4, 102, 101, 1, 102, 3, 102, 9]);
  assert.equal([...batch.types], [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 0]);
  assert.equal([...batch.mask], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
});

test('windows cover a text, overlap, and end with it; a query keeps half of the room at most', () => {
  const random = new RandomNumbers(2, 'windows');
  for (let round = 0; round < 500; round++) {
    const [query, text, room] = [range(1000, random.integer(12)), range(0, random.integer(60)), 2 + random.integer(20)];
    const windows = windowSequences(FRAME, query, text, room);
    const seen = new Set<number>();
    for (const { ids, firstTypes } of windows) {
      assert.ok(ids.length <= room + 3);
      for (const id of ids.slice(firstTypes, -1)) seen.add(id);
      assert.ok(firstTypes - 2 >= Math.min(query.length, Math.floor(room / 2)));
    }
    assert.is(seen.size, text.length);
    if (query.length + text.length <= room) assert.is(windows.length, 1);
    for (const [index, { ids, firstTypes }] of windows.entries()) {
      const next = windows[index + 1];
      // A window of four tokens or more shares some with the next.
      if (next && ids.length - firstTypes - 1 >= 4) assert.ok(next.ids[next.firstTypes]! <= ids.at(-2)!);
    }
  }
});

test('a limit that leaves no token of each text is refused', () => {
  assert.is(pairRoom(FRAME, 5), 2);
  assert.throws(() => pairRoom(FRAME, 4), /4 tokens are too few for a pair: 3 of them are special tokens/);
});

test.run();
