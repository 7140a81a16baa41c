import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError } from '../../../base/errors.ts';
import { RandomNumbers } from '../../../base/random.ts';
import { PgvectorStore } from '../../../search/postgres/pgvector-store.ts';
import { openPostgres } from '../../../search/postgres/postgres-driver.ts';
import type { SqlDriver } from '../../../search/postgres/sql-driver.ts';
import { BATCH_ROWS, batchRows, DIMENSION } from '../vector-batches.ts';

const url = process.env['CEM_TEST_DATABASE_URL'];
/** How often to look whether the server has come to a point, and how long at most. */
const LOOK_MS = 20;
const LOOKS = 500;
const KILLS = 3;
const LONGEST_WAIT_MS = 600;

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let look = 0; look < LOOKS; look++) {
    if (await holds()) return;
    await setTimeout(LOOK_MS);
  }
  assert.unreachable(`waited in vain until ${what}`);
}

interface Connections {
  /** Looks at the server and kills connections; never killed itself. */
  readonly admin: SqlDriver;
  readonly store: PgvectorStore;
  readonly name: string;
}

/** The URL by which connections are known to the server under this name. */
function named(url: string, name: string): string {
  const parsed = new URL(url);
  parsed.searchParams.set('application_name', name);
  return parsed.toString();
}

const test = suite<Connections>('connections that end');

if (url === undefined) {
  console.log('skipped: connections that end (set CEM_TEST_DATABASE_URL to a database with pgvector)');
} else {
  test.before.each(async (context) => {
    const name = `t${randomBytes(6).toString('hex')}`;
    const admin = await openPostgres(url);
    const store = await PgvectorStore.open(await openPostgres(named(url, name)), { dimension: DIMENSION, name });
    Object.assign(context, { name, admin, store });
  });
  test.after.each(async ({ admin, store, name }) => {
    await store.close();
    await admin.query(`drop table ${name}_chunks, ${name}_metadata`);
    await admin.close();
  });

  /** Backends of the store, not of the administrator. */
  const backendsOf = async ({ admin, name }: Connections, condition = 'true'): Promise<number[]> => {
    const rows = await admin.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name = $1 and ${condition}`,
      [name],
    );
    return rows.map(({ pid }) => pid);
  };

  test('killed between two inserts of a batch: none of it is there, all of the others are, and the store goes on', async (context) => {
    const { admin, store, name } = context;
    for (let batch = 0; batch < 3; batch++) await store.upsert(batchRows(batch));
    // Another transaction holds the key of a late row, so that the batch stands still in its last INSERT.
    await admin.transaction(async (query) => {
      const held = batchRows(3)[BATCH_ROWS - 1]!;
      await query(`insert into ${name}_chunks (document, chunk, fingerprint, metadata, vector) values ($1, $2, '', '{}', $3)`, [
        held.document,
        held.chunk,
        JSON.stringify([...held.vector]),
      ]);
      const upsert = store.upsert(batchRows(3)).then(
        () => undefined,
        (error: unknown) => error,
      );
      let waiting: number[] = [];
      await until('the insert waits', async () => {
        waiting = await backendsOf(context, "wait_event_type = 'Lock'");
        return waiting.length === 1;
      });
      await admin.query('select pg_terminate_backend($1)', [waiting[0]!]);
      const error = await upsert;
      assert.instance(error, CemError);
      assert.is((error as CemError).code, 'DATABASE_UNREACHABLE');
      await query(`delete from ${name}_chunks where document = $1`, [held.document]);
    });
    assert.equal(await store.count(), { documents: 3, chunks: 3 * BATCH_ROWS, passages: 3 * BATCH_ROWS, empty: 0 });
    await store.upsert(batchRows(3));
    assert.equal(await store.count(), { documents: 4, chunks: 4 * BATCH_ROWS, passages: 4 * BATCH_ROWS, empty: 0 });
  });

  test('idle connections that the server ended are not noticed', async (context) => {
    const { admin, store } = context;
    await store.upsert(batchRows(0));
    for (const use of [
      () => store.count(),
      () => store.upsert(batchRows(1)),
      () => store.search(batchRows(0)[0]!.vector, { k: 3 }),
    ]) {
      const idle = await backendsOf(context, "state = 'idle'");
      assert.ok(idle.length > 0);
      await admin.query('select pg_terminate_backend(pid) from unnest($1::integer[]) as pids (pid)', [idle]);
      await use();
    }
    assert.equal(await store.count(), { documents: 2, chunks: 2 * BATCH_ROWS, passages: 2 * BATCH_ROWS, empty: 0 });
  });

  test('a signal ends a statement on the server too, and the store goes on', async (context) => {
    const { admin, store } = context;
    await store.upsert(batchRows(0));
    const driver = await openPostgres(named(url, context.name));
    const reason = new Error('no longer wanted');
    const sleep = 'select pg_sleep(600)';
    const run: ((signal: AbortSignal) => Promise<unknown>)[] = [
      (signal) => driver.query(sleep, [], signal),
      (signal) => driver.transaction((query) => query(sleep, [], signal)),
    ];
    for (const statement of run) {
      const controller = new AbortController();
      const running = statement(controller.signal).then(
        () => undefined,
        (error: unknown) => error,
      );
      const sleeping = () => backendsOf(context, "query like '%pg_sleep%' and state = 'active'");
      await until('the server sleeps', async () => (await sleeping()).length === 1);
      controller.abort(reason);
      assert.is(await running, reason);
      assert.equal(await sleeping(), []);
    }
    assert.equal(await driver.query('select 1 as one', [], new AbortController().signal), [{ one: 1 }]);
    await driver.close();
    assert.equal(await store.count(), { documents: 1, chunks: BATCH_ROWS, passages: BATCH_ROWS, empty: 0 });
    assert.equal(await admin.query('select 1 as one'), [{ one: 1 }]);
  });

  test('a writer killed by -9: what it acknowledged is there, no batch by half', async (context) => {
    const { admin, name, store } = context;
    const writer = `${name}_writer`;
    const random = new RandomNumbers(1, 'kill');
    const script = fileURLToPath(new URL('./upsert-forever.ts', import.meta.url));
    for (let kill = 0; kill < KILLS; kill++) {
      await admin.query(`truncate ${name}_chunks`);
      const child = spawn(process.execPath, ['--import', 'tsx', script, named(url, writer), name], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let said = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
      const closed = once(child, 'close');
      await Promise.race([once(child.stdout, 'data'), closed]);
      await setTimeout(LONGEST_WAIT_MS * random.uniform());
      child.kill('SIGKILL');
      await closed;
      assert.is(child.signalCode, 'SIGKILL', 'it was still at work');
      await until(
        'the server has seen that it is gone',
        async () => (await backendsOf({ ...context, name: writer })).length === 0,
      );
      const acknowledged = said.trimEnd().split('\n').map(Number);
      for (const batch of acknowledged) assert.ok((await store.storedRows([`document ${batch}`])).length > 0, `batch ${batch}`);
      const counts = await admin.query<{ chunks: number }>(
        `select count(*)::integer as chunks from ${name}_chunks group by document`,
      );
      assert.ok(counts.every(({ chunks }) => chunks === BATCH_ROWS));
      // The last one may have been committed without its word getting through.
      assert.ok([acknowledged.length, acknowledged.length + 1].includes(counts.length));
    }
  });
}

test.run();
