import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Bm25Retriever, tokenize } from '../../../search/index.ts';
import { compareRanked } from '../../../search/rank-order.ts';

const test = suite('BM25');

const TEXTS = new Map([
  ['cat', 'the cat sat on the mat'],
  ['dog', 'the dog sat'],
  ['bird', 'a bird, a bird, a bird'],
  ['twin', 'the dog sat'],
  ['empty', ''],
]);

test('scores of a case computed by hand', async () => {
  // N = 2 documents of lengths 2 and 1, mean 1.5; "x" is in the first only: n = 1, IDF = ln(1 + 1.5 / 1.5) = ln 2.
  // tf = 2: score = ln 2 * 2 * 1.9 / (2 + 0.9 * (1 - 0.4 + 0.4 * 2 / 1.5)) = ln 2 * 3.8 / 3.02
  const retriever = await Bm25Retriever.create(
    new Map([
      ['1', 'x x'],
      ['2', 'y'],
    ]),
  );
  const [hits] = await retriever.search(['x'], 10);
  assert.is(hits!.length, 1);
  assert.is(hits![0]!.id, '1');
  assert.is(hits![0]!.chunk, -1);
  assert.ok(Math.abs(hits![0]!.score - (Math.LN2 * 3.8) / 3.02) < 1e-12);
});

/** The formula read literally, document by document. */
function slowScores(query: string, k1: number, b: number): { id: string; score: number }[] {
  const documents = Array.from(TEXTS, ([id, text]) => ({ id, terms: tokenize(text) }));
  const meanLength = documents.reduce((sum, { terms }) => sum + terms.length, 0) / documents.length;
  return documents
    .map(({ id, terms }) => {
      let score = 0;
      for (const term of tokenize(query)) {
        const containing = documents.filter((document) => document.terms.includes(term)).length;
        const frequency = terms.filter((candidate) => candidate === term).length;
        const inverse = Math.log((documents.length - containing + 0.5) / (containing + 0.5) + 1);
        score += (inverse * frequency * (k1 + 1)) / (frequency + k1 * (1 - b + (b * terms.length) / meanLength));
      }
      return { id, score };
    })
    .filter(({ score }) => score > 0)
    .sort(compareRanked);
}

test('equals the formula read literally', async () => {
  for (const [k1, b] of [
    [0.9, 0.4],
    [1.2, 0.75],
    [2, 0],
  ] as const) {
    const retriever = await Bm25Retriever.create(TEXTS, { k1, b });
    const queries = ['the dog', 'a bird sat on the cat', 'dog dog mat', 'unknown', ''];
    const results = await retriever.search(queries, 10);
    queries.forEach((query, index) => {
      const expected = slowScores(query, k1, b);
      assert.equal(
        results[index]!.map(({ id }) => id),
        expected.map(({ id }) => id),
      );
      results[index]!.forEach((hit, rank) => {
        assert.ok(Math.abs(hit.score - expected[rank]!.score) < 1e-12);
      });
    });
  }
});

test('ties go to the higher id, and k cuts', async () => {
  const retriever = await Bm25Retriever.create(TEXTS);
  const [all, one] = [await retriever.search(['dog'], 10), await retriever.search(['dog'], 1)];
  assert.equal(
    all[0]!.map(({ id }) => id),
    ['twin', 'dog'],
  );
  assert.equal(
    one[0]!.map(({ id }) => id),
    ['twin'],
  );
});

test('takes texts from an asynchronous source', async () => {
  async function* texts(): AsyncGenerator<[string, string]> {
    yield* TEXTS;
  }
  const retriever = await Bm25Retriever.create(texts());
  assert.is((await retriever.search(['mat'], 1))[0]![0]!.id, 'cat');
});

test('no documents and repeated ids are refused', async () => {
  const codeOf = async (texts: [string, string][]): Promise<unknown> => {
    try {
      await Bm25Retriever.create(texts);
      return undefined;
    } catch (error) {
      return (error as { code?: unknown }).code;
    }
  };
  assert.is(await codeOf([]), 'SEARCH_EMPTY_CORPUS');
  assert.is(
    await codeOf([
      ['a', 'x'],
      ['a', 'y'],
    ]),
    'SEARCH_DUPLICATE_ID',
  );
});

test.run();
