import { createHash } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CemError } from '../../../base/errors.ts';
import { openPglite } from '../../../search/postgres/pglite-driver.ts';
import { PgvectorStore } from '../../../search/postgres/pgvector-store.ts';
import { openPostgres } from '../../../search/postgres/postgres-driver.ts';
import type { SqlDriver } from '../../../search/postgres/sql-driver.ts';
import { EARLIER_LAYOUTS, freshName, makeLayout } from './earlier-layouts.ts';

const serverUrl = process.env['CEM_TEST_DATABASE_URL'];
const databases: [string, SqlDriver][] = [['PGlite', await openPglite()]];
if (serverUrl === undefined)
  console.log('skipped: layouts of a store on PostgreSQL (set CEM_TEST_DATABASE_URL to a database with pgvector)');
else databases.push(['PostgreSQL', await openPostgres(serverUrl)]);

const sharing = (driver: SqlDriver): SqlDriver => ({ ...driver, close: async () => {} });
const vector = (...values: number[]): Float32Array => Float32Array.from(values);

const drop = (driver: SqlDriver, name: string) =>
  driver.query(`drop table if exists ${name}_chunks, ${name}_metadata, ${name}_migrations`);

for (const [kind, driver] of databases) {
  const test = suite(`layouts of a store: ${kind}`);
  const open = (name: string, options: { migrate?: boolean } = {}, over = driver) =>
    PgvectorStore.open(sharing(over), { dimension: 2, name, create: false, ...options });

  async function checkRows(store: PgvectorStore): Promise<void> {
    assert.equal(await store.count(), { documents: 5, chunks: 10, passages: 10, empty: 2 });
    const hits = await store.search(vector(1, 0), { k: 5 });
    assert.equal(
      hits.map(({ document, chunk, passage }) => [document, chunk, passage]),
      [
        ['back\\slash 2', 7, 0],
        ['back\\slash 4', 4, 0],
        ['back\\slash 3', 3, 0],
        ['back\\slash 1', 6, 0],
        ['back\\slash 0', 5, 0],
      ],
    );
    // Document 2 has chunk 2 too, of cosine 0.6; those of 0 and 1 have zeros in their first chunks, which do not count.
    assert.equal(
      (await store.search(vector(1, 0), { k: 5, scoring: { kind: 'mean', best: 2 } })).map(({ document, score }) => [
        document,
        Math.round(1000 * score),
      ]),
      [2, 4, 3, 1, 0].map((number) => [`back\\slash ${number}`, number === 2 ? 800 : 600]),
    );
    assert.equal(
      (await store.search(vector(1, 0), { k: 5, filter: { and: [{ access: [] }, { documents: ['back\\slash 0'] }] } })).map(
        ({ chunk }) => chunk,
      ),
      [5],
    );
    assert.equal(
      (await store.storedRows(['back\\slash 1'])).map(({ chunk, passage, fingerprint }) => [chunk, passage, fingerprint]),
      [
        [1, 0, 'f1'],
        [6, 0, 'f6'],
      ],
    );
    const documents: string[] = [];
    for await (const document of store.documents()) documents.push(document);
    assert.is(new Set(documents).size, 5);
  }

  for (const layout of [1, 2] as const) {
    test(`layout ${layout} is searched as it is, and brought to today's with all of its rows and its graph`, async () => {
      const name = freshName();
      await makeLayout(layout, driver, name);
      await checkRows(await open(name, { migrate: false }));
      const indexes = async () => {
        const found = await driver.query<{ name: string }>('select indexname as name from pg_indexes where tablename = $1', [
          `${name}_chunks`,
        ]);
        return found.map((index) => index.name).sort();
      };
      assert.equal(await indexes(), [
        ...EARLIER_LAYOUTS[layout].indexes.map((index) => `${name}_chunks${index}`),
        `${name}_hnsw`,
      ]);

      const store = await open(name);
      await checkRows(store);
      assert.equal(await indexes(), [`${name}_chunks_groups`, `${name}_chunks_key`, `${name}_chunks_labels`, `${name}_hnsw`]);
      assert.is(store.vectorIndex.kind, 'hnsw');
      const long = Array.from({ length: 1000 }, (_, index) => createHash('sha256').update(`${index}`).digest('hex')).join('');
      await store.upsert([
        { document: long, chunk: 11, passage: 0, vector: vector(0, 1), fingerprint: '' },
        { document: long, chunk: 11, passage: 1, vector: vector(0, 1), fingerprint: '' },
        { document: 'back\\slash 2', chunk: 7, passage: 0, vector: vector(1, 0), fingerprint: 'new' },
      ]);
      assert.equal(await store.count(), { documents: 6, chunks: 11, passages: 12, empty: 2 });
      assert.is(await store.deleteDocuments([long]), 2);
      await checkRows(await open(name));
      await drop(driver, name);
    });

    test(`a migration of layout ${layout} that is cut short leaves it, and is done by the next`, async () => {
      const name = freshName();
      await makeLayout(layout, driver, name);
      const failing: SqlDriver = {
        ...driver,
        transaction: (body) =>
          driver.transaction((query) =>
            body((statement, parameters) => {
              if (statement.includes('_key on')) throw new Error('cut short');
              return query(statement, parameters);
            }),
          ),
      };
      await open(name, {}, failing).then(
        () => assert.unreachable(),
        (error: Error) => assert.is(error.message, 'cut short'),
      );
      await checkRows(await open(name, { migrate: false }));
      await checkRows(await open(name));
      await drop(driver, name);
    });
  }

  test('one that a later version made is refused by its number', async () => {
    const name = freshName();
    await makeLayout(2, driver, name);
    await driver.query(`update ${name}_metadata set value = '5' where key = 'layout'`);
    for (const migrate of [true, false]) {
      const error = await open(name, { migrate }).then(
        () => assert.unreachable(),
        (reason: unknown) => reason as CemError,
      );
      assert.is(error!.code, 'VECTOR_STORE_LAYOUT');
      assert.match(error!.message, /layout 5/);
    }
    await drop(driver, name);
  });

  test('labels of access and documents are found by an index where rows are many', async () => {
    const name = freshName();
    const store = await PgvectorStore.open(sharing(driver), { dimension: 2, name });
    await store.upsert([{ document: 'a', chunk: 0, passage: 0, vector: vector(1, 0), fingerprint: '' }]);
    const statements: string[] = [];
    const listening = await PgvectorStore.open(
      {
        ...sharing(driver),
        query: (statement, parameters) => {
          if (statement.includes('vector is not null')) statements.push(statement);
          return driver.query(statement, parameters);
        },
      },
      { dimension: 2, name },
    );
    for (const filter of [{ access: ['staff'] }, { documents: ['a'] }]) await listening.search(vector(1, 0), { k: 1, filter });
    const plans = await driver.transaction(async (query) => {
      await query("select set_config('enable_seqscan', 'off', true)");
      const plan = async (statement: string, values: string[]) =>
        JSON.stringify(await query(`explain ${statement}`, ['[1,0]', values, 1]));
      return [await plan(statements[0]!, ['', 'staff']), await plan(statements[1]!, ['a'])];
    });
    assert.match(plans[0]!, new RegExp(`${name}_chunks_labels`));
    assert.match(plans[1]!, new RegExp(`${name}_chunks_key`));
    await drop(driver, name);
  });

  test.after(() => driver.close());
  test.run();
}
