import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Bm25Retriever, type Hit, type LexicalUnit, wholeDocuments } from '../../../search/index.ts';
import { tokenize } from '../../../search/lexical/tokenizer.ts';
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
    wholeDocuments([
      ['1', 'x x'],
      ['2', 'y'],
    ]),
  );
  const [hits] = await retriever.search(['x'], { k: 10 });
  assert.is(hits!.length, 1);
  assert.is(hits![0]!.document, '1');
  assert.not.ok('chunk' in hits![0]!);
  assert.is(hits![0]!.retriever, 'bm25');
  assert.ok(Math.abs(hits![0]!.score - (Math.LN2 * 3.8) / 3.02) < 1e-12);
});

/** The formula read literally, document by document. */
function slowScores(query: string, k1: number, b: number): { document: string; score: number }[] {
  const documents = Array.from(TEXTS, ([document, text]) => ({ document, terms: tokenize(text) }));
  const meanLength = documents.reduce((sum, { terms }) => sum + terms.length, 0) / documents.length;
  return documents
    .map(({ document, terms }) => {
      let score = 0;
      for (const term of tokenize(query)) {
        const containing = documents.filter((other) => other.terms.includes(term)).length;
        const frequency = terms.filter((candidate) => candidate === term).length;
        const inverse = Math.log((documents.length - containing + 0.5) / (containing + 0.5) + 1);
        score += (inverse * frequency * (k1 + 1)) / (frequency + k1 * (1 - b + (b * terms.length) / meanLength));
      }
      return { document, score };
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
    const retriever = await Bm25Retriever.create(wholeDocuments(TEXTS), { k1, b });
    const queries = ['the dog', 'a bird sat on the cat', 'dog dog mat', 'unknown', ''];
    const results = await retriever.search(queries, { k: 10 });
    queries.forEach((query, index) => {
      const expected = slowScores(query, k1, b);
      assert.equal(
        results[index]!.map(({ document }) => document),
        expected.map(({ document }) => document),
      );
      results[index]!.forEach((hit, rank) => {
        assert.ok(Math.abs(hit.score - expected[rank]!.score) < 1e-12);
      });
    });
  }
});

test('ties go to the higher id, and k cuts', async () => {
  const retriever = await Bm25Retriever.create(wholeDocuments(TEXTS));
  const [all, one] = [await retriever.search(['dog'], { k: 10 }), await retriever.search(['dog'], { k: 1 })];
  assert.equal(
    all[0]!.map(({ document }) => document),
    ['twin', 'dog'],
  );
  assert.equal(
    one[0]!.map(({ document }) => document),
    ['twin'],
  );
});

test('takes texts from an asynchronous source', async () => {
  async function* texts(): AsyncGenerator<LexicalUnit> {
    yield* wholeDocuments(TEXTS);
  }
  const retriever = await Bm25Retriever.create(texts());
  assert.is((await retriever.search(['mat'], { k: 1 }))[0]![0]!.document, 'cat');
});

test('no documents, and documents or chunks that are there twice, are refused', async () => {
  const codeOf = async (units: LexicalUnit[]): Promise<unknown> => {
    try {
      await Bm25Retriever.create(units);
      return undefined;
    } catch (error) {
      return (error as { code?: unknown }).code;
    }
  };
  const unit = (document: string, chunk?: number): LexicalUnit => ({ document, chunk, text: 'x' });
  assert.is(await codeOf([]), 'SEARCH_EMPTY_CORPUS');
  assert.is(await codeOf([unit('a'), unit('b'), unit('a')]), 'SEARCH_DUPLICATE_ID');
  assert.is(await codeOf([unit('a', 3), unit('b', 3), unit('a', 3)]), 'SEARCH_DUPLICATE_ID');
  assert.is(await codeOf([unit('a', 3), unit('b', 3), unit('a')]), 'SEARCH_DUPLICATE_ID');
  assert.is(await codeOf([unit('a', 3), unit('b', 3), unit('a', 2)]), undefined);
});

test('a document is found by its best chunk, and statistics are those of all chunks', async () => {
  // N = 3 chunks, all of length 2: 0.9 * (1 - 0.4 + 0.4) = 0.9. "x" is in two of them: IDF = ln(1 + 1.5 / 2.5) = ln 1.6.
  // Chunk 7 has it twice: ln 1.6 * 2 * 1.9 / 2.9; chunk 2 once: ln 1.6 * 1.9 / 1.9.
  const retriever = await Bm25Retriever.create([
    { document: 'a', chunk: 2, text: 'x y' },
    { document: 'b', chunk: 5, text: 'y y' },
    { document: 'a', chunk: 7, text: 'x x', metadata: { language: 'de' } },
  ]);
  const [[best]] = (await retriever.search(['x'], { k: 5 })) as [Hit[]];
  assert.is(best!.chunk, 7);
  assert.ok(Math.abs(best!.score - (Math.log(1.6) * 3.8) / 2.9) < 1e-12);
  const [[other]] = (await retriever.search(['x'], { k: 5, filter: { field: 'language', equals: null } })) as [Hit[]];
  assert.is(other!.chunk, 2);
  assert.ok(Math.abs(other!.score - Math.log(1.6)) < 1e-12);
});

test.run();
