import { existsSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isCemError } from '../../../base/index.ts';
import { openTokenCounter, tokenCounterOf } from '../../../ingest/index.ts';

const test = suite('token counters');

const counter = await openTokenCounter();

test('o200k_base: known counts', () => {
  assert.is(counter.name, 'o200k_base');
  assert.is(counter.count(''), 0);
  // "hello", " world" (both in the table as they are).
  assert.is(counter.count('hello world'), 2);
  // A special token's name in a text is seven tokens of text and " a", " b"; as a special token it would be one.
  assert.is(counter.count('a <|endoftext|> b'), 9);
});

test('Chinese without white space is counted', () => {
  const text = '当事人一方因不可抗力不能履行合同的，根据不可抗力的影响，部分或者全部免除责任。';
  assert.ok(counter.count(text) > 15 && counter.count(text) <= [...text].length);
});

test('runs of letters, symbols or spaces take linear time and are off by little', () => {
  for (const run of ['a', '汉', '-', ' ', 'ก', '😀']) {
    const short = counter.count(run.repeat(1280));
    const long = counter.count(run.repeat(128_000));
    assert.ok(long >= 100 * short * 0.98 && long <= 100 * short * 1.02, `${run}: ${short} and ${long}`);
    const [around, apart] = [counter.count(`word ${run.repeat(1280)} word`), short + counter.count('word word')];
    assert.ok(Math.abs(around - apart) <= 3, `${run}: ${around} and ${apart}`);
  }
});

test("the reader's own tokenizer, without the marks that it puts around a text", async () => {
  const folder = new URL('../../../../shared/models/bge-small-zh-v1.5-q/', import.meta.url).pathname;
  if (!existsSync(folder)) {
    console.log('skipped: ../shared/models/bge-small-zh-v1.5-q is not there');
    return;
  }
  const own = await openTokenCounter(folder);
  assert.match(own.name, /^bge-small-zh-v1\.5-q:[0-9a-f]{16}$/);
  // BERT's Chinese tokenizer: a character is a token, without [CLS] and [SEP].
  assert.is(own.count('合同自由'), 4);
});

test('a tokenizer of any kind; a folder without one is an error that says so', async () => {
  const letters = tokenCounterOf('letters', { encode: (text) => Array.from(text, (letter) => letter.charCodeAt(0)) });
  assert.equal([letters.name, letters.count('abc')], ['letters', 3]);
  try {
    await openTokenCounter('/no/such/folder');
    assert.unreachable();
  } catch (error) {
    assert.ok(isCemError(error, 'TOKENIZER_NOT_FOUND'));
    assert.match(error.message, /\/no\/such\/folder.*tokenizer\.json/);
  }
});

test.run();
