import { randomBytes } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openPglite } from '../../../search/postgres/pglite-driver.ts';
import type { PgvectorOptions } from '../../../search/postgres/pgvector-options.ts';
import { PgvectorStore } from '../../../search/postgres/pgvector-store.ts';
import { openPostgres } from '../../../search/postgres/postgres-driver.ts';
import type { SqlDriver } from '../../../search/postgres/sql-driver.ts';
import type { VectorRow } from '../../../search/vector-store.ts';

const serverUrl = process.env['CEM_TEST_DATABASE_URL'];
const databases: [string, SqlDriver][] = [['PGlite', await openPglite()]];
if (serverUrl === undefined) console.log('skipped: vector groups in PostgreSQL (set CEM_TEST_DATABASE_URL)');
else databases.push(['PostgreSQL', await openPostgres(serverUrl)]);

const row = (document: string, passage: number, bytes?: readonly number[], words?: readonly string[]): VectorRow => ({
  document,
  chunk: 3,
  passage,
  fingerprint: document,
  vector: Float32Array.of(1, 0),
  ...(bytes && { group: { bytes: Uint8Array.from(bytes), words } }),
});
const key = (document: string, passage: number) => ({ document, chunk: 3, passage });

for (const [place, driver] of databases) {
  const test = suite(`vector groups in a store, ${place}`);
  const name = `t${randomBytes(6).toString('hex')}`;
  const open = (options: Partial<PgvectorOptions> = {}) =>
    PgvectorStore.open({ ...driver, close: async () => {} }, { dimension: 2, name, ...options });

  test('a store that had none gets the columns, and keeps them; rows of before have none', async () => {
    const before = await open();
    assert.is(before.keepsGroups, false);
    // Passed over where none are kept.
    await before.upsert([row('old', 0, [1])]);
    const store = await open({ groups: true });
    assert.is(store.keepsGroups, true);
    assert.is((await open()).keepsGroups, true);
    assert.is((await open({ migrate: false })).keepsGroups, true);
    assert.equal(await store.groupsAt([key('old', 0)]), [undefined]);
  });

  test('groups come for the rows that are asked for, in their order, with their words on demand', async () => {
    const store = await open();
    // Longer than what fits into a row; a quote in an id and in a word.
    const long = Array.from({ length: 20_000 }, (_, index) => index % 251);
    await store.upsert([row("it's", 0, [1, 2], ['a "b"', '银行']), row("it's", 1, long), row('c', 0)]);
    const keys = [key("it's", 1), key('c', 0), key("it's", 0), key('nobody', 0)];
    const bytes = (await store.groupsAt(keys)).map((group) => group && [...group.bytes]);
    assert.equal(bytes, [long, undefined, [1, 2], undefined]);
    assert.equal(
      (await store.groupsAt(keys, { words: true })).map((group) => group?.words),
      [undefined, undefined, ['a "b"', '银行'], undefined],
    );
    assert.equal(await store.groupsAt([]), []);
  });

  test('they change and go with their rows, in the same transaction', async () => {
    const store = await open();
    await store.upsert([row('d', 0, [7])]);
    const failed = await store
      .transaction(async (inner) => {
        await inner.upsert([row('d', 0, [8])]);
        throw new Error('stopped');
      })
      .catch((error: Error) => error.message);
    assert.is(failed, 'stopped');
    assert.equal([...(await store.groupsAt([key('d', 0)]))[0]!.bytes], [7]);
    await store.updateMetadata([{ ...key('d', 0), fingerprint: 'd2', metadata: { title: 'D' } }]);
    assert.equal([...(await store.groupsAt([key('d', 0)]))[0]!.bytes], [7]);
    await store.upsert([row('d', 0, [9])]);
    assert.equal([...(await store.groupsAt([key('d', 0)]))[0]!.bytes], [9]);
    // A row that comes without one has none: it would be of another text.
    await store.upsert([row('d', 0)]);
    assert.equal(await store.groupsAt([key('d', 0)]), [undefined]);
    await store.upsert([row('d', 0, [9])]);
    await store.deleteDocuments(['d']);
    assert.equal(await store.groupsAt([key('d', 0)]), [undefined]);
  });

  test.after(async () => {
    await (await open()).drop();
    await driver.close();
  });
  test.run();
}
