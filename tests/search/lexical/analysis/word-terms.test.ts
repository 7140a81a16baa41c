import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../../base/index.ts';
import { wordTerms } from '../../../../search/lexical/analysis/word-terms.ts';
import { charactersAndPairs } from '../../../../search/lexical/tokenizer.ts';

const test = suite('words and identifiers');

const plain = wordTerms({ stemming: false, stopWords: false, cut: charactersAndPairs });
const english = wordTerms({ stemming: true, stopWords: true, cut: charactersAndPairs });

test('words of spaced scripts: NFKC, lower case, apostrophes divide', () => {
  assert.equal(plain("The cell's ＡＢＣ ﬁne, ÉTÉ привет"), ['the', 'cell', 's', 'abc', 'fine', 'été', 'привет']);
  assert.equal(plain(' ,.!？。-_\n'), []);
  assert.equal(plain(''), []);
});

test('stems by Porter2, and no function words', () => {
  // Of the published vocabulary: generously -> generous, skies -> sky, promises -> promis, running -> run.
  assert.equal(english('The dogs were running generously under the skies of promises'), [
    'dog',
    'run',
    'generous',
    'under',
    'sky',
    'promis',
  ]);
  assert.equal(english('what is it'), []);
  assert.equal(english('naïve ÉTÉ'), ['naïve', 'été'], 'what is not of ASCII letters is left as it is');
});

const IDENTIFIERS: readonly (readonly [text: string, terms: readonly string[]])[] = [
  ['ERR_FOO_BAR', ['err_foo_bar', 'err', 'foo', 'bar']],
  ['1.2.3', ['1.2.3']],
  ['v1.2.3', ['v1.2.3', '1.2.3']],
  ['1.2.3-beta.1', ['1.2.3-beta.1', '1.2.3', 'beta', '1']],
  ['3.14', ['3.14']],
  ['node:fs/promises', ['node:fs/promises', 'node', 'fs', 'promises']],
  ['fs.readFileSync()', ['fs.readfilesync', 'readfilesync', 'fs', 'read', 'file', 'sync']],
  ['getElementById', ['getelementbyid', 'get', 'element', 'by', 'id']],
  ['HTTPServer', ['httpserver', 'http', 'server']],
  ['utf8Decoder', ['utf8decoder', 'utf8', 'decoder']],
  ['iPhone', ['iphone', 'i', 'phone']],
  ['mRNA DNAs pH IL-2', ['mrna', 'dnas', 'ph', 'il-2', 'il', '2']],
  ['std::vector', ['std::vector', 'std', 'vector']],
  ['__init__', ['init']],
  ['--dry-run', ['dry-run', 'dry', 'run']],
  ['https://example.com/a', ['https://example.com/a', 'https', 'example', 'com', 'a']],
  ['The end. Next...last one--two', ['the', 'end', 'next', 'last', 'one', 'two']],
];

for (const [text, terms] of IDENTIFIERS) {
  test(`${text} as it is, and its parts`, () => assert.equal(plain(text), terms));
}

test('identifiers are whole after stems and stop words, their parts are words', () => {
  assert.equal(english('ERR_IS_RUNNING'), ['err_is_running', 'err', 'run']);
  assert.equal(english('node:fs/promises'), ['node:fs/promises', 'node', 'fs', 'promis']);
});

test('numbers of articles, in Chinese and Arabic digits', () => {
  const wholes = (text: string): string[] => plain(text).filter((term) => /^第.+[条條章款]/u.test(term));
  assert.equal(wholes('依照第五百九十条规定'), ['第五百九十条']);
  assert.equal(wholes('第 12 条、第三章'), ['第12条', '第三章']);
  assert.equal(wholes('刑法第一百二十条之一'), ['第一百二十条', '第一百二十条之一']);
  assert.equal(wholes('第五條'), ['第五條']);
});

test('mixed text is cut by run of script', () => {
  assert.equal(plain('COVID疫苗カナab'), ['covid', '疫', '苗', '疫苗', 'カ', 'ナ', 'カナ', 'ab']);
});

test('no term is longer than 128, and none ends within a character', () => {
  const astral = `a${'\u{10400}'.repeat(100)}`;
  for (const text of ['x'.repeat(500), astral, `${'ab_'.repeat(100)}c`]) {
    const terms = plain(text);
    assert.ok(terms.length > 0 && terms.every((term) => term.length <= 128 && !/\p{Surrogate}/u.test(term)));
  }
  assert.equal(plain('x'.repeat(128)), ['x'.repeat(128)]);
});

/** Texts of words, identifiers, Chinese and others, apart from each other by signs that join nothing. */
function randomPieces(random: RandomNumbers): string[] {
  const alphabet = [
    'running',
    'ERR_FOO',
    '1.2.3',
    'readFile',
    '第五条',
    '民法典的',
    'カナ',
    'ไทย',
    "it's",
    'naïve',
    'C-3PO',
    '計算機',
  ];
  return Array.from({ length: 1 + random.integer(8) }, () => alphabet[random.integer(alphabet.length)]!);
}

test('the terms of a text are those of its pieces, so that queries meet documents', () => {
  const random = new RandomNumbers(18, 'pieces');
  for (let round = 0; round < 300; round++) {
    const pieces = randomPieces(random);
    const sorted = (terms: readonly string[]): string[] => [...terms].sort();
    for (const analyse of [plain, english]) {
      assert.equal(sorted(analyse(pieces.join(', '))), sorted(pieces.flatMap(analyse)));
    }
  }
});

test('random characters: well-formed terms in lower case, the same each time, and terms of NFKC text', () => {
  const random = new RandomNumbers(7, 'characters');
  const signs = [...'aZ09_.:/@- 第一条民ーカไÉß\u0301ﬁ①ΣİA\u{20000}\u{10400}'];
  for (let round = 0; round < 500; round++) {
    const text = Array.from({ length: random.integer(30) }, () => signs[random.integer(signs.length)]!).join('');
    const terms = plain(text);
    assert.equal(plain(text.normalize('NFKC')), terms);
    assert.ok(terms.every((term) => term !== '' && !/\s/u.test(term) && !/[A-ZÉ]/u.test(term)));
  }
});

test.run();
