import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../base/random.ts';
import { atPassagePlace, MAXIMUM_PASSAGES, passagePlace } from '../../search/passage-place.ts';

const test = suite('place of a passage');

test('one number for chunk and passage, from which both come back, and which orders as they do', () => {
  const numbers = new RandomNumbers(1, 'places');
  const chunk = () => [0, 1, 2, 2 ** 31 - 2, 2 ** 31 - 1, numbers.integer(2 ** 31)][numbers.integer(6)]!;
  const passage = () => [0, 1, MAXIMUM_PASSAGES - 1, numbers.integer(MAXIMUM_PASSAGES)][numbers.integer(4)]!;
  for (let round = 0; round < 1000; round++) {
    const [left, right] = [
      { chunk: chunk(), passage: passage() },
      { chunk: chunk(), passage: passage() },
    ];
    const [one, other] = [passagePlace(left.chunk, left.passage), passagePlace(right.chunk, right.passage)];
    assert.ok(Number.isSafeInteger(one));
    assert.equal(atPassagePlace(one), left);
    assert.is(Math.sign(one - other), Math.sign(left.chunk - right.chunk || left.passage - right.passage));
  }
});

test.run();
