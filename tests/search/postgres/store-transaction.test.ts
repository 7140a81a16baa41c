import { randomBytes } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openPglite } from '../../../search/postgres/pglite-driver.ts';
import type { PgvectorOptions } from '../../../search/postgres/pgvector-options.ts';
import { PgvectorStore } from '../../../search/postgres/pgvector-store.ts';
import { openPostgres } from '../../../search/postgres/postgres-driver.ts';
import type { VectorRow } from '../../../search/vector-store.ts';

const serverUrl = process.env['CEM_TEST_DATABASE_URL'];
const databases = {
  PGlite: () => openPglite(),
  ...(serverUrl !== undefined && { PostgreSQL: () => openPostgres(serverUrl) }),
};
if (serverUrl === undefined) console.log('skipped: transactions of a store on PostgreSQL (set CEM_TEST_DATABASE_URL)');

const row = (document: string, ...vector: number[]): VectorRow => ({
  document,
  chunk: 0,
  passage: 0,
  fingerprint: document,
  vector: Float32Array.from(vector),
});

for (const [name, open] of Object.entries(databases)) {
  const test = suite(`a transaction of a store, ${name}`);

  const found = async (store: PgvectorStore): Promise<string[]> =>
    (await store.search(Float32Array.of(1, 0), { k: 10 })).map(({ document }) => document);
  const withStore = async (
    body: (store: PgvectorStore) => Promise<void>,
    options: Partial<PgvectorOptions> = {},
  ): Promise<void> => {
    const name = `t${randomBytes(6).toString('hex')}`;
    const store = await PgvectorStore.open(await open(), { dimension: 2, name, ...options });
    try {
      await body(store);
    } finally {
      await store.drop();
      await store.close();
    }
  };

  test('what it does counts as a whole', () =>
    withStore(async (store) => {
      await store.upsert([row('old', 1, 0)]);
      const result = await store.transaction(async (inner) => {
        await inner.deleteDocuments(['old']);
        await inner.upsert([row('new', 1, 0), row('other', 0.5, 0)]);
        await inner.setProperty('state', 'second');
        assert.equal(await found(inner), ['new', 'other']);
        return 7;
      });
      assert.is(result, 7);
      assert.equal(await found(store), ['new', 'other']);
      assert.is(await store.property('state'), 'second');
      assert.is(await store.property('other'), undefined);
    }));

  test('when it throws, nothing of it counts', () =>
    withStore(async (store) => {
      await store.upsert([row('old', 1, 0)]);
      await store.setProperty('state', 'first');
      try {
        await store.transaction(async (inner) => {
          await inner.deleteDocuments(['old']);
          await inner.upsert([row('new', 1, 0)]);
          await inner.setProperty('state', 'second');
          throw new RangeError('stop');
        });
        assert.unreachable();
      } catch (error) {
        assert.instance(error, RangeError);
      }
      assert.equal(await found(store), ['old']);
      assert.is(await store.property('state'), 'first');
    }));

  test('a part of it that fails leaves the rest usable', () =>
    withStore(async (store) => {
      await store.transaction(async (inner) => {
        await inner.upsert([row('first', 1, 0)]);
        // The database refuses the number of the chunk: the statement fails within the transaction.
        await inner.upsert([{ ...row('second', 1, 0), chunk: 2 ** 40 }]).then(
          () => assert.unreachable(),
          () => {},
        );
        await inner.upsert([row('third', 0.5, 0)]);
      });
      assert.equal(await found(store), ['first', 'third']);
    }));

  test('an index of vectors is built in it', () =>
    withStore(
      async (store) => {
        await store.transaction(async (inner) => {
          await inner.upsert([row('a', 1, 0), row('b', 0, 1)]);
          await inner.finishWriting();
        });
        assert.is(store.vectorIndex.kind, 'hnsw');
        assert.equal(await found(store), ['a', 'b']);
      },
      { vectorIndex: { kind: 'hnsw' } },
    ));

  test.run();
}
