import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { UsageError } from '../../../base/index.ts';
import {
  Bm25Retriever,
  compileFilter,
  type Filter,
  type FusionInput,
  FusionRetriever,
  fusionSchema,
  type Hit,
  type Retriever,
  type SearchOptions,
} from '../../../search/index.ts';

const test = suite('fusion of retrievers');

interface Told extends Retriever {
  readonly told: SearchOptions[];
}

/** Gives these documents for every query, and keeps what it was asked. */
function fixed(name: string, scores: Readonly<Record<string, number>>, reasons: Readonly<Record<number, string>> = {}): Told {
  const told: SearchOptions[] = [];
  return {
    name,
    told,
    async search(queries, options) {
      told.push(options);
      return queries.map((_, query) => {
        const reason = reasons[query];
        if (reason !== undefined) options.onUnsearchable?.(query, reason);
        if (reason !== undefined) return [];
        return Object.entries(scores).map(([document, score]): Hit => ({ document, score, retriever: name }));
      });
    },
  };
}

/** Searches until it is stopped, and says by what. */
function endless(name: string): Retriever & { stopped: unknown } {
  return {
    name,
    stopped: undefined,
    search(_, { signal }) {
      return new Promise((_resolve, reject) => {
        signal!.addEventListener('abort', () => {
          this.stopped = signal!.reason;
          setTimeout(() => reject(signal!.reason), 5);
        });
      });
    },
  };
}

function failing(name: string, error: unknown): Retriever {
  return { name, search: () => Promise.reject(error) };
}

const partsOf = (...retrievers: readonly Retriever[]) => retrievers.map((retriever) => ({ retriever }));

async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => assert.unreachable('it was fulfilled'),
    (error: unknown) => error,
  );
}

function refusal(create: () => unknown): UsageError {
  let thrown: unknown;
  try {
    create();
  } catch (error) {
    thrown = error;
  }
  assert.instance(thrown, UsageError);
  return thrown as UsageError;
}

test('defaults: rrf, constant 60, weights 1, four times the results asked of each, no recall filter', async () => {
  const [words, vectors] = [fixed('words', { a: 3, b: 2 }), fixed('vectors', { b: 0.5, c: -0.5 })];
  const fusion = new FusionRetriever(partsOf(words, vectors));
  assert.is(fusion.name, 'rrf');
  assert.equal(fusion.options, { method: 'rrf', rankConstant: 60, weights: {}, depth: { factor: 4 }, recallShares: {} });
  const [hits] = await fusion.search(['a query'], { k: 2 });
  assert.equal(
    hits!.map(({ document, score, retriever }) => [document, score, retriever]),
    [
      ['b', 1 / 62 + 1 / 61, 'rrf'],
      ['a', 1 / 61, 'rrf'],
    ],
  );
  assert.equal(
    [words, vectors].map(({ told }) => told.map(({ k }) => k)),
    [[8], [8]],
  );
});

test('depth: a factor, or a number of hits that never is below k', async () => {
  for (const [depth, k, asked] of [
    [{ factor: 2 }, 7, 14],
    [{ factor: 1 }, 7, 7],
    [{ hits: 50 }, 7, 50],
    [{ hits: 50 }, 70, 70],
  ] as const) {
    const words = fixed('words', { a: 1 });
    await new FusionRetriever(partsOf(words), { method: 'rrf', depth }).search(['a'], { k });
    assert.is(words.told[0]!.k, asked);
  }
});

test('weights: by name; of the weighted methods .3 for lexical and .7 for vectors unless given', async () => {
  const parts = [
    { retriever: fixed('words', { a: 3 }), kind: 'lexical' },
    { retriever: fixed('vectors', { b: 0.5 }), kind: 'vector' },
  ] as const;
  const scores = async (options: FusionInput): Promise<Record<string, number>> => {
    const [hits] = await new FusionRetriever(parts, options).search(['a'], { k: 5 });
    return Object.fromEntries(hits!.map(({ document, score }) => [document, score]));
  };
  assert.equal(await scores({ method: 'weighted-ranks' }), { b: 0.7, a: 0.3 });
  assert.equal(await scores({ method: 'weighted-scores' }), { b: 0.7, a: 0.3 });
  assert.equal(await scores({ method: 'weighted-ranks', weights: { words: 0.9 } }), { a: 0.9, b: 0.7 });
  assert.equal(await scores({ method: 'rrf', rankConstant: 0, weights: { vectors: 0.5 } }), { a: 1, b: 0.5 });
});

test('the recall filter of a retriever goes by its own best score', async () => {
  const [words, vectors] = [fixed('words', { a: 10, b: 7, c: 1 }), fixed('vectors', { d: 0.9, e: 0.1 })];
  const fusion = new FusionRetriever(partsOf(words, vectors), { method: 'rrf', recallShares: { words: 0.5 } });
  const [hits] = await fusion.search(['a'], { k: 10 });
  assert.equal(hits!.map(({ document }) => document).sort(), ['a', 'b', 'd', 'e']);
});

test('filter and scoring go to each retriever as they are', async () => {
  const parts = [fixed('words', { a: 1 }), fixed('vectors', { b: 1 })];
  const filter: Filter = { field: 'year', equals: 2020 };
  const scoring = { kind: 'mean', best: 3 } as const;
  await new FusionRetriever(partsOf(...parts)).search(['a'], { k: 1, filter, scoring });
  for (const { told } of parts) {
    assert.is(told[0]!.filter, filter);
    assert.is(told[0]!.scoring, scoring);
    assert.instance(told[0]!.signal, AbortSignal);
  }
});

