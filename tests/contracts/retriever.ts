import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers, UsageError } from '../../base/index.ts';
import type { Vectors } from '../../encoders/index.ts';
import {
  compareRanked,
  compileFilter,
  type Filter,
  type Hit,
  type Retriever,
  type Scoring,
  withAccess,
} from '../../search/index.ts';
import { randomFilter, randomMetadata } from './random-filters.ts';

/** One passage that a retriever under test ranks. */
export interface RetrieverUnit {
  readonly document: string;
  readonly chunk: number;
  readonly passage: number;
  /** Of `WORDS`. */
  readonly text: string;
  readonly metadata?: object | undefined;
}

export interface RetrieverUnderTest {
  /** A retriever of this name over these units, each document's in the order of their chunks and passages. */
  create(units: readonly RetrieverUnit[], name: string): Promise<Retriever>;
  /** What a passage counts for in a mean that no search for the query by itself finds; nothing, as if it were not there, unless given. */
  readonly unfoundScore?: number;
  /** Called when all is done. */
  close?(): Promise<void>;
}

export const WORDS = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta', 'theta'] as const;

/** A text's words counted, L2-normalised; other words count for nothing. */
export function bagOfWords(texts: readonly string[]): Vectors {
  const dimension = WORDS.length;
  const data = new Float32Array(texts.length * dimension);
  texts.forEach((text, row) => {
    const counts = WORDS.map((word) => text.split(' ').filter((other) => other === word).length);
    const norm = Math.hypot(...counts);
    if (norm > 0)
      data.set(
        counts.map((count) => count / norm),
        row * dimension,
      );
  });
  return { rows: texts.length, dimension, data };
}

const QUERIES = ['alpha', 'beta gamma', 'delta delta epsilon', 'zeta eta theta alpha'];
const ALL = 1000;

/** Documents of 1 to 3 chunks of 1 to 3 passages, some of which have the same text as others, and some none. Ids tie as bytes do and UTF-16 does not. */
function randomUnits(random: RandomNumbers, count: number): RetrieverUnit[] {
  const units: RetrieverUnit[] = [];
  for (let number = 0; number < count; number++) {
    const document = `${['a', 'B', 'ä', '\u{ff61}', '\u{10000}', "it's"][number % 6]} ${number}`;
    for (let part = 0; part < 1 + random.integer(3); part++) {
      const [chunk, passages] = [units.length, 1 + random.integer(3)];
      for (let passage = 0; passage < passages; passage++) {
        const words = Array.from({ length: random.integer(5) }, () => WORDS[random.integer(WORDS.length)]!);
        units.push({ document, chunk, passage, text: words.sort().join(' '), metadata: randomMetadata(random) });
      }
    }
  }
  return units;
}

async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => assert.unreachable('it was fulfilled'),
    (error: unknown) => error,
  );
}

/**
 * What every retriever must do, whatever it ranks by. The oracle is a second retriever of the same kind that has every passage as a document of its own: from its
 * scores follows what a filter must leave, and which passage of a document is the best, or what the mean of its best ones is.
 */
