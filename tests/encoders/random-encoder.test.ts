import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomEncoder } from '../../encoders/index.ts';

const test = suite('random encoder');

test('unit vectors that depend on seed, kind and key only', async () => {
  const encoder = new RandomEncoder({ dimension: 64, seed: 5 });
  const documents = await encoder.encodeCorpus(['a', 'b', 'c']);
  const again = await new RandomEncoder({ dimension: 64, seed: 5 }).encodeCorpus(['c', 'a']);
  assert.equal([...documents.owners], [0, 1, 2]);
  assert.equal(documents.data.subarray(0, 64), again.data.subarray(64, 128));
  assert.equal(documents.data.subarray(128, 192), again.data.subarray(0, 64));
  const other = await new RandomEncoder({ dimension: 64, seed: 6 }).encodeCorpus(['a']);
  assert.not.equal(documents.data.subarray(0, 64), other.data);
  assert.not.equal(documents.data.subarray(0, 64), (await encoder.encodeQueries(['a'])).data);
  for (let row = 0; row < 3; row++) {
    assert.ok(Math.abs(Math.hypot(...documents.data.subarray(row * 64, (row + 1) * 64)) - 1) < 1e-6);
  }
});

test('directions show no preference', async () => {
  const rows = 2000;
  const { data } = await new RandomEncoder({ dimension: 16 }).encodeCorpus(
    Array.from({ length: rows }, (_, index) => `${index}`),
  );
  for (let column = 0; column < 16; column++) {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += data[row * 16 + column]!;
    // A coordinate has variance 1/16, its mean over 2000 rows a deviation of 0.0056: five of them.
    assert.ok(Math.abs(sum / rows) < 0.028, `column ${column}: ${sum / rows}`);
  }
});

test.run();
