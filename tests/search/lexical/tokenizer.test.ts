import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tokenize } from '../../../search/lexical/tokenizer.ts';

const test = suite('tokenizer');

test('words of spaced scripts: lower case, letters, marks and digits', () => {
  assert.equal(tokenize("The T-cell's IL-2, naïve ÉTÉ; 3.14 snake_case"), [
    'the',
    't',
    'cell',
    's',
    'il',
    '2',
    'naïve',
    'été',
    '3',
    '14',
    'snake',
    'case',
  ]);
});

test('compatibility forms and composed letters are one word', () => {
  assert.equal(tokenize('ＡＢＣ ﬁne e\u0301'), ['abc', 'fine', 'é']);
});

test('runs of unspaced scripts become characters and pairs', () => {
  assert.equal(tokenize('民法典'), ['民', '法', '民法', '典', '法典']);
  assert.equal(tokenize('第12条 COVID疫苗'), ['第', '12', '条', 'covid', '疫', '苗', '疫苗']);
});

test('a character outside the basic plane is one', () => {
  assert.equal(tokenize('\u{20000}\u{20001}'), ['\u{20000}', '\u{20001}', '\u{20000}\u{20001}']);
});

test('nothing but signs has no terms', () => {
  assert.equal(tokenize(' ,.!？。\n'), []);
  assert.equal(tokenize(''), []);
});

test.run();