export function retrieverContract(kind: string, underTest: RetrieverUnderTest): void {
  const test = suite<{ retriever: Retriever; units: RetrieverUnit[]; scores: Map<number, number>[] }>(
    `retriever contract: ${kind}`,
  );
  const NAME = 'under test';

  test.before(async (context) => {
    const units = randomUnits(new RandomNumbers(1, 'units'), 60);
    const flat = await underTest.create(
      units.map((unit, place) => ({ ...unit, document: String(place) })),
      'oracle',
    );
    context.units = units;
    context.retriever = await underTest.create(units, NAME);
    const results = await flat.search(QUERIES, { k: ALL });
    context.scores = results.map((hits) => new Map(hits.map(({ document, score }) => [Number(document), score])));
  });

  /** @param scores by place among the units */
  function expectedHits(
    units: readonly RetrieverUnit[],
    scores: ReadonlyMap<number, number>,
    filter: Filter | undefined,
    best = 1,
  ): Hit[] {
    const passes = filter && compileFilter(filter);
    const documents = new Map<string, Hit[]>();
    const found = new Set<string>();
    units.forEach(({ document, chunk, passage, metadata }, place) => {
      const score = scores.get(place) ?? underTest.unfoundScore;
      if (score === undefined || passes?.(document, metadata) === false) return;
      if (scores.has(place)) found.add(document);
      documents.set(document, [...(documents.get(document) ?? []), { document, chunk, passage, score, retriever: NAME }]);
    });
    return [...documents.values()]
      .map((hits) => {
        // Sorting is stable: equal passages stay in their order.
        hits.sort((left, right) => right.score - left.score);
        const counted = hits.slice(0, best);
        return { ...hits[0]!, score: counted.reduce((sum, { score }) => sum + score, 0) / counted.length };
      })
      .filter(({ document }) => found.has(document))
      .sort(compareRanked);
  }

  test('each document once with its best passage, score descending, ties by id as UTF-8 bytes; k cuts', async (context) => {
    const { retriever, units, scores } = context;
    assert.is(retriever.name, NAME);
    for (const k of [1, 2, 7, ALL]) {
      const results = await retriever.search(QUERIES, { k });
      assert.is(results.length, QUERIES.length);
      results.forEach((hits, query) => {
        assert.equal(hits, expectedHits(units, scores[query]!, undefined).slice(0, k));
      });
    }
    assert.equal(await retriever.search([], { k: 1 }), []);
    for (const k of [0, -1, 1.5, Number.NaN])
      assert.is(((await reasonOf(retriever.search(['alpha'], { k }))) as Error).name, 'AssertionError');
  });

  test('the score is that of the best passage, or the mean of the best ones, as the search says', async (context) => {
    const { retriever, units, scores } = context;
    const random = new RandomNumbers(3, 'means');
    const documents = [...new Set(units.map(({ document }) => document))];
    assert.equal(await retriever.search(QUERIES, { k: 7, scoring: { kind: 'max' } }), await retriever.search(QUERIES, { k: 7 }));
    let different = 0;
    for (let number = 0; number < 100; number++) {
      const filter = number % 2 === 0 ? undefined : randomFilter(random, documents);
      const query = number % QUERIES.length;
      const [k, best] = [1 + random.integer(30), 1 + random.integer(9)];
      const [hits] = await retriever.search([QUERIES[query]!], { k, filter, scoring: { kind: 'mean', best } });
      const expected = expectedHits(units, scores[query]!, filter, best);
      const what = `mean of ${best} of ${JSON.stringify(filter)}`;
      assert.equal(hits, expected.slice(0, k), what);
      if (hits!.length > 0 && hits![0]!.document !== expectedHits(units, scores[query]!, filter)[0]!.document) different++;
    }
    assert.ok(different > 10, `${different} means put another document first`);
    for (const scoring of [{ kind: 'mean', best: 0 }, { kind: 'median' }]) {
      const error = await reasonOf(retriever.search(['alpha'], { k: 1, scoring: scoring as Scoring }));
      assert.instance(error, UsageError);
      assert.is((error as UsageError).code, 'SEARCH_SCORING');
    }
  });

  test('filters mean the same as the function that a filter compiles to, and k that pass are found', async (context) => {
    const { retriever, units, scores } = context;
    const random = new RandomNumbers(2, 'filters');
    const documents = [...new Set(units.map(({ document }) => document))];
    let selective = 0;
    for (let number = 0; number < 300; number++) {
      const filter = randomFilter(random, documents);
      const query = number % QUERIES.length;
      const k = 1 + random.integer(20);
      const [hits] = await retriever.search([QUERIES[query]!], { k, filter });
      const expected = expectedHits(units, scores[query]!, filter);
      assert.equal(hits, expected.slice(0, k), JSON.stringify(filter));
      if (expected.length > 0 && expected.length < 40) selective++;
    }
    assert.ok(selective > 50, `${selective} of the filters let some pass and some not`);
  });

  test('labels of access close what a filter opens', async ({ retriever, units }) => {
    const labelsOf = new Map(
      units.map(({ chunk, passage, metadata }) => [
        `${chunk} ${passage}`,
        (metadata as { labels?: string[] } | undefined)?.labels ?? [],
      ]),
    );
    const everything: Filter[] = [
      { and: [] },
      { or: [{ not: { documents: [] } }] },
      { or: [{ access: ['legal', 'staff'] }, { and: [] }] },
    ];
    for (const held of [[], ['staff'], ['staff', 'legal']]) {
      for (const filter of [undefined, ...everything]) {
        const results = await retriever.search(QUERIES, { k: ALL, filter: withAccess(filter, held) });
        const found = new Set(results.flat().map(({ chunk, passage }) => `${chunk} ${passage}`));
        assert.ok(found.size > 0);
        for (const place of found) {
          const labels = labelsOf.get(place)!;
          assert.ok(
            labels.length === 0 || labels.some((label) => held.includes(label)),
            `passage ${place} with ${labels} for ${held}`,
          );
        }
      }
    }
  });

  test('what is no filter is refused, with its place', async ({ retriever }) => {
    const wrong: unknown[] = [
      {},
      { and: [{ field: 'a', equal: 1 }] },
      { field: '', equals: 1 },
      { field: 'a', range: { gt: 1, lt: 'b' } },
      { access: [''] },
    ];
    for (const filter of wrong) {
      const error = await reasonOf(retriever.search(['alpha'], { k: 1, filter: filter as Filter }));
      assert.instance(error, UsageError);
      assert.is((error as UsageError).code, 'SEARCH_FILTER');
    }
  });

  test('a query that nothing can be ranked by has no results, its reason is told, and the others have theirs', async (context) => {
    const { retriever, units, scores } = context;
    const told: [number, string][] = [];
    const results = await retriever.search(['unheard of', QUERIES[0]!, '!!! ???'], {
      k: 5,
      onUnsearchable: (query, reason) => told.push([query, reason]),
    });
    assert.equal(results[0], []);
    assert.equal(results[1], expectedHits(units, scores[0]!, undefined).slice(0, 5));
    assert.equal(results[2], []);
    assert.equal(
      told.map(([query]) => query),
      [0, 2],
    );
    for (const [, reason] of told) assert.match(reason, /^.{10,}$/);
  });

  test('a signal ends a search with its reason, before it begins or between two queries', async ({ retriever }) => {
    const reason = new Error('no longer wanted');
    assert.is(await reasonOf(retriever.search(QUERIES, { k: 1, signal: AbortSignal.abort(reason) })), reason);
    const controller = new AbortController();
    const searching = retriever.search(Array.from({ length: 50 }, () => QUERIES).flat(), { k: 1, signal: controller.signal });
    setImmediate(() => controller.abort(reason));
    assert.is(await reasonOf(searching), reason);
    assert.is((await retriever.search(QUERIES, { k: 1, signal: new AbortController().signal })).length, QUERIES.length);
  });

  test.after(() => underTest.close?.());
  test.run();
}
