import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError, UsageError } from '../../../base/errors.ts';
import { openPglite } from '../../../search/postgres/pglite-driver.ts';
import { PgvectorStore } from '../../../search/postgres/pgvector-store.ts';
import { openPostgres } from '../../../search/postgres/postgres-driver.ts';
import type { SqlDriver } from '../../../search/postgres/sql-driver.ts';
import { vectorStoreContract } from '../../contracts/vector-store.ts';

// Rounding of a stored value: 2^-24 relative for single, 2^-11 for half; a cosine of unit vectors errs by no more than the sum over its terms allows.
const TOLERANCE: Readonly<Record<'single' | 'half', number>> = { single: 1e-6, half: 1e-3 };

/** Many stores on one connection, each under a name of its own; closing a store leaves the connection open. */
function sharing(driver: SqlDriver): SqlDriver {
  return { ...driver, close: async () => {} };
}
const freshName = (): string => `t${randomBytes(6).toString('hex')}`;

async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  return promise.then(
    () => undefined,
    (error: unknown) => (error instanceof CemError ? error.code : `not a CemError: ${error}`),
  );
}

// All that is awaited at the top comes before the first suite: uvu runs the suites that are there when it gets its turn.
const embedded = await openPglite();
const serverUrl = process.env['CEM_TEST_DATABASE_URL'];
const server = serverUrl === undefined ? undefined : await openPostgres(serverUrl);

for (const precision of ['single', 'half'] as const) {
  vectorStoreContract(`PGlite, ${precision}`, {
    open: (dimension) => PgvectorStore.open(sharing(embedded), { dimension, precision, name: freshName() }),
    tolerance: TOLERANCE[precision],
  });
}

if (server === undefined) {
  console.log('skipped: vector store contract on PostgreSQL (set CEM_TEST_DATABASE_URL to a database with pgvector)');
} else {
  for (const precision of ['single', 'half'] as const) {
    vectorStoreContract(`PostgreSQL, ${precision}`, {
      async open(dimension) {
        const name = freshName();
        const driver: SqlDriver = {
          ...server,
          async close() {
            await server.query(`drop table if exists ${name}_chunks, ${name}_metadata`);
          },
        };
        return PgvectorStore.open(driver, { dimension, precision, name });
      },
      tolerance: TOLERANCE[precision],
    });
  }
}

const test = suite('pgvector store');

test('an open store is found again; another dimension or precision is refused', async () => {
  const name = freshName();
  await PgvectorStore.open(sharing(embedded), { dimension: 4, name });
  assert.is(await codeOf(PgvectorStore.open(sharing(embedded), { dimension: 5, name })), 'VECTOR_DIMENSION');
  assert.is(await codeOf(PgvectorStore.open(sharing(embedded), { dimension: 4, name, precision: 'half' })), 'VECTOR_DIMENSION');
  assert.is((await PgvectorStore.open(sharing(embedded), { dimension: 4, name, create: false })).dimension, 4);
  assert.is(
    await codeOf(PgvectorStore.open(sharing(embedded), { dimension: 4, name: freshName(), create: false })),
    'VECTOR_STORE_MISSING',
  );
  assert.is(await codeOf(PgvectorStore.open(sharing(embedded), { dimension: 16_001, name: freshName() })), 'VECTOR_DIMENSION');
});

test('a name that is not a plain one never reaches the database', async () => {
  for (const name of ['', 'Upper', '1st', 'a"; drop table x', 'a'.repeat(41), 'ä']) {
    assert.is(await codeOf(PgvectorStore.open(sharing(embedded), { dimension: 4, name })), 'VECTOR_STORE_NAME', name);
  }
});

test('vectors lie in the folder: closed and opened again, they are there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cem-store-'));
  try {
    const vector = Float32Array.from([0.6, 0.8]);
    const first = await PgvectorStore.open(await openPglite(join(folder, 'pgdata')), { dimension: 2 });
    await first.upsert([{ document: 'a', chunk: 3, passage: 0, vector, fingerprint: 'f' }]);
    await first.close();
    const second = await PgvectorStore.open(await openPglite(join(folder, 'pgdata')), { dimension: 2, create: false });
    const [hit] = await second.search(vector, { k: 1 });
    assert.is(hit!.chunk, 3);
    assert.ok(Math.abs(hit!.score - 1) < 1e-6);
    await second.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a server that is not there, and a URL that is none, get one line without the password', async () => {
  try {
    // Port 1 is reserved (tcpmux): nothing listens there.
    await openPostgres('postgres://someone:hush@127.0.0.1:1/none');
    assert.unreachable();
  } catch (error) {
    assert.instance(error, CemError);
    assert.is((error as CemError).code, 'DATABASE_UNREACHABLE');
    assert.not.match((error as CemError).message, /hush|\n/);
    assert.match((error as CemError).message, /127\.0\.0\.1:1/);
  }
  for (const url of ['mysql://localhost/x', 'nothing', 'localhost:5432']) {
    try {
      await openPostgres(url);
      assert.unreachable();
    } catch (error) {
      assert.instance(error, UsageError, url);
    }
  }
});

test('a database without pgvector is named as such', async () => {
  const refusing: SqlDriver = {
    location: 'postgres://server/database',
    async query(statement) {
      if (statement.includes('create extension')) {
        const cause = Object.assign(new Error('extension "vector" is not available'), { code: '0A000' });
        throw new CemError('DATABASE_QUERY', 'the database refused a query', { cause });
      }
      return [];
    },
    transaction: (body) => body(refusing.query),
    close: async () => {},
  };
  assert.is(await codeOf(PgvectorStore.open(refusing, { dimension: 4 })), 'VECTOR_EXTENSION');
});

test.after(async () => {
  await embedded.close();
  await server?.close();
});

test.run();
