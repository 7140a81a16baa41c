import type { Test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Filter } from '../../search/filter.ts';
import type { Scoring } from '../../search/scoring.ts';
import type { VectorRow, VectorStore } from '../../search/vector-store.ts';
import { axis, bestDocuments, codeOf, DIMENSION, randomNumbers, row, unitVector } from './vector-rows.ts';

/** The part of the contract of vector stores that is about passages and what a document scores by. */
export function passageTests(test: Test<{ store: VectorStore }>, tolerance: number): void {
  test('passages: one row each, a document by its best one or by a mean of its best ones, whatever a filter leaves of them', async ({
    store,
  }) => {
    const random = randomNumbers(4);
    const rows: VectorRow[] = [];
    for (let document = 0; document < 120; document++) {
      const chunks = 1 + Math.floor(random() * 3);
      for (let part = 0; part < chunks; part++) {
        const chunk = rows.length;
        const passages = 1 + Math.floor(random() * 5);
        for (let passage = 0; passage < passages; passage++)
          rows.push(row(`d${document}`, chunk, unitVector(random), { passage, metadata: { kind: Math.floor(random() * 4) } }));
      }
    }
    await store.upsert(rows);
    const chunks = (some: readonly VectorRow[]): number => new Set(some.map(({ chunk }) => chunk)).size;
    const total = { documents: 120, chunks: chunks(rows), passages: rows.length, empty: 0 };
    assert.equal(await store.count(), total);
    const kinds: (number[] | undefined)[] = [undefined, [0], [1, 2]];
    let compared = 0;
    for (const kind of kinds) {
      const passing = rows.filter(({ metadata }) => kind?.includes((metadata as { kind: number }).kind) ?? true);
      const filter: Filter | undefined = kind && { field: 'kind', in: kind };
      const documents = new Set(passing.map(({ document }) => document)).size;
      assert.equal(await store.count(filter), { documents, chunks: chunks(passing), passages: passing.length, empty: 0 });
      for (const best of [1, 2, 3, 100]) {
        const scoring: Scoring = best === 1 ? { kind: 'max' } : { kind: 'mean', best };
        for (const k of [1, 10, 200]) {
          const vector = unitVector(random);
          const hits = await store.search(vector, { k, filter, scoring });
          const expected = bestDocuments(passing, vector, k, best);
          assert.is(hits.length, expected.length);
          hits.forEach((hit, rank) => {
            const [{ score }, what] = [expected[rank]!, `rank ${rank} of ${k}, best ${best}, kinds ${kind}`];
            assert.ok(Math.abs(hit.score - score) <= tolerance, `${what}: ${hit.score} against ${score}`);
            // Where scores stand apart by more than the tolerance the very same document must stand there, by the same passage if its next one is no rival.
            const apart = [expected[rank - 1], expected[rank + 1]].every(
              (next) => next === undefined || Math.abs(next.score - score) > 2 * tolerance,
            );
            if (!apart || rank === k - 1) return;
            assert.is(hit.document, expected[rank]!.document, what);
            const [first, second] = passing
              .filter(({ document }) => document === hit.document)
              .flatMap((one) => bestDocuments([one], vector, 1))
              .sort((left, right) => right.score - left.score);
            if (second !== undefined && first!.score - second.score <= 2 * tolerance) return;
            assert.equal([hit.chunk, hit.passage], [first!.chunk, first!.passage], what);
            compared++;
          });
        }
      }
    }
    assert.ok(compared > 50, `${compared} hits compared by passage`);
  });

  test('of equal passages the one of the lower chunk counts, then the lower number; of few passages the mean of all', async ({
    store,
  }) => {
    await store.upsert([
      row('a', 70_000, axis(0), { passage: 65_534 }),
      row('a', 3, axis(0), { passage: 7 }),
      row('a', 3, axis(0), { passage: 2 }),
      row('a', 3, axis(1), { passage: 1 }),
      row('b', 4, axis(0)),
      row('c', 5, axis(0)),
      row('c', 5, axis(0, -1), { passage: 1 }),
      row('c', 5, new Float32Array(DIMENSION), { passage: 2 }),
    ]);
    assert.equal(await store.count(), { documents: 3, chunks: 4, passages: 8, empty: 1 });
    const search = async (scoring?: Scoring) =>
      (await store.search(axis(0), { k: 5, scoring })).map(({ document, chunk, passage, score }) => [
        document,
        chunk,
        passage,
        score,
      ]);
    const best = [
      ['c', 5, 0, 1],
      ['b', 4, 0, 1],
      ['a', 3, 2, 1],
    ];
    assert.equal(await search(), best);
    assert.equal(await search({ kind: 'max' }), best);
    assert.equal(await search({ kind: 'mean', best: 1 }), best);
    // a: 1, 1, 1, 0; b: 1; c: 1, -1, and one that is no direction.
    assert.equal(await search({ kind: 'mean', best: 3 }), [
      ['b', 4, 0, 1],
      ['a', 3, 2, 1],
      ['c', 5, 0, 0],
    ]);
    assert.equal(await search({ kind: 'mean', best: 4 }), [
      ['b', 4, 0, 1],
      ['a', 3, 2, 0.75],
      ['c', 5, 0, 0],
    ]);
    await store.updateMetadata([{ document: 'a', chunk: 3, passage: 2, fingerprint: 'new', metadata: { secret: true } }]);
    assert.equal(
      (
        await store.search(axis(0), { k: 1, filter: { and: [{ documents: ['a'] }, { not: { field: 'secret', equals: true } }] } })
      ).map(({ chunk, passage }) => [chunk, passage]),
      [[3, 7]],
    );
    assert.equal(
      (await store.storedRows(['a'])).map(({ chunk, passage, fingerprint }) => [chunk, passage, fingerprint]),
      [
        [3, 1, 'a-3'],
        [3, 2, 'new'],
        [3, 7, 'a-3'],
        [70_000, 65_534, 'a-70000'],
      ],
    );
    assert.is(await store.deleteDocuments(['a']), 4);
  });

  test('what is no scoring, and no number of a passage, is refused', async ({ store }) => {
    for (const scoring of [
      { kind: 'sum' },
      { kind: 'mean' },
      { kind: 'mean', best: 0 },
      { kind: 'mean', best: 101 },
      { kind: 'max', best: 2 },
    ])
      assert.is(
        await codeOf(store.search(axis(0), { k: 1, scoring: scoring as Scoring })),
        'SEARCH_SCORING',
        JSON.stringify(scoring),
      );
    for (const passage of [-1, 0.5, 65_535, undefined])
      assert.is(
        await codeOf(store.upsert([row('a', 0, axis(0), { passage: passage as number })])),
        'VECTOR_STORE_PASSAGE',
        `${passage}`,
      );
    assert.is((await store.count()).passages, 0);
  });
}
