import { createHash } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Filter } from '../../search/filter.ts';
import type { VectorRow, VectorStore } from '../../search/vector-store.ts';
import { axis, bestDocuments, codeOf, compareIds, DIMENSION, randomNumbers, row, unitVector } from './vector-rows.ts';
import { passageTests } from './vector-store-passages.ts';

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

export interface VectorStoreUnderTest {
  /** Opens an empty store of that dimension. */
  open(dimension: number): Promise<VectorStore>;
  /** How far a score may be from the exact cosine. */
  readonly tolerance: number;
}

/** What every vector store must do, whatever it stands on. Defines a suite and runs it. */
export function vectorStoreContract(name: string, underTest: VectorStoreUnderTest): void {
  const test = suite<{ store: VectorStore }>(`vector store contract: ${name}`);
  const { tolerance } = underTest;

  test.before.each(async (context) => {
    context.store = await underTest.open(DIMENSION);
  });
  test.after.each(async (context) => {
    await context.store.close();
  });

  test('an empty store finds nothing', async ({ store }) => {
    assert.is(store.dimension, DIMENSION);
    assert.equal(await store.search(axis(0), { k: 5 }), []);
    assert.equal(await store.count(), { documents: 0, chunks: 0, passages: 0, empty: 0 });
    assert.equal(await store.storedRows(['a']), []);
    assert.equal(await collect(store.documents()), []);
    await store.upsert([]);
    assert.is(await store.deleteDocuments(['a']), 0);
  });

  test('a search equals the sort of all scores, documents counted by their best passage', async ({ store }) => {
    const random = randomNumbers(1);
    // 300 documents of 1 to 9 chunks: more than one INSERT, and documents that fill a short list of chunks by themselves.
    const rows: VectorRow[] = [];
    for (let document = 0; document < 300; document++) {
      const chunks = 1 + Math.floor(random() * 9);
      for (let part = 0; part < chunks; part++) rows.push(row(`document ${document}`, rows.length, unitVector(random)));
    }
    await store.upsert(rows);
    for (let query = 0; query < 10; query++) {
      const vector = unitVector(random);
      for (const k of [1, 10, 300, 1000]) {
        const hits = await store.search(vector, { k });
        const expected = bestDocuments(rows, vector, k);
        assert.is(hits.length, expected.length);
        assert.is(new Set(hits.map((hit) => hit.document)).size, hits.length);
        hits.forEach((hit, rank) => {
          assert.ok(
            Math.abs(hit.score - expected[rank]!.score) <= tolerance,
            `rank ${rank}: ${hit.score} against ${expected[rank]!.score}`,
          );
        });
        // Where scores stand apart by more than the tolerance the very same chunk must stand there.
        if (k === 10) {
          const apart = expected.every((hit, rank) => rank === 0 || expected[rank - 1]!.score - hit.score > 2 * tolerance);
          if (apart)
            assert.equal(
              hits.map(({ document, chunk }) => [document, chunk]),
              expected.map(({ document, chunk }) => [document, chunk]),
            );
        }
      }
    }
  });

  test('k documents come back even when one document has most of the best chunks', async ({ store }) => {
    const rows = [row('small', 1000, axis(1))];
    for (let chunk = 0; chunk < 200; chunk++) rows.push(row('large', chunk, axis(0)));
    await store.upsert(rows);
    const hits = await store.search(axis(0), { k: 2 });
    assert.equal(hits, [
      { document: 'large', chunk: 0, passage: 0, score: 1 },
      { document: 'small', chunk: 1000, passage: 0, score: 0 },
    ]);
  });

  test('the score is the cosine, and equal scores order by id descending as UTF-8 bytes', async ({ store }) => {
    // U+FF61 is the bytes EF BD A1, U+10000 is F0 90 80 80, though its UTF-16 (D800 DC00) sorts before FF61.
    const ids = ['a', 'B', 'ä', '\u{ff61}', '\u{10000}', 'ab'];
    await store.upsert(ids.map((id, chunk) => row(id, chunk, axis(0))));
    await store.upsert([row('opposite', 99, axis(0, -1))]);
    const hits = await store.search(axis(0), { k: 10 });
    assert.equal(
      hits.map((hit) => hit.document),
      ['\u{10000}', '\u{ff61}', 'ä', 'ab', 'a', 'B', 'opposite'],
    );
    assert.equal(
      hits.map((hit) => hit.score),
      [1, 1, 1, 1, 1, 1, -1],
    );
  });

  test('upserting again overwrites: every document once', async ({ store }) => {
    await store.upsert([row('a', 0, axis(0)), row('b', 1, axis(1))]);
    await store.upsert([row('a', 0, axis(2), { fingerprint: 'new' }), row('a', 5, axis(3))]);
    assert.equal(await store.count(), { documents: 2, chunks: 3, passages: 3, empty: 0 });
    assert.equal(await store.storedRows(['a', 'b', 'none']), [
      { document: 'a', chunk: 0, passage: 0, fingerprint: 'new' },
      { document: 'a', chunk: 5, passage: 0, fingerprint: 'a-5' },
      { document: 'b', chunk: 1, passage: 0, fingerprint: 'b-1' },
    ]);
    assert.is((await store.search(axis(2), { k: 1 }))[0]!.document, 'a');
    // Twice in one call: the last one counts.
    await store.upsert([row('c', 2, axis(4)), row('c', 2, axis(5))]);
    assert.equal(await store.search(axis(5), { k: 1 }), [{ document: 'c', chunk: 2, passage: 0, score: 1 }]);
  });

  test('a call that fails changes nothing', async ({ store }) => {
    await store.upsert([row('a', 0, axis(0))]);
    assert.is(
      await codeOf(store.upsert([row('b', 1, axis(1)), row('c', 2, new Float32Array(DIMENSION + 1))])),
      'VECTOR_DIMENSION',
    );
    assert.is(await codeOf(store.upsert([row('b', 1, axis(1)), row('c', 2, axis(1, Number.NaN))])), 'VECTOR_VALUE');
    assert.is(await codeOf(store.upsert([row('b', 1, axis(1)), row('c\0', 2, axis(1))])), 'VECTOR_STORE_ID');
    assert.is(await codeOf(store.upsert([row('b', 1, axis(1)), row('\ud800', 2, axis(1))])), 'VECTOR_STORE_ID');
    assert.is(await codeOf(store.search(new Float32Array(3), { k: 1 })), 'VECTOR_DIMENSION');
    assert.equal(await store.count(), { documents: 1, chunks: 1, passages: 1, empty: 0 });
  });

  test('deleting removes all chunks of a document and nothing else', async ({ store }) => {
    await store.upsert([row('a', 0, axis(0)), row('a', 1, axis(1)), row('b', 2, axis(2))]);
    assert.is(await store.deleteDocuments(['a', 'none']), 2);
    assert.equal(await collect(store.documents()), ['b']);
    assert.equal(
      (await store.search(axis(0), { k: 5 })).map((hit) => hit.document),
      ['b'],
    );
  });

  test('ids of every kind come back as they went in', async ({ store }) => {
    const ids = [
      'NULL',
      '',
      ' ',
      '"quoted"',
      "it's",
      'back\\slash',
      '{curly,comma}',
      'line\nbreak',
      '第一条',
      '😀',
      "'; drop table cem_chunks; --",
      '$1',
      'null',
    ];
    await store.upsert(ids.map((id, chunk) => row(id, chunk, axis(0))));
    assert.equal((await collect(store.documents())).sort(compareIds), [...ids].sort(compareIds));
    for (const [chunk, id] of ids.entries()) {
      assert.equal(await store.search(axis(0), { k: 5, filter: { documents: [id] } }), [
        { document: id, chunk, passage: 0, score: 1 },
      ]);
    }
    assert.is(await store.deleteDocuments(ids), ids.length);
  });

  test('a filter is part of the query: k documents that pass, however many better ones do not', async ({ store }) => {
    const random = randomNumbers(2);
    const rows = Array.from({ length: 200 }, (_, index) =>
      row(`document ${index}`, index, unitVector(random), {
        metadata: { group: index % 20 === 0 ? 'rare' : 'common', even: index % 2 === 0, year: 2000 + (index % 3) },
      }),
    );
    await store.upsert(rows);
    const query = unitVector(random);
    const check = async (filter: Filter, passes: (index: number) => boolean) => {
      const allowed = rows.filter((_, index) => passes(index));
      const hits = await store.search(query, { k: 5, filter });
      const expected = bestDocuments(allowed, query, 6);
      // A store that rounds may swap neighbours whose scores are that near.
      const apart = expected.every((hit, rank) => rank === 0 || expected[rank - 1]!.score - hit.score > 2 * tolerance);
      const ids = allowed.map(({ document }) => document);
      assert.is(hits.length, Math.min(5, allowed.length));
      for (const [rank, hit] of hits.entries()) {
        assert.ok(ids.includes(hit.document), hit.document);
        assert.ok(Math.abs(hit.score - expected[rank]!.score) <= 2 * tolerance);
        if (apart) assert.is(hit.document, expected[rank]!.document);
      }
      assert.equal(await store.count(filter), {
        documents: allowed.length,
        chunks: allowed.length,
        passages: allowed.length,
        empty: 0,
      });
    };
    const rare: Filter = { field: 'group', equals: 'rare' };
    const two = ['document 3', 'document 40'];
    await check(rare, (index) => index % 20 === 0);
    await check({ not: rare }, (index) => index % 20 !== 0);
    await check(
      {
        and: [
          { field: 'even', equals: false },
          { field: 'year', equals: 2001 },
        ],
      },
      (index) => index % 2 === 1 && index % 3 === 1,
    );
    await check({ field: 'year', range: { gt: 2000, lte: 2001 } }, (index) => index % 3 === 1);
    await check({ and: [] }, () => true);
    await check({ or: [] }, () => false);
    await check({ documents: [...two, 'none'] }, (index) => index === 3 || index === 40);
    await check({ and: [{ documents: two }, rare] }, (index) => index === 40);
    await check({ or: [{ documents: two }, rare] }, (index) => index === 3 || index % 20 === 0);
    await check({ documents: [] }, () => false);
    await check({ field: "group' or '1'='1", equals: 'rare' }, () => false);
    await check({ field: 'group', equals: "rare' or '1'='1" }, () => false);
  });

  test('metadata changes by itself, with its fingerprint; rows that are not there are passed over', async ({ store }) => {
    await store.upsert([
      row('a', 0, axis(0), { metadata: { language: 'de' } }),
      row('a', 1, axis(1), { metadata: { language: 'de' } }),
    ]);
    const english = { field: 'language', equals: 'en' } as const;
    assert.equal(await store.search(axis(0), { k: 5, filter: english }), []);
    await store.updateMetadata([
      { document: 'a', chunk: 1, passage: 0, fingerprint: 'new', metadata: { language: 'en' } },
      { document: 'none', chunk: 1, passage: 0, fingerprint: 'new', metadata: {} },
    ]);
    assert.equal(await store.search(axis(1), { k: 5, filter: english }), [{ document: 'a', chunk: 1, passage: 0, score: 1 }]);
    assert.equal(
      (await store.storedRows(['a', 'none'])).map(({ fingerprint }) => fingerprint),
      ['a-0', 'new'],
    );
    await store.updateMetadata([{ document: 'a', chunk: 1, passage: 0, fingerprint: 'newer' }]);
    assert.equal(await store.search(axis(0), { k: 5, filter: english }), []);
    assert.equal(await store.count(), { documents: 1, chunks: 2, passages: 2, empty: 0 });
  });

  test('metadata that could open what is closed, or that no database holds, is refused', async ({ store }) => {
    for (const metadata of [
      { labels: 'secret' },
      { labels: null },
      { labels: [1] },
      { labels: [''] },
      { title: 'a\0' },
      { '\ud800': 1 },
    ]) {
      const rows = [row('a', 0, axis(0)), row('b', 1, axis(1), { metadata })];
      assert.is(await codeOf(store.upsert(rows)), 'VECTOR_STORE_METADATA', JSON.stringify(metadata));
      assert.is(await codeOf(store.updateMetadata(rows)), 'VECTOR_STORE_METADATA');
    }
    await store.upsert([row('a', 0, axis(0), { metadata: { title: 'a backslash and a zero: \\u0000, \\ud800' } })]);
    assert.equal(await store.count(), { documents: 1, chunks: 1, passages: 1, empty: 0 });
  });

  test('ids as long as the packer takes them are keys like others', async ({ store }) => {
    // Text that compresses fits a B-tree all the same: digits of a hash do not.
    const long = Array.from({ length: 1000 }, (_, index) => createHash('sha256').update(`${index}`).digest('hex')).join('');
    const ids = [long, `${long}a`, `${long.slice(0, -1)}`, 'short'];
    await store.upsert(ids.map((id, chunk) => row(id, chunk, axis(0))));
    await store.upsert([row(long, 0, axis(1))]);
    assert.equal(await store.count(), { documents: 4, chunks: 4, passages: 4, empty: 0 });
    assert.equal(
      (await store.search(axis(0), { k: 3 })).map(({ document }) => document),
      ['short', `${long}a`, long.slice(0, -1)],
    );
    assert.equal(await store.search(axis(1), { k: 5, filter: { documents: [long] } }), [
      { document: long, chunk: 0, passage: 0, score: 1 },
    ]);
    assert.is(await store.deleteDocuments([`${long}a`, long]), 2);
    assert.equal((await collect(store.documents())).sort(compareIds), [long.slice(0, -1), 'short'].sort(compareIds));
  });

  test('vectors of zeros are kept and counted, and no search finds them; a query of zeros, or not finite, finds nothing', async ({
    store,
  }) => {
    const zeros = new Float32Array(DIMENSION);
    await store.upsert([row('a', 0, axis(0)), row('a', 1, zeros), row('nothing', 2, zeros), row('opposite', 3, axis(0, -1))]);
    assert.equal(await store.count(), { documents: 3, chunks: 4, passages: 4, empty: 2 });
    assert.equal(
      (await store.search(axis(0), { k: 5 })).map(({ document, score }) => [document, score]),
      [
        ['a', 1],
        ['opposite', -1],
      ],
    );
    assert.equal(await store.search(axis(0), { k: 5, filter: { documents: ['nothing'] } }), []);
    assert.equal(await store.search(zeros, { k: 5 }), []);
    assert.equal(await store.search(axis(0, Number.NaN), { k: 5 }), []);
    await store.upsert([row('nothing', 2, axis(0)), row('a', 0, zeros)]);
    assert.equal(
      (await store.search(axis(0), { k: 5 })).map(({ document }) => document),
      ['nothing', 'opposite'],
    );
    assert.equal(await store.count(), { documents: 3, chunks: 4, passages: 4, empty: 2 });
  });

  test('searches and inserts at the same time', async ({ store }) => {
    const random = randomNumbers(3);
    await store.upsert([row('first', 0, axis(0))]);
    const work: Promise<unknown>[] = [];
    for (let batch = 0; batch < 10; batch++) {
      work.push(
        store.upsert(
          Array.from({ length: 10 }, (_, index) => row(`${batch}-${index}`, 100 + batch * 10 + index, unitVector(random))),
        ),
      );
      work.push(store.search(axis(0), { k: 1 }).then((hits) => assert.is(hits[0]!.document, 'first')));
    }
    await Promise.all(work);
    assert.equal(await store.count(), { documents: 101, chunks: 101, passages: 101, empty: 0 });
  });

  passageTests(test, tolerance);
  test.run();
}
