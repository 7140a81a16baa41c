import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/index.ts';
import { type FusedHit, fuseRankings, type Ranking } from '../../../search/fusion/fuse-rankings.ts';
import { compareRanked, type Hit } from '../../../search/index.ts';

const test = suite('fusing rankings');

const METHODS = [
  { method: 'rrf', rankConstant: 60 },
  { method: 'weighted-ranks' },
  { method: 'weighted-scores' },
  { method: 'dedup' },
] as const;
const ALL = { k: 100, name: 'fused' };

/** Documents with descending scores, as one retriever's hits; an `undefined` chunk is that of one which ranks whole documents. */
function ranking(retriever: string, weight: number, scores: Readonly<Record<string, number>>, chunk?: number): Ranking {
  const hits = Object.entries(scores).map(
    ([document, score]): Hit => ({ document, score, retriever, ...(chunk !== undefined && { chunk, passage: 0 }) }),
  );
  return { retriever, weight, hits };
}

const scoresOf = (hits: readonly FusedHit[]): Record<string, number> =>
  Object.fromEntries(hits.map(({ document, score }) => [document, score]));

function near(hits: readonly FusedHit[], expected: Readonly<Record<string, number>>): void {
  const scores = scoresOf(hits);
  assert.equal(Object.keys(scores), Object.keys(expected), 'documents in this order');
  for (const [document, score] of Object.entries(expected)) assert.ok(Math.abs(scores[document]! - score) < 1e-12, document);
}

const WORDS = ranking('words', 1, { a: 9, b: 6, c: 3 });
const VECTORS = ranking('vectors', 1, { c: 0.9, d: 0.7, a: 0.4 }, 7);

test('rrf: 1/61 for a first place, and so on', () => {
  // a: ranks 1 and 3; c: ranks 3 and 1, the same sum, and the greater id; b and d: rank 2 each, and d is the greater id.
  near(fuseRankings([WORDS, VECTORS], METHODS[0], ALL), { c: 1 / 61 + 1 / 63, a: 1 / 61 + 1 / 63, d: 1 / 62, b: 1 / 62 });
  // Weight 2 for the words: a 2/61 + 1/63 = 0.04866, c 2/63 + 1/61 = 0.04814, b 2/62, d 1/62.
  near(fuseRankings([{ ...WORDS, weight: 2 }, VECTORS], METHODS[0], ALL), {
    a: 2 / 61 + 1 / 63,
    c: 2 / 63 + 1 / 61,
    b: 2 / 62,
    d: 1 / 62,
  });
});

test('weighted scores over a floor: the first stands out as far as its score does', () => {
  // Over 0, words are a 1, b 6/9, c 3/9; vectors over their least c 1, d .3/.5, a 0, times .2.
  const words = { ...WORDS, floor: 0 };
  const vectors = { ...VECTORS, weight: 0.2 };
  near(fuseRankings([words, vectors], METHODS[2], ALL), { a: 1, b: 2 / 3, c: 1 / 3 + 0.2, d: 0.12 });
  // What is below the floor counts 0, as in no ranking; where all is, everything counts alike.
  near(fuseRankings([{ ...WORDS, floor: 6 }], METHODS[2], ALL), { a: 1, c: 0, b: 0 });
  near(fuseRankings([{ ...WORDS, floor: 10 }], METHODS[2], ALL), { c: 1, b: 1, a: 1 });
});

test('weighted ranks: .3 and .7 by rank', () => {
  // a: .3/1 + .7/3 = .5333; c: .3/3 + .7/1 = .8; b: .3/2; d: .7/2.
  near(
    fuseRankings(
      [
        { ...WORDS, weight: 0.3 },
        { ...VECTORS, weight: 0.7 },
      ],
      METHODS[1],
      ALL,
    ),
    {
      c: 0.8,
      a: 0.3 + 0.7 / 3,
      d: 0.35,
      b: 0.15,
    },
  );
});

test('weighted scores: from 0 for the last hit to 1 for the first', () => {
  // Words: a 1, b (6 - 3) / 6 = .5, c 0. Vectors: c 1, d (.7 - .4) / .5 = .6, a 0.
  near(
    fuseRankings(
      [
        { ...WORDS, weight: 0.3 },
        { ...VECTORS, weight: 0.7 },
      ],
      METHODS[2],
      ALL,
    ),
    {
      c: 0.7,
      d: 0.42,
      a: 0.3,
      b: 0.15,
    },
  );
  // Negative scores are scores: -1 to -3 have -2 in the middle.
  near(fuseRankings([ranking('vectors', 1, { a: -1, b: -2, c: -3 })], METHODS[2], ALL), { a: 1, b: 0.5, c: 0 });
});

test('weighted scores: one hit, and hits of one score, count 1 each', () => {
  near(fuseRankings([ranking('words', 0.3, { a: 5 }), ranking('vectors', 0.7, { c: -0.2, b: -0.2 })], METHODS[2], ALL), {
    c: 0.7,
    b: 0.7,
    a: 0.3,
  });
});