test('k that pass a filter are found, where words and passages are fused', async () => {
  const units = Array.from({ length: 60 }, (_, number) => ({
    document: `d${number}`,
    text: `alpha ${'beta '.repeat(number % 7)}`,
    metadata: { part: number % 3 },
  }));
  const words = await Bm25Retriever.create(units, { name: 'words' });
  const chunks = await Bm25Retriever.create(
    units.map((unit, chunk) => ({ ...unit, chunk })),
    { name: 'chunks', b: 1 },
  );
  const filter: Filter = { field: 'part', equals: 1 };
  const passes = compileFilter(filter);
  for (const method of ['rrf', 'weighted-scores', 'dedup'] as const) {
    const parts = [words, chunks].map((retriever) => ({ retriever, kind: 'lexical' as const }));
    const results = await new FusionRetriever(parts, { method }).search(['alpha', 'beta', 'gamma'], { k: 12, filter });
    assert.equal(
      results.map(({ length }) => length),
      [12, 12, 0],
    );
    for (const { document, chunk, parts: found } of results.flat()) {
      assert.ok(passes(document, { part: Number(document.slice(1)) % 3 }));
      assert.ok(found.length >= 1);
      if (found.some(({ retriever }) => retriever === 'chunks')) assert.is(`d${chunk}`, document);
    }
  }
});

test('a query is unsearchable when all retrievers say so, with the reasons of all', async () => {
  const words = fixed('words', { a: 1 }, { 0: 'no word is known', 2: 'no word is known' });
  const vectors = fixed('vectors', { b: 1 }, { 1: 'its vector is zero', 2: 'its vector is zero' });
  const told: [number, string][] = [];
  const results = await new FusionRetriever(partsOf(words, vectors)).search(['x', 'y', 'z'], {
    k: 5,
    onUnsearchable: (query, reason) => told.push([query, reason]),
  });
  assert.equal(
    results.map((hits) => hits.map(({ document }) => document)),
    [['b'], ['a'], []],
  );
  assert.equal(told, [[2, 'words: no word is known; vectors: its vector is zero']]);
});

test('where one fails the others are stopped with its error, which the search then throws, when all have ended', async () => {
  const error = new Error('the database is gone');
  const running = endless('running');
  const fusion = new FusionRetriever(partsOf(running, failing('broken', error), fixed('quick', { a: 1 })));
  assert.is(await reasonOf(fusion.search(['a'], { k: 1 })), error);
  assert.is(running.stopped, error);
});

test('a signal stops all, with its reason; after the search nothing listens to it', async () => {
  const reason = new Error('no longer wanted');
  const [one, two] = [endless('one'), endless('two')];
  const fusion = new FusionRetriever(partsOf(one, two));
  const controller = new AbortController();
  const searching = fusion.search(['a'], { k: 1, signal: controller.signal });
  setImmediate(() => controller.abort(reason));
  assert.is(await reasonOf(searching), reason);
  assert.equal([one.stopped, two.stopped], [reason, reason]);
  const words = fixed('words', { a: 1 });
  const later = new AbortController();
  await new FusionRetriever(partsOf(words)).search(['a'], { k: 1, signal: later.signal });
  later.abort(reason);
  assert.not.ok(words.told[0]!.signal!.aborted);
  assert.is(await reasonOf(fusion.search(['a'], { k: 1, signal: later.signal })), reason);
});

test('what is wrong with retrievers and options is refused, and named', () => {
  const parts = partsOf(fixed('words', {}), fixed('vectors', {}));
  const wrong: readonly [unknown, RegExp][] = [
    [{ method: 'mean' }, /method/],
    [{ method: 'rrf', rankConstant: -1 }, /rankConstant/],
    [{ method: 'rrf', weights: { words: 0 } }, /weights\.words/],
    [{ method: 'rrf', weights: { worlds: 1 } }, /weights names "worlds".*words, vectors/],
    [{ method: 'rrf', recallShares: { words: 1.5 } }, /recallShares\.words/],
    [{ method: 'dedup', recallShares: { constructor: 0.5 } }, /"constructor"/],
    [{ method: 'dedup', weights: { words: 1 } }, /weights/],
    [{ method: 'weighted-ranks', rankConstant: 60 }, /rankConstant/],
    [{ method: 'rrf', depth: { factor: 0 } }, /depth/],
    [{ method: 'rrf', depth: { factor: 4, hits: 50 } }, /depth/],
  ];
  for (const [options, message] of wrong) {
    const error = refusal(() => new FusionRetriever(parts, options as FusionInput));
    assert.is(error.code, 'FUSION_OPTIONS');
    assert.match(error.message, message);
  }
  for (const [create, message] of [
    [() => new FusionRetriever([]), /none/],
    [() => new FusionRetriever(partsOf(fixed('words', {}), fixed('words', {}))), /"words"/],
    [() => new FusionRetriever(parts, { method: 'weighted-ranks', weights: { words: 1 } }), /"vectors" has no weight/],
  ] as const) {
    const error = refusal(create);
    assert.is(error.code, 'FUSION_PARTS');
    assert.match(error.message, message);
  }
  assert.ok(fusionSchema.safeParse({ method: 'weighted-scores', weights: { words: 0.3, vectors: 0.7 } }).success);
});

test('a fusion is a retriever, and may be part of another', async () => {
  const inner = new FusionRetriever(
    partsOf(fixed('words', { a: 2, b: 1 }), fixed('vectors', { b: 1 })),
    { method: 'rrf' },
    'inner',
  );
  const outer = new FusionRetriever(partsOf(inner, fixed('others', { c: 1 })), { method: 'rrf' }, 'outer');
  const [hits] = await outer.search(['a'], { k: 3 });
  assert.equal(
    hits!.map(({ document, parts }) => [document, parts.map(({ retriever }) => retriever).join()]),
    [
      ['c', 'others'],
      ['b', 'inner'],
      ['a', 'inner'],
    ],
  );
});

test.run();
