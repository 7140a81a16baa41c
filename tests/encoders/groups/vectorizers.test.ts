import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/index.ts';
import { wordsOfTokens } from '../../../encoders/groups/token-words.ts';
import {
  createVectorizer,
  kMeans,
  type Token,
  type TokenVectors,
  type VectorizerInput,
  vectorGroup,
  WordWeights,
} from '../../../encoders/index.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { goldenText, randomRows } from '../../golden/groups-content.ts';

const test = suite('vectorizers');

interface Golden {
  readonly input: VectorizerInput;
  readonly words: readonly string[];
  readonly data: readonly number[];
}

test('S3-05: each strategy gives what its golden file has', () => {
  const golden = JSON.parse(readFileSync(new URL('../../golden/groups/strategies.json', import.meta.url), 'utf8')) as Golden[];
  assert.equal(
    golden.map(({ input }) => input.strategy),
    ['token_pool_topK', 'cluster_centers_r', 'all_tokens'],
  );
  for (const { input, words, data } of golden) {
    const group = createVectorizer(input).vectorize(goldenText());
    assert.equal(group.words, words);
    assert.equal(group.data.length, data.length);
    for (const [place, value] of data.entries()) assert.ok(Math.abs(group.data[place]! - value) < 1e-6);
  }
});

test('the pool keeps the words that count most, in their order, without stop words, punctuation and special tokens', () => {
  const text = goldenText();
  const words = (input: VectorizerInput, weights?: WordWeights) =>
    createVectorizer(input).vectorize(text, { words: weights }).words;
  // "bank" twice; the other words once, the earlier first. "banks" is two tokens, whose word is one.
  assert.equal(words({ strategy: 'token_pool_topK', k: 3 }), ['bank', 'banks', 'bank']);
  assert.equal(words({ strategy: 'token_pool_topK' }), ['bank', 'banks', 'banks', 'river', 'bank', 'water']);
  // Of 9 texts all have "bank": ln(10/10) + 1 = 1, twice; "water" is in none: ln 10 + 1.
  const weights = new WordWeights(
    9,
    new Map([
      ['bank', 9],
      ['banks', 9],
      ['river', 9],
    ]),
  );
  assert.equal(words({ strategy: 'token_pool_topK', k: 1 }, weights), ['water']);
});

test("a projection's weights of tokens count", () => {
  const text = goldenText();
  const tokens = new Float32Array(text.tokens.length).fill(1);
  tokens[8] = 10;
  assert.equal(createVectorizer({ strategy: 'token_pool_topK', k: 1 }).vectorize(text, { tokens }).words, ['river']);
});

test('rows are normalised, and one of zeros stays one', () => {
  const { data } = vectorGroup(Float32Array.of(3, 4, 0, 0), 2);
  assert.equal([...data], [Math.fround(0.6), Math.fround(0.8), 0, 0]);
});

const textOf = (...words: string[]): TokenVectors => ({
  tokens: words.map((text) => ({ text, continues: false, special: text.startsWith('[') })),
  dimension: 2,
  vectors: randomRows(words.length, 2, words.join(' ')),
  sentence: new Float32Array(2),
});

test('a text of stop words and punctuation is its first token', () => {
  for (const strategy of ['token_pool_topK', 'cluster_centers_r'] as const)
    assert.equal(createVectorizer({ strategy }).vectorize(textOf('[CLS]', 'of', 'the', '.', '[SEP]')).words, ['[CLS]']);
});

test('there are no more centres than tokens that differ', () => {
  const text = textOf('alpha', 'beta', 'alpha');
  text.vectors.copyWithin(4, 0, 2);
  assert.is(createVectorizer({ strategy: 'cluster_centers_r' }).vectorize(text).vectors, 2);
});

test('empty input, strategies that are none and values that are no numbers are refused by name', async () => {
  for (const strategy of ['token_pool_topK', 'cluster_centers_r', 'all_tokens'] as const)
    assert.is((await errorOf(async () => createVectorizer({ strategy }).vectorize(textOf()))).code, 'GROUP_EMPTY');
  const unknown = { strategy: 'mean' } as unknown as VectorizerInput;
  assert.is((await errorOf(async () => createVectorizer(unknown))).code, 'GROUP_STRATEGY');
  const broken = textOf('alpha', 'beta');
  broken.vectors[1] = Number.NaN;
  assert.is((await errorOf(async () => createVectorizer({ strategy: 'all_tokens' }).vectorize(broken))).code, 'GROUP_VALUE');
});

test('k-means is the same for a seed, and its centres are the means of their rows', () => {
  const rows = randomRows(40, 5, 'rows');
  const run = (seed: number) => kMeans(rows, 5, 4, new RandomNumbers(seed, 'test'));
  const { centers, clusterOf } = run(3);
  assert.equal(run(3), { centers, clusterOf });
  assert.not.equal(run(4).centers, centers);
  for (let cluster = 0; cluster < 4; cluster++) {
    const own = Array.from(clusterOf.keys()).filter((row) => clusterOf[row] === cluster);
    for (let i = 0; i < 5; i++) {
      const mean = own.reduce((sum, row) => sum + rows[row * 5 + i]!, 0) / own.length;
      assert.ok(Math.abs(centers[cluster * 5 + i]! - mean) < 1e-6);
    }
  }
});

test('tokens are pieces of words; runs of Han are cut, and a mark that a decoder joins to a word is none of it', () => {
  const token = (text: string): Token => ({ text: text.replace('~', ''), continues: text.startsWith('~'), special: false });
  const words = wordsOfTokens(['Caf', '~és', '~,', '中', '国', '银', '行', 'A', '~4'].map(token));
  assert.equal(
    words.map((word) => word?.word),
    ['cafes', 'cafes', undefined, '中国', '中国', '银行', '银行', 'a4', 'a4'],
  );
  assert.is(words[0], words[1]);
});

test.run();
