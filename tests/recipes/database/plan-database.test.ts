import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { planDatabase } from '../../../recipes/database/index.ts';
import { storeStatements } from '../../../search/postgres/index.ts';
import { openPglite } from '../../../search/postgres/pglite-driver.ts';
import { PgvectorStore } from '../../../search/postgres/pgvector-store.ts';
import type { SqlDriver } from '../../../search/postgres/sql-driver.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';

const test = suite('a plan of the database');

test('the statements are those that a store runs, in their order', async () => {
  const driver = await openPglite();
  const ran: string[] = [];
  const listening =
    (query: SqlDriver['query']): SqlDriver['query'] =>
    (statement, ...others) => {
      ran.push(statement);
      return query(statement, ...others);
    };
  const recorded: SqlDriver = {
    ...driver,
    query: listening(driver.query),
    transaction: (body) => driver.transaction((query) => body(listening(query))),
  };
  const options = { name: 'cem', dimension: 64, precision: 'binary', partitions: 3 } as const;
  const store = await PgvectorStore.open(recorded, {
    ...options,
    vectorIndex: { kind: 'hnsw' },
    terms: { analyzer: { fingerprint: 'a' } },
  });
  await store.finishWriting();
  const makes = /^(create|alter)\b/;
  const planned = (await planDatabase({ ...options, terms: true, vectorIndex: { kind: 'hnsw' } })).statements;
  assert.equal(
    ran.filter((statement) => makes.test(statement)),
    planned,
  );
  await store.close();
});

test('Citus is told to spread the rows by what they are partitioned by', async () => {
  const statements = storeStatements({ name: 'cem', dimension: 8, precision: 'half', partitions: 2, citus: true });
  assert.is(statements.at(-1), "select create_distributed_table('cem_chunks', 'part')");
  assert.not.match((await planDatabase({ partitions: 2 })).statements.join(), /distributed/);
});

test('what cannot be is refused', async () => {
  assert.match((await errorOf(() => planDatabase({ dimension: 0 }))).message, /vectors of 0 values/);
  assert.match((await errorOf(() => planDatabase({ partitions: 1 }))).message, /1 partitions cannot be/);
  assert.match(
    (await errorOf(() => planDatabase({ precision: 'int8', vectorIndex: { kind: 'hnsw' } }))).message,
    /no HNSW index/,
  );
});

test.run();