test('dedup: the first ranking, then what is new in the next; scores are 1 / place', () => {
  const hits = fuseRankings([WORDS, VECTORS], METHODS[3], ALL);
  near(hits, { a: 1, b: 1 / 2, c: 1 / 3, d: 1 / 4 });
  near(fuseRankings([VECTORS, WORDS], METHODS[3], { ...ALL, k: 3 }), { c: 1, d: 1 / 2, a: 1 / 3 });
});

test('a hit has the place that the best ranking with chunks gives it, and says what each said of it', () => {
  const others = ranking('others', 1, { a: 3, b: 2, e: 1 }, 8);
  const [c, a, d, b, e] = ['c', 'a', 'd', 'b', 'e'].map(
    (id) => fuseRankings([WORDS, VECTORS, others], METHODS[0], ALL).find(({ document }) => document === id)!,
  );
  // Rank 3 among the vectors, rank 1 among the others, and rank 1 by words, which know no chunks.
  assert.equal([a!.chunk, a!.passage], [8, 0]);
  assert.equal(
    [c, d, b, e].map((hit) => hit!.chunk),
    [7, 7, 8, 8],
  );
  assert.equal(a!.parts, [
    { retriever: 'words', rank: 1, score: 9 },
    { retriever: 'vectors', rank: 3, score: 0.4 },
    { retriever: 'others', rank: 1, score: 3 },
  ]);
  const [whole] = fuseRankings([WORDS], METHODS[0], ALL);
  assert.equal(whole, {
    document: 'a',
    score: 1 / 61,
    retriever: 'fused',
    parts: [{ retriever: 'words', rank: 1, score: 9 }],
  });
  // Of equal ranks the first retriever's place.
  const twice = [ranking('one', 1, { a: 1 }, 3), ranking('two', 1, { a: 1 }, 4)];
  assert.is(fuseRankings(twice, METHODS[0], ALL)[0]!.chunk, 3);
});

test('nothing found is nothing fused', () => {
  for (const method of METHODS) {
    assert.equal(fuseRankings([], method, ALL), []);
    assert.equal(fuseRankings([ranking('words', 1, {}), ranking('vectors', 1, {})], method, ALL), []);
  }
});

/** Up to 30 of 40 documents, among them ids that bytes order otherwise than UTF-16, with scores that often are equal. */
function randomRanking(random: RandomNumbers, retriever: string): Ranking {
  const ids = Array.from({ length: 40 }, (_, number) => `${['a', '\u{ff61}', '\u{10000}', 'B'][number % 4]}${number}`);
  const chunk = random.integer(2) === 0 ? undefined : random.integer(9);
  const hits = ids
    .filter(() => random.integer(40) < 20)
    .slice(0, random.integer(31))
    .map((document): Hit => ({ document, score: random.integer(8) / 4 - 1, retriever, ...(chunk !== undefined && { chunk }) }))
    .sort(compareRanked);
  return { retriever, weight: 1 + random.integer(4), hits };
}

/** Document by document, ranking by ranking, as the definitions read. */
function slowScores(rankings: readonly Ranking[], { method }: (typeof METHODS)[number]): Map<string, number> {
  const scores = new Map<string, number>();
  const documents = rankings.flatMap(({ hits }) => hits.map(({ document }) => document));
  for (const document of documents) {
    let sum = 0;
    for (const { weight, hits } of rankings) {
      for (let place = 0; place < hits.length; place++) {
        if (hits[place]!.document !== document) continue;
        const values = hits.map(({ score }) => score);
        const [most, least] = [Math.max(...values), Math.min(...values)];
        if (method === 'rrf') sum += weight / (60 + place + 1);
        if (method === 'weighted-ranks') sum += weight / (place + 1);
        if (method === 'weighted-scores') sum += most === least ? weight : (weight * (values[place]! - least)) / (most - least);
      }
    }
    if (method === 'dedup') sum = 1 / ([...new Set(documents)].indexOf(document) + 1);
    scores.set(document, sum);
  }
  return scores;
}

test('random rankings have the scores of plain loops, in order; k cuts; retrievers in another order give the same but for dedup', () => {
  const random = new RandomNumbers(5, 'rankings');
  let ties = 0;
  for (let number = 0; number < 200; number++) {
    const rankings = ['one', 'two', 'three'].slice(0, 1 + random.integer(3)).map((name) => randomRanking(random, name));
    for (const method of METHODS) {
      const hits = fuseRankings(rankings, method, ALL);
      const expected = slowScores(rankings, method);
      assert.is(hits.length, expected.size);
      for (const { document, score } of hits) assert.ok(Math.abs(score - expected.get(document)!) < 1e-12, document);
      for (let place = 1; place < hits.length; place++) {
        assert.ok(compareRanked(hits[place - 1]!, hits[place]!) < 0);
        if (hits[place - 1]!.score === hits[place]!.score) ties++;
      }
      const k = 1 + random.integer(40);
      assert.equal(fuseRankings(rankings, method, { ...ALL, k }), hits.slice(0, k));
      if (method.method === 'dedup') continue;
      const turned = fuseRankings([...rankings].reverse(), method, ALL);
      assert.equal(Object.entries(scoresOf(turned)), Object.entries(scoresOf(hits)), 'to the last bit');
    }
  }
  assert.ok(ties > 100, `${ties} ties`);
});

test.run();
