import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fuseRecorded } from '../../../eval/modes/fuse-recorded.ts';
import { FusionRetriever, type Hit, hybridFusion, type Retriever, type SearchOptions } from '../../../search/index.ts';

const test = suite('what a hybrid search does');

const hitsOf = (name: string, scores: Readonly<Record<string, number>>): Hit[] =>
  Object.entries(scores).map(([document, score]) => ({ document, score, retriever: name, chunk: 0, passage: 0 }));

/** A retriever that finds this, and keeps what it was asked. */
function fixed(name: string, scores: Readonly<Record<string, number>>, asked: SearchOptions[] = []): Retriever {
  return {
    name,
    search: async (queries, options) => {
      asked.push(options);
      return queries.map(() => hitsOf(name, scores).slice(0, options.k));
    },
  };
}

// By vectors c is the best and a the worst: what they add is .2, .12, .08 and 0.
const COSINES = { c: 0.7, d: 0.5, b: 0.4, a: 0.2 };

async function fused(words: Readonly<Record<string, number>>): Promise<Record<string, number>> {
  const parts = [{ retriever: fixed('bm25', words) }, { retriever: fixed('vectors', COSINES) }];
  const [hits] = await new FusionRetriever(parts, hybridFusion('bm25', 'vectors')).search(['q'], { k: 4 });
  return Object.fromEntries(hits!.map(({ document, score }) => [document, Math.round(score * 1000) / 1000]));
}

test('a first place by words that stands out stays; vectors decide where words leave it open', async () => {
  // Shares of 20: 1, .5, .4; plus vectors: b .58, c .6, d .12.
  assert.equal(await fused({ a: 20, b: 10, c: 8 }), { a: 1, c: 0.6, b: 0.58, d: 0.12 });
  // 1, .95, .9: c 1.1, b 1.03.
  assert.equal(await fused({ a: 20, b: 19, c: 18 }), { c: 1.1, b: 1.03, a: 1, d: 0.12 });
});

test('each is asked for a hundred hits, so that fewer results are the beginning of more', async () => {
  const asked: SearchOptions[] = [];
  const parts = [{ retriever: fixed('bm25', { a: 2 }, asked) }, { retriever: fixed('vectors', COSINES, asked) }];
  const fusion = new FusionRetriever(parts, hybridFusion('bm25', 'vectors'));
  const [four] = await fusion.search(['q'], { k: 4 });
  const [two] = await fusion.search(['q'], { k: 2 });
  assert.equal(two, four!.slice(0, 2));
  assert.equal(
    asked.map(({ k }) => k),
    [100, 100, 100, 100],
  );
});

test('an evaluation of recorded rankings does the same, with the weights that it is given', async () => {
  const rankings = new Map([
    ['bm25', { hits: [hitsOf('bm25', { a: 20, b: 10, c: 8 })] }],
    ['cem', { hits: [hitsOf('cem', COSINES)] }],
  ] as const);
  const order = async (weights: { cem?: number }): Promise<string> => {
    const [hits] = await fuseRecorded(rankings, { method: 'hybrid', weights, recallShares: {} }, [0], 4);
    return hits!.map(({ document }) => document).join('');
  };
  assert.is(await order({}), 'acbd');
  // c .4 + 2, b .5 + .8, d 1.2, a 1.
  assert.is(await order({ cem: 2 }), 'cbda');
});

test.run();
