import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { blendScores, openReranker, searchAndRerank } from '../../../rag/rerank/index.ts';
import { ScoringReranker } from '../../../rag/rerank/reranker.ts';
import { weighReranker } from '../../../rag/rerank/weigh-reranker.ts';
import type { SearchResult } from '../../../rag/retrieval/searcher.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';

const test = suite('rerankers');

/** Scores texts as they say themselves: `0.5 …`. */
class ByNumber extends ScoringReranker {
  readonly name = 'by-number';
  readonly asked: string[] = [];

  async score(query: string, texts: readonly string[]): Promise<number[]> {
    this.asked.push(query, ...texts);
    return texts.map((text) => Number(text.split(' ')[0]));
  }

  async dispose(): Promise<void> {}
}

const hits = (...texts: string[]) => texts.map((text, index) => ({ document: `d${index + 1}`, text, score: 10 - index }));

test('the best come first, ties in their old order, with what the retriever said', async () => {
  const reranker = new ByNumber();
  const found = await reranker.rerank('q', hits('1 a', '2 b', '1 c', '3 d', '2 e'), { topN: 4 });
  assert.equal(
    found.map(({ document }) => document),
    ['d4', 'd2', 'd5', 'd1'],
  );
  assert.equal(found[0], { document: 'd4', text: '3 d', score: 3, retrieved: { rank: 4, score: 7 } });
  assert.equal(reranker.asked, ['q', '1 a', '2 b', '1 c', '3 d', '2 e']);
});

test('eight results unless asked otherwise; few are left unread where that is asked for', async () => {
  const reranker = new ByNumber();
  const many = hits(...Array.from({ length: 20 }, (_, index) => `${index}`));
  assert.equal(
    (await reranker.rerank('q', many)).map(({ score }) => score),
    [19, 18, 17, 16, 15, 14, 13, 12],
  );
  const few = hits('1', '2', '3');
  reranker.asked.length = 0;
  assert.equal(await reranker.rerank('q', few, { keepFew: true }), few);
  assert.equal(await reranker.rerank('q', few, { keepFew: true, topN: 2 }), few.slice(0, 2));
  assert.equal(await reranker.rerank('q', []), []);
  assert.equal(reranker.asked, []);
  assert.equal(
    (await reranker.rerank('q', few)).map(({ score }) => score),
    [3, 2, 1],
  );
  assert.is((await reranker.rerank('q', hits('1', '2', '3', '4'), { keepFew: true }))[0]!.score, 4);
});

test('figures that the query asks for stay before all else, the best of them in half of the places; the others are ranked as texts are', async () => {
  const asked = (...places: number[]) =>
    hits('1 a', '9 b', '2 c', '3 d', '8 e').map((hit, place) => ({
      ...hit,
      ...(places.includes(place) && { asked: true as const }),
    }));
  const found = async (topN: number, ...places: number[]) =>
    (await new ByNumber().rerank('q', asked(...places), { topN })).map(({ document }) => document);
  assert.equal(await found(5, 0), ['d1', 'd2', 'd5', 'd4', 'd3']);
  assert.equal(await found(1, 0, 2), ['d3']);
  assert.equal(await found(2, 0, 2, 3), ['d4', 'd2']);
  assert.equal(await found(4, 0, 2, 3), ['d4', 'd3', 'd2', 'd5']);
  const scores = (await new ByNumber().rerank('q', asked(0, 2))).map(({ score }) => score);
  assert.equal(
    scores.map((score) => Number(score.toFixed(6))),
    [9, 9, 9, 8, 3],
  );
  assert.ok(
    scores.every((score, place) => place === 0 || score < scores[place - 1]!),
    'scores descend',
  );
});

test('scores of retriever and reranker blended: each brought to 0..1, the reranker counts its share', async () => {
  // Retriever: 1, 0.5, 0. Reranker: 0, 0.5, 1 (scores 2, 3, 4).
  const found = async (share: number) => {
    const results = await new ByNumber().rerank('q', hits('2 a', '3 b', '4 c'), { share });
    return results.map(({ document, score }) => [document, Number(score.toFixed(6))]);
  };
  assert.equal(await found(1), [
    ['d3', 4],
    ['d2', 3],
    ['d1', 2],
  ]);
  assert.equal(await found(0.75), [
    ['d3', 0.75],
    ['d2', 0.5],
    ['d1', 0.25],
  ]);
  assert.equal(await found(0.5), [
    ['d1', 0.5],
    ['d2', 0.5],
    ['d3', 0.5],
  ]);
  assert.equal(
    (await found(0)).map(([document]) => document),
    ['d1', 'd2', 'd3'],
  );
  // Equal scores are 1 each.
  assert.equal(blendScores([7, 7], [1, 3], 0.5), [0.5, 1]);
  assert.equal(blendScores([], [], 0.5), []);
  for (const share of [-0.1, 1.1, Number.NaN])
    assert.is((await errorOf(() => new ByNumber().rerank('q', hits('1'), { share }))).code, 'RERANK_SHARE');
});

test('a reranker that was opened with a share counts that much, unless it is asked otherwise', async () => {
  const reranker = weighReranker(new ByNumber(), 0);
  const found = async (options?: { readonly share: number }) =>
    (await reranker.rerank('q', hits('2 a', '3 b', '4 c'), options)).map(({ document }) => document);
  assert.equal(await found(), ['d1', 'd2', 'd3']);
  assert.equal(await found({ share: 1 }), ['d3', 'd2', 'd1']);
  assert.equal(await reranker.score('q', ['5 a']), [5]);
  assert.is((await errorOf(() => openReranker('tei:http://127.0.0.1:1', { share: 2 }))).code, 'RERANK_SHARE');
});

test('what is no number of results, no score and no reranker is refused', async () => {
  const reranker = new ByNumber();
  for (const topN of [0, 1.5, Number.NaN, -1])
    assert.is((await errorOf(() => reranker.rerank('q', hits('1'), { topN }))).code, 'RERANK_TOP_N');
  const odd = await errorOf(() => reranker.rerank('q', hits('1', 'two')));
  assert.is(odd.code, 'RERANKER_SCORE');
  assert.match(odd.message, /by-number gave the score NaN for 2 texts/);
  for (const choice of ['', 'cohere', 'cross-encoder:', 'other:x', 'http://localhost/rerank']) {
    const error = await errorOf(() => openReranker(choice));
    assert.is(error.code, 'RERANKER_CHOICE', choice);
    assert.match(error.message, /write cross-encoder:MODEL, endpoint:URL/);
  }
});

test('a search with a reranker reads the results of the searcher, which alone decompresses, and keeps the best', async () => {
  const asked: unknown[] = [];
  const searcher = {
    search: async (query: string, options: object): Promise<SearchResult[]> => {
      asked.push(query, options);
      return hits('1', '3', '2').map((hit, chunk) => ({ ...hit, chunk, passage: 0, retriever: 'vector' }));
    },
  };
  const filter = { documents: ['d1', 'd2', 'd3'] } as const;
  const found = await searchAndRerank(searcher, new ByNumber(), 'q', { topN: 2, filter, units: true });
  assert.equal(
    found.map(({ document, chunk, retrieved }) => [document, chunk, retrieved?.rank]),
    [
      ['d2', 1, 2],
      ['d3', 2, 3],
    ],
  );
  assert.equal(asked, ['q', { k: 64, filter, units: true }]);
  await searchAndRerank(searcher, new ByNumber(), 'q', { topN: 20, depth: 10 });
  assert.equal(asked.at(-1), { k: 20 });
});

test.run();
