import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ByteStream } from '../../../training/entropy/byte-stream.ts';

const test = suite('byte stream');

test('texts stand end to end, each behind its begin id (1); a byte is its value and 4', () => {
  const stream = new ByteStream();
  stream.add('ab');
  stream.add('');
  stream.add('é');
  assert.equal([stream.texts, stream.length], [3, 7]);
  // 'a' is 97, 'b' 98, 'é' C3 A9 = 195 169.
  assert.equal([...stream.ids([0], 7)], [1, 101, 102, 1, 1, 199, 173]);
  assert.equal([...stream.ids([4, 1], 3)], [1, 199, 173, 101, 102, 1]);
});

test('half a character of UTF-16 is no begin id, and long streams grow', () => {
  const stream = new ByteStream();
  stream.add('\ud800');
  // It becomes U+FFFD: EF BF BD = 239 191 189.
  assert.equal([...stream.ids([0], 4)], [1, 243, 195, 193]);
  for (let i = 0; i < 50; i++) stream.add('x'.repeat(5000));
  assert.is(stream.length, 4 + 50 * 5001);
  assert.equal([...stream.ids([stream.length - 5001], 5001)], [1, ...new Array(5000).fill(0x78 + 4)]);
});

test('its first texts as bytes, up to a limit', () => {
  const stream = new ByteStream();
  for (const text of ['one', 'two', '', 'three']) stream.add(text);
  const first = (limit: number) => stream.firstTexts(limit).map((text) => Buffer.from(text).toString());
  assert.equal(first(100), ['one', 'two', '', 'three']);
  assert.equal(first(3), ['one']);
  assert.equal(first(8), ['one', 'two', '', 'th']);
  assert.equal(new ByteStream().firstTexts(5), []);
});

test.run();
