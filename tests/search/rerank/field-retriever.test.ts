import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  createVectorizer,
  type TokenEncoder,
  TokenGroupEncoder,
  type TokenProjection,
  type TokenVectors,
  vectorGroup,
} from '../../../encoders/index.ts';
import { Bm25Retriever, type LexicalUnit, withAccess } from '../../../search/index.ts';
import { FieldRetriever, type GroupKey, MemoryGroups } from '../../../search/rerank/index.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';

const test = suite('field retriever');

const WORDS = ['alpha', 'beta', 'gamma', 'delta', 'alpine'];

/** A word is an axis; "alpine" is half "alpha". */
function tokensOf(text: string): TokenVectors {
  const words = text.split(/\s+/);
  const dimension = WORDS.length;
  const vectors = new Float32Array(words.length * dimension);
  words.forEach((word, place) => {
    vectors[place * dimension + WORDS.indexOf(word)] = 1;
    if (word === 'alpine') vectors[place * dimension] = 1;
  });
  const tokens = words.map((word) => ({ text: word, continues: false, special: false }));
  return { tokens, dimension, vectors, sentence: vectors.slice(0, dimension) };
}

const read: string[] = [];
const words: TokenEncoder = {
  description: { id: 'words', revision: '1', dimension: WORDS.length, settings: {} },
  tokenDimension: WORDS.length,
  encodeQueryTokens: async (texts) => {
    read.push(...texts);
    return texts.map(tokensOf);
  },
  encodeDocumentTokens: async (texts) => texts.map(tokensOf),
  dispose: async () => {},
};
const encoder = new TokenGroupEncoder(words, { vectorizer: createVectorizer({ strategy: 'token_pool_topK' }) });

const UNITS: readonly LexicalUnit[] = [
  { document: 'both', text: 'alpha beta', metadata: { labels: ['staff'] } },
  { document: 'near', text: 'alpine beta beta beta' },
  { document: 'one', text: 'beta delta' },
];

/** Remembers what it was asked for. */
class CountingGroups extends MemoryGroups {
  readonly asked: string[] = [];

  override async groupsOf(keys: readonly GroupKey[]): ReturnType<MemoryGroups['groupsOf']> {
    this.asked.push(...keys.map(({ document }) => document));
    return super.groupsOf(keys);
  }
}

async function prepared(options: ConstructorParameters<typeof FieldRetriever>[3] = {}, without = '') {
  const groups = new CountingGroups();
  for (const { document, text } of UNITS) {
    const [encoded] = await encoder.encodeTextGroups([text]);
    if (document !== without) groups.set({ document, chunk: 0, passage: 0 }, encoded!.group);
  }
  const coarse = await Bm25Retriever.create(UNITS);
  return { groups, retriever: new FieldRetriever(coarse, groups, encoder, options) };
}

test('what was found is ranked anew, each hit with the score of before', async () => {
  const { retriever } = await prepared();
  const [hits] = await retriever.search(['alpha beta'], { k: 2 });
  assert.equal(
    hits!.map(({ document }) => document),
    ['both', 'near'],
  );
  // Two vectors of the query: 1 and 1; 1 / sqrt 2 and 1.
  assert.ok(Math.abs(hits![0]!.score - 1) < 1e-6 && Math.abs(hits![1]!.score - (1 + Math.SQRT1_2) / 2) < 1e-6);
  assert.ok(hits!.every(({ retriever: name, coarseScore }) => name === 'field' && coarseScore > 0));
});

test('invariant 7: the filter is part of the coarse search, and no group of what it keeps away is loaded', async () => {
  const { retriever, groups } = await prepared({ explain: true });
  const [hits] = await retriever.search(['alpha beta'], { k: 3, filter: withAccess(undefined, []) });
  assert.equal(
    hits!.map(({ document }) => document),
    ['near', 'one'],
  );
  assert.not.ok(groups.asked.includes('both'));
});

test('no more candidates are loaded than asked for, unless k is more', async () => {
  const { retriever, groups } = await prepared({ candidates: 1 });
  assert.is((await retriever.search(['beta'], { k: 1 }))[0]!.length, 1);
  assert.is(groups.asked.length, 1);
  assert.is((await retriever.search(['beta'], { k: 3 }))[0]!.length, 3);
});

test('a hit says what each vector found', async () => {
  const { retriever } = await prepared({ explain: true, scorer: { scorer: 'field', top: 1 } });
  const [hits] = await retriever.search(['delta alpha'], { k: 1 });
  assert.equal(
    hits![0]!.matches!.map((match) => ({ ...match, score: Math.round(match.score * 100) / 100 })),
    [
      { query: 'delta', passage: 'delta', match: 1, score: 1, used: true },
      { query: 'alpha', passage: 'beta', match: 0, score: 0, used: false },
    ],
  );
});

test('S3-06: the context is read with the text for its group', async () => {
  const { retriever } = await prepared({ context: 'delta delta' });
  read.length = 0;
  const [hits] = await retriever.search(['beta'], { k: 1 });
  assert.equal(read, ['beta', 'delta delta\nbeta']);
  assert.is(hits![0]!.document, 'one');
});

test('a candidate without a group, and groups of another dimension, are refused by name', async () => {
  const lacking = await prepared({}, 'near');
  const error = await errorOf(() => lacking.retriever.search(['beta'], { k: 1 }));
  assert.is(error.code, 'GROUPS_MISSING');
  assert.match(error.message, '--groups');
  const { retriever, groups } = await prepared();
  groups.set({ document: 'one', chunk: 0, passage: 0 }, vectorGroup(Float32Array.of(1, 0), 2));
  assert.is((await errorOf(() => retriever.search(['beta'], { k: 1 }))).code, 'GROUP_DIMENSION');
});

test('S3-07: a projection stands before the vectorizer, for queries and keys alike', async () => {
  const roles: string[] = [];
  const projection: TokenProjection = {
    id: 'first two',
    revision: '1',
    inputDimension: WORDS.length,
    keyDimension: WORDS.length,
    dimension: 2,
    project: (vectors, tokens, role) => {
      roles.push(role);
      return {
        vectors: Float32Array.from(
          { length: 2 * tokens },
          (_, place) => vectors[Math.floor(place / 2) * WORDS.length + (place % 2)]!,
        ),
      };
    },
  };
  const projected = new TokenGroupEncoder(words, { vectorizer: createVectorizer({ strategy: 'all_tokens' }), projection });
  assert.is(projected.description.dimension, 2);
  const [query] = await projected.encodeQueryGroups([{ text: 'alpha beta' }]);
  const [text] = await projected.encodeTextGroups(['beta']);
  assert.equal(
    [[...query!.group.data], [...text!.group.data], roles],
    [
      [1, 0, 0, 1],
      [0, 1],
      ['query', 'key'],
    ],
  );
  const other = { ...projection, inputDimension: 3 };
  const vectorizer = createVectorizer({ strategy: 'all_tokens' });
  assert.is(
    (await errorOf(async () => new TokenGroupEncoder(words, { vectorizer, projection: other }))).code,
    'GROUP_PROJECTION',
  );
});

test.run();
