import { randomBytes } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { countTerms } from '../../../base/index.ts';
import { openPglite } from '../../../search/postgres/pglite-driver.ts';
import type { PgvectorOptions } from '../../../search/postgres/pgvector-options.ts';
import { PgvectorStore } from '../../../search/postgres/pgvector-store.ts';
import { openPostgres } from '../../../search/postgres/postgres-driver.ts';
import type { SqlDriver } from '../../../search/postgres/sql-driver.ts';
import { DIMENSION, randomNumbers, row, unitVector } from '../../contracts/vector-rows.ts';
import { vectorStoreContract } from '../../contracts/vector-store.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';

const serverUrl = process.env['CEM_TEST_DATABASE_URL'];
const databases: [string, SqlDriver][] = [['PGlite', await openPglite()]];
if (serverUrl === undefined)
  console.log('skipped: partitioned stores on PostgreSQL (set CEM_TEST_DATABASE_URL to a database with pgvector)');
else databases.push(['PostgreSQL', await openPostgres(serverUrl)]);

const freshName = (): string => `t${randomBytes(6).toString('hex')}`;

for (const [database, driver] of databases) {
  const open = (name: string, options: Partial<PgvectorOptions> = {}) =>
    PgvectorStore.open({ ...driver, close: async () => {} }, { dimension: DIMENSION, name, partitions: 5, ...options });
  for (const [kind, options, tolerance] of [
    ['single', {}, 1e-6],
    ['binary', { precision: 'binary', candidates: 100_000 }, 0.012],
  ] as const) {
    vectorStoreContract(`${database}, ${kind} in partitions`, {
      async open() {
        const name = freshName();
        const store = await open(name, options);
        const close = store.close.bind(store);
        store.close = async () => {
          await store.drop();
          await close();
        };
        return store;
      },
      tolerance,
    });
  }

  const test = suite(`partitions: ${database}`);
  const random = randomNumbers(1);
  const rows = Array.from({ length: 200 }, (_, chunk) => row(`document ${chunk >> 1}`, chunk, unitVector(random)));

  test('rows are spread by their document, whose rows lie together', async () => {
    const name = freshName();
    const store = await open(name, { precision: 'binary' });
    await store.upsert(rows);
    const counts = await driver.query<{ document: string; tables: number; rows: number }>(
      `select document, count(distinct tableoid)::integer as tables, count(*)::integer as rows from ${name}_chunks group by document`,
    );
    assert.ok(counts.every(({ tables, rows: found }) => tables === 1 && found === 2));
    const tables = await driver.query<{ rows: number }>(`select count(*)::integer as rows from ${name}_chunks group by tableoid`);
    assert.is(tables.length, 5);
    // Of 100 documents a fifth each, two rows of each: far from even only by chance.
    assert.ok(
      tables.every(({ rows: part }) => part > 16 && part < 80),
      JSON.stringify(tables),
    );
    await store.drop();
  });

  test('the number of partitions is kept, and another is refused', async () => {
    const name = freshName();
    await open(name);
    assert.match((await errorOf(() => open(name, { partitions: 4 }))).message, /has 5 partitions, not 4: their number is fixed/);
    const again = await open(name, { partitions: undefined });
    await again.upsert(rows);
    assert.is((await again.count()).documents, 100);
    await again.drop();
    const whole = freshName();
    const plain = await open(whole, { partitions: undefined });
    assert.match((await errorOf(() => open(whole))).message, /has one table, not 5/);
    await plain.drop();
    for (const partitions of [1, 1.5, 2000])
      assert.match((await errorOf(() => open(freshName(), { partitions }))).message, /partitions cannot be: give 2 to 1,?024/);
  });

  test('a graph is built over every partition, and built anew with other numbers', async () => {
    const name = freshName();
    const store = await open(name, { precision: 'binary', candidates: 200, vectorIndex: { kind: 'hnsw' } });
    await store.upsert(rows);
    await store.finishWriting();
    const indexes = () =>
      driver.query<{ definition: string }>(
        `select indexdef as definition from pg_indexes where tablename like $1 and indexdef like '%hnsw%' order by indexname`,
        [`${name}\\_chunks%`],
      );
    // The whole table's, and those of five.
    assert.is((await indexes()).length, 6);
    const found = await store.search(rows[7]!.vector, { k: 5 });
    assert.is(found[0]!.chunk, 7);
    assert.is(store.searchesBy, 'hnsw');
    const other = await open(name, { candidates: 200, vectorIndex: { kind: 'hnsw', m: 8 } });
    await other.finishWriting();
    const rebuilt = await indexes();
    assert.is(rebuilt.length, 6);
    assert.ok(
      rebuilt.every(({ definition }) => /m='?8'?/.test(definition)),
      JSON.stringify(rebuilt),
    );
    assert.equal(
      (await other.search(rows[7]!.vector, { k: 5 })).map(({ chunk }) => chunk),
      found.map(({ chunk }) => chunk),
    );
    const none = await open(name, { vectorIndex: { kind: 'none' } });
    await none.finishWriting();
    assert.is((await indexes()).length, 0);
    await store.drop();
    const left = await driver.query(`select 1 from pg_class where relname like $1`, [`${name}%`]);
    assert.equal(left, []);
  });

  test('terms are kept beside them', async () => {
    const name = freshName();
    const store = await open(name, { terms: { analyzer: { fingerprint: 'a' } } });
    await store.upsert(
      rows.map((each) => ({
        ...each,
        terms: countTerms([`word${each.chunk % 7}`, 'all']),
      })),
    );
    await store.finishWriting();
    const [parted] = await driver.query<{ kind: string }>('select relkind as kind from pg_class where relname = $1', [
      `${name}_postings`,
    ]);
    assert.is(parted!.kind, 'p');
    await store.upsert([{ ...rows[3]!, terms: countTerms(['other']) }]);
    await store.deleteDocuments(['document 5']);
    assert.is((await store.count()).passages, 198);
    await store.drop();
  });

  test.after(() => driver.close());
  test.run();
}
