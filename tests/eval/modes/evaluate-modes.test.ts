import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { chooseWeights, crossValidatedWeights, evaluateModes, type ModesInput, parseModes } from '../../../eval/modes/index.ts';
import type { Hit, Retriever, SearchOptions } from '../../../search/index.ts';

const test = suite('evaluation of modes');

/** Gives each query the documents that stand here, best first, and notes what it was asked. */
class Fixed implements Retriever {
  readonly asked: [string, SearchOptions][] = [];
  readonly name: string;
  readonly #rankings: Readonly<Record<string, string>>;
  constructor(name: string, rankings: Readonly<Record<string, string>>) {
    this.name = name;
    this.#rankings = rankings;
  }
  async search(queries: readonly string[], options: SearchOptions): Promise<Hit[][]> {
    return queries.map((query) => {
      this.asked.push([query, options]);
      const documents = [...(this.#rankings[query] ?? '')].slice(0, options.k);
      return documents.map((document, rank) => ({ document, score: 10 - rank, retriever: this.name }));
    });
  }
}

const RELEVANT = new Map([['d', 1]]);
const bm25 = () => new Fixed('bm25', { one: 'abcd', two: 'da', three: 'xyz' });
const dense = () =>
  new Fixed('dense', { one: 'dcb', two: 'abd', three: 'd', 'hyde of one': 'ab', 'hyde of two': 'd', 'hyde of three': 'd' });
const QUERIES = [
  { id: '1', text: 'one', tag: 'hard' },
  { id: '2', text: 'two', tag: 'easy' },
  { id: '3', text: 'three', tag: 'hard' },
];
const QRELS = new Map(QUERIES.map(({ id }) => [id, RELEVANT]));

const input = (retrievers: string, more: Partial<ModesInput> = {}): ModesInput => {
  const parts =
    more.parts ??
    new Map<'bm25' | 'dense', Retriever>([
      ['bm25', bm25()],
      ['dense', dense()],
    ]);
  return { modes: parseModes(retrievers, ['bm25', 'dense']), queries: QUERIES, qrels: QRELS, ...more, parts };
};

const near = (value: number | undefined, wanted: number): void =>
  assert.ok(Math.abs(value! - wanted) < 1e-12, `${value} is not ${wanted}`);

test('measures by mode and tag', async () => {
  const { modes, tags, queries } = await evaluateModes(input('bm25,dense,dedup'));
  assert.equal(tags, ['all', 'hard', 'easy']);
  assert.is(queries, 3);
  // bm25 has d at ranks 4, 1 and nowhere: reciprocal ranks 1/4, 1, 0. dense: 1, 3, 1.
  near(modes['bm25']!['all']!.measures['mrr_at_10'], (1 / 4 + 1) / 3);
  near(modes['bm25']!['all']!.measures['hit_at_1'], 1 / 3);
  near(modes['bm25']!['all']!.measures['hit_at_5'], 2 / 3);
  near(modes['bm25']!['hard']!.measures['mrr_at_5'], 1 / 8);
  assert.is(modes['bm25']!['easy']!.queries, 1);
  near(modes['dense']!['all']!.measures['mrr_at_10'], (1 + 1 / 3 + 1) / 3);
  near(modes['dense']!['all']!.measures['ndcg_at_10'], (1 + 1 / Math.log2(4) + 1) / 3);
  // bm25's hits first: d at 4, 1, and behind xyz at 4.
  near(modes['dedup']!['all']!.measures['mrr_at_10'], (1 / 4 + 1 + 1 / 4) / 3);
});

test('rrf with weights: the sum by hand', async () => {
  const { modes, weights } = await evaluateModes(input('rrf', { weights: { kind: 'given', weights: { bm25: 1, dense: 3 } } }));
  // one: d 1/64 + 3/61 is first. two: d 1/61 + 3/63 = .0640, a 1/62 + 3/61 = .0653: d second. three: d 3/61 first.
  near(modes['rrf']!['all']!.measures['mrr_at_10'], (1 + 1 / 2 + 1) / 3);
  assert.equal(weights['rrf'], { chosen: 'given', weights: [{ bm25: 1, dense: 3 }] });
});

test('every part is asked each query once, at four times the results, whatever the number of modes', async () => {
  const [words, vectors] = [bm25(), dense()];
  await evaluateModes(
    input('bm25,dense,rrf,weighted,weighted_scores,dedup', {
      parts: new Map([
        ['bm25', words],
        ['dense', vectors],
      ] as const),
      k: 5,
    }),
  );
  for (const { asked } of [words, vectors]) {
    assert.equal(
      asked.map(([query]) => query),
      ['one', 'two', 'three'],
    );
    assert.ok(asked.every(([, { k }]) => k === 20));
  }
});

test('HyDE asks vectors alone with the text that was written', async () => {
  const [words, vectors] = [bm25(), dense()];
  const { modes, latency } = await evaluateModes(
    input('dense,hyde_dense,hyde_rrf', {
      parts: new Map([
        ['bm25', words],
        ['dense', vectors],
      ] as const),
      hyde: async (query) => `hyde of ${query}`,
    }),
  );
  assert.equal(
    words.asked.map(([query]) => query),
    ['one', 'two', 'three'],
  );
  assert.equal(
    vectors.asked.map(([query]) => query),
    ['one', 'two', 'three', 'hyde of one', 'hyde of two', 'hyde of three'],
  );
  near(modes['hyde_dense']!['all']!.measures['hit_at_10'], 2 / 3);
  assert.equal(Object.keys(latency.stages), ['hyde', 'dense', 'hyde_dense', 'bm25', 'fuse hyde_rrf']);
  assert.equal(Object.keys(latency.modes), ['dense', 'hyde_dense', 'hyde_rrf']);
});

test('reranking orders the first results by its scores, and leaves the others behind them', async () => {
  const read: string[][] = [];
  const { modes } = await evaluateModes(
    input('bm25+rerank', {
      rerankDepth: 3,
      rerank: async (_, hits) => {
        read.push(hits.map(({ document }) => document));
        return hits.map(({ document }) => (document === 'd' ? 0 : document === 'c' ? 2 : 1));
      },
    }),
  );
  assert.equal(read, [
    ['a', 'b', 'c'],
    ['d', 'a'],
    ['x', 'y', 'z'],
  ]);
  // one: c a b d, two: a d, three: nothing.
  near(modes['bm25+rerank']!['all']!.measures['mrr_at_10'], (1 / 4 + 1 / 2) / 3);
});

test('filters that queries state go into the searches', async () => {
  const words = bm25();
  const { filtered } = await evaluateModes(
    input('bm25', {
      parts: new Map([['bm25', words]] as const),
      selfQuery: (query) => (query === 'two' ? { field: 'x', equals: 1 } : undefined),
    }),
  );
  assert.is(filtered, 1);
  assert.equal(
    words.asked.map(([, { filter }]) => filter),
    [undefined, { field: 'x', equals: 1 }, undefined],
  );
});

test('paired tests against bm25, or against what is named', async () => {
  const { comparisons } = await evaluateModes(input('bm25,dense,rrf'));
  assert.equal(
    comparisons.map(({ mode, against }) => [mode, against]),
    [
      ['dense', 'bm25'],
      ['rrf', 'bm25'],
    ],
  );
  const [first] = comparisons;
  assert.equal([first!.wins, first!.ties, first!.losses], [2, 0, 1]);
  // Differences of nDCG@10: 1 - 1/log2(5), 1/2 - 1, 1. Of the eight signings, those with a sum as large in size: all +, all -, and with the middle one's sign changed.
  near(first!.difference, (1 - 1 / Math.log2(5) - 1 / 2 + 1) / 3);
  near(first!.p, 4 / 8);
  const named = await evaluateModes(input('bm25,dense,rrf', { against: 'rrf' }));
  assert.equal(
    named.comparisons.map(({ against }) => against),
    ['rrf', 'rrf'],
  );
});

test('what is missing is said', async () => {
  for (const [retrievers, more, code] of [
    ['hyde_dense', {}, 'EVAL_MODE_NEEDS'],
    ['rrf+rerank', {}, 'EVAL_MODE_NEEDS'],
    ['rrf', { against: 'bm25' }, 'EVAL_MODE_NEEDS'],
    ['rrf', { queries: [] }, 'EVAL_NO_QUERIES'],
  ] as const) {
    try {
      await evaluateModes(input(retrievers, more));
      assert.unreachable();
    } catch (error) {
      assert.is((error as { code?: string }).code, code);
    }
  }
});

/** Rankings of n queries: words find the document of the first `good` queries, vectors that of all others, each at rank 1; else at rank 3. */
function rankings(count: number, good: number) {
  const hits = (first: boolean, place: number, name: string): Hit[] =>
    (first ? ['d', 'a', 'b'] : [`x${place}`, `y${place}`, 'd']).map((document, rank) => ({
      document,
      score: 3 - rank,
      retriever: name,
    }));
  const all = Array.from({ length: count }, (_, place) => place);
  return {
    rankings: new Map([
      ['bm25', { hits: all.map((place) => hits(place < good, place, 'bm25')) }],
      ['dense', { hits: all.map((place) => hits(place >= good, place, 'dense')) }],
    ] as const),
    judgments: all.map(() => RELEVANT),
  };
}
const SETTINGS = { method: 'weighted-ranks', recallShares: {} } as const;

test('weights are those with the best nDCG@10, of equal ones the most equal', async () => {
  // By ranks d gets w + 1/3 where words have it first: before the vectors' first, 1, when w > 2/3; and 1 + w/3 where vectors do: before w when w < 3/2. So 1 is among the best, and the most equal.
  const both = await chooseWeights(rankings(10, 5), SETTINGS);
  assert.equal(both.weights, { bm25: 1, dense: 1 });
  near(both.value, 1);
  near(both.equal, 1);
  // Vectors are wrong for all, and the word's first document stays first under w/3 + 1 > w only.
  const words = await chooseWeights(rankings(10, 10), { ...SETTINGS, method: 'rrf' });
  near(words.value, 1);
  // d 1/61 + w/63 against x w/61: first while w (1/61 - 1/63) < 1/61, w < 31.5; so all of the grid are equal.
  assert.equal(words.weights, { bm25: 1, dense: 1 });
});

test('weights of cross-validation know nothing of the queries that they are for', async () => {
  // Two folds of four queries; in one direction only a weight of vectors above 3/2 would rank d first.
  const judged = rankings(8, 4);
  const { foldOf, folds } = await crossValidatedWeights(judged, SETTINGS, { folds: 2, seed: 3 });
  assert.is(foldOf.length, 8);
  assert.equal([...foldOf].sort(), [0, 0, 0, 0, 1, 1, 1, 1]);
  for (const [fold, { weights, value }] of folds.entries()) {
    const others = [...foldOf.keys()].filter((place) => foldOf[place] !== fold);
    const again = await chooseWeights(judged, SETTINGS, others);
    assert.equal([weights, value], [again.weights, again.value]);
  }
  assert.equal(await crossValidatedWeights(judged, SETTINGS, { folds: 2, seed: 3 }), { foldOf, folds });
  const { weights } = await evaluateModes(input('rrf', { weights: { kind: 'cross-validation', folds: 3 } }));
  assert.is(weights['rrf']!.weights.length, 3);
  const chosen = await evaluateModes(
    input('rrf', {
      weights: {
        kind: 'chosen',
        on: 'others',
        data: {
          parts: new Map([
            ['bm25', bm25()],
            ['dense', dense()],
          ] as const),
          queries: QUERIES,
          qrels: QRELS,
        },
      },
    }),
  );
  assert.match(chosen.weights['rrf']!.chosen, /^chosen on others \(nDCG@10 there 0\.\d{4}, with equal weights 0\.\d{4}\)$/);
});

test.run();
