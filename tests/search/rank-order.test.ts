import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compareIds, compareRanked, idOrder } from '../../search/rank-order.ts';

const test = suite('order of ranked documents');

/** From every stretch of the code space: ASCII, two and three bytes, just below and above the surrogates, four bytes. */
const IDS = [
  '',
  'a',
  'Z',
  'a-',
  'a_',
  'é',
  '\u07ff',
  '中',
  '\ud7ff',
  '\ue000',
  '\uff21',
  '\uffff',
  '\u{10000}',
  '\u{1f600}',
  '\u{10ffff}',
  'a\u{1f600}',
  'a\uff21',
];

test('ids compare as their UTF-8 bytes', () => {
  for (const left of IDS) {
    for (const right of IDS) {
      const expected = Buffer.compare(Buffer.from(left), Buffer.from(right));
      assert.is(Math.sign(compareIds(left, right)), expected, `${JSON.stringify(left)} against ${JSON.stringify(right)}`);
    }
  }
});

test('score descending, ties by id descending', () => {
  const ranked = [
    { document: 'a', score: 1 },
    { document: '\u{1f600}', score: 1 },
    { document: '\uff21', score: 1 },
    { document: 'b', score: 2 },
  ].sort(compareRanked);
  assert.equal(
    ranked.map(({ document }) => document),
    ['b', '\u{1f600}', '\uff21', 'a'],
  );
});

test('places of ids in ascending order', () => {
  assert.equal([...idOrder(['b', 'c', 'a'])], [1, 2, 0]);
  assert.equal([...idOrder([])], []);
});

test('an id that is there twice is refused by name', () => {
  assert.throws(
    () => idOrder(['a', 'b', 'a']),
    (error: unknown) =>
      error instanceof Error && /"a"/.test(error.message) && (error as { code?: string }).code === 'SEARCH_DUPLICATE_ID',
  );
});

test.run();
