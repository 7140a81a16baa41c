import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isCemError, UsageError } from '../../../../base/index.ts';
import { optionalPackage } from '../../../../search/lexical/analysis/optional-package.ts';
import {
  type AnalyzerInput,
  assertSameAnalyzer,
  Bm25Retriever,
  openAnalyzer,
  wholeDocuments,
} from '../../../../search/lexical/index.ts';
import { tokenize } from '../../../../search/lexical/tokenizer.ts';

const test = suite('analyzers');

async function isThere(load: () => Promise<unknown>): Promise<boolean> {
  return load().then(
    () => true,
    () => false,
  );
}
const hasJieba = await isThere(() => import('@node-rs/jieba'));
const hasOpenCc = await isThere(() => import('opencc-js/t2cn'));
if (!hasJieba) process.stdout.write('skipped: words by jieba (@node-rs/jieba is not installed)\n');
if (!hasOpenCc) process.stdout.write('skipped: traditional characters (opencc-js is not installed)\n');

const codeOf = async (work: () => unknown): Promise<unknown> => {
  try {
    await work();
    return undefined;
  } catch (error) {
    return isCemError(error) ? error.code : error;
  }
};

test('without a configuration: characters and pairs, as the tokenizer gives them', async () => {
  const { name, terms } = await openAnalyzer();
  assert.is(name, 'characters');
  const text = 'The T-cell, 民法典 naïve 第12条';
  assert.equal(terms(text), tokenize(text));
});

test('defaults of words', async () => {
  const { name, settings, terms } = await openAnalyzer({ kind: 'words' });
  assert.is(name, 'words');
  const { fingerprint, ...config } = settings;
  assert.equal(config, { kind: 'words', chinese: 'characters', stemming: true, stopWords: true, foldTraditional: false });
  assert.match(fingerprint, /^[0-9a-f]{16}$/);
  assert.equal(terms('the promises'), ['promis']);
});

test('what is no configuration is refused with its place', async () => {
  const cases: readonly (readonly [input: unknown, message: RegExp])[] = [
    [{ kind: 'stems' }, /kind/],
    [{ kind: 'words', chinese: 'jieba' }, /chinese/],
    [{ kind: 'characters', stemming: true }, /stemming/],
  ];
  for (const [input, message] of cases) {
    const error = await openAnalyzer(input as AnalyzerInput).catch((caught: unknown) => caught);
    assert.ok(error instanceof UsageError);
    assert.is(error.code, 'SEARCH_ANALYZER');
    assert.match(error.message, message);
  }
});

test('an index refuses another analyzer, and takes the same one whatever the order of keys', async () => {
  const [stems, words] = [await openAnalyzer({ kind: 'words' }), await openAnalyzer({ kind: 'words', stemming: false })];
  assert.is.not(stems.settings.fingerprint, words.settings.fingerprint);
  const stored: unknown = JSON.parse(JSON.stringify(Object.fromEntries(Object.entries(stems.settings).reverse())));
  assertSameAnalyzer(stored, await openAnalyzer({ kind: 'words' }));
  assert.is(await codeOf(() => assertSameAnalyzer(stored, words)), 'SEARCH_ANALYZER_OTHER');
  assert.is(await codeOf(() => assertSameAnalyzer({ ...stems.settings, fingerprint: '0' }, stems)), 'SEARCH_ANALYZER_OTHER');
  assert.is(await codeOf(() => assertSameAnalyzer(undefined, stems)), 'SEARCH_ANALYZER_OTHER');
});

test('a package that is not there: which one, how to install it, what else to choose', async () => {
  const work = optionalPackage('no-such', 'option', 'another', () => import(`no-such-package-${1}`));
  const error = await work.catch((caught: unknown) => caught);
  assert.ok(isCemError(error));
  assert.is(error.code, 'SEARCH_ANALYZER_PACKAGE');
  assert.match(error.message, /option needs .*no-such.*npm install no-such.*another/);
});

test('BM25 ranks by the terms of an analyzer', async () => {
  const { terms } = await openAnalyzer({ kind: 'words' });
  const texts: [string, string][] = [
    ['code', 'Node throws ERR_FOO_BAR where the promise is broken'],
    ['parts', 'foo and bar'],
    ['article', '依照第五百九十条的规定'],
    ['other', '依照第五百八十条的规定'],
  ];
  const retriever = await Bm25Retriever.create(wholeDocuments(texts), { tokenize: terms });
  const first = async (query: string): Promise<string> => (await retriever.search([query], { k: 1 }))[0]![0]!.document;
  assert.is(await first('ERR_FOO_BAR'), 'code');
  assert.is(await first('promises'), 'code');
  assert.is(await first('第五百九十条'), 'article');
  const unsearchable: number[] = [];
  await retriever.search(['what is it'], { k: 1, onUnsearchable: (place) => unsearchable.push(place) });
  assert.equal(unsearchable, [0]);
});

if (hasJieba) {
  test("jieba's words in search mode: the words within a long word, then itself", async () => {
    const { terms } = await openAnalyzer({ kind: 'words', chinese: 'words', stopWords: false });
    // The example that jieba's own documentation gives for its search mode.
    assert.equal(terms('小明硕士毕业于中国科学院计算所'), [
      '小明',
      '硕士',
      '毕业',
      '于',
      '中国',
      '科学',
      '学院',
      '科学院',
      '中国科学院',
      '计算',
      '计算所',
    ]);
    assert.equal(terms('第五百九十条'), ['第五百九十条', '第', '五百', '九十', '条']);
    assert.equal(terms('COVID疫苗'), ['covid', '疫苗']);
  });

  test('function words of Chinese are left out', async () => {
    const { terms } = await openAnalyzer({ kind: 'words', chinese: 'words' });
    assert.equal(terms('疫苗的计算和我们'), ['疫苗', '计算']);
  });

  test('characters, pairs, and longer words: each once', async () => {
    const { terms } = await openAnalyzer({ kind: 'words', chinese: 'both' });
    assert.equal(terms('科学院'), ['科', '学', '科学', '院', '学院', '科学院']);
  });
}

if (hasOpenCc) {
  test('traditional characters meet simplified ones, alone and within words', async () => {
    const { terms } = await openAnalyzer({ kind: 'words', foldTraditional: true });
    assert.equal(terms('計算機軟體'), terms('计算机软体'));
    assert.equal(terms('第五條'), terms('第五条'));
    // 乾 by itself and within the phrase 乾隆, which a conversion for readers would keep.
    assert.equal(terms('乾隆').slice(0, 1), terms('乾'));
    const { terms: apart } = await openAnalyzer({ kind: 'words' });
    assert.is.not(apart('計').join(), apart('计').join());
  });
}

test.run();
