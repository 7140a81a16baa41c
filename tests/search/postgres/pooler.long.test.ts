import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isCemError } from '../../../base/index.ts';
import { PgvectorStore } from '../../../search/postgres/pgvector-store.ts';
import { openPostgres } from '../../../search/postgres/postgres-driver.ts';
import type { SqlDriver } from '../../../search/postgres/sql-driver.ts';
import { vectorStoreContract } from '../../contracts/vector-store.ts';
import { BATCH_ROWS, batchRows, DIMENSION } from '../vector-batches.ts';

const SCRIPT = fileURLToPath(new URL('../../../scripts/postgres.sh', import.meta.url));
const SEARCHERS = 8;
/** How long searches and writes go on before the restart, and behind it. */
const LOAD_MS = 3000;
/** A server that was restarted is there again within this. */
const BACK_MS = 60_000;

const freshName = (): string => `t${randomBytes(6).toString('hex')}`;

/** A server of our own, which may be restarted, behind PgBouncer: three connections for all clients, each lent for a transaction. Undefined where it cannot be had. */
async function startPooled(): Promise<{ url: string; restart(): Promise<void>; stop(): Promise<void> } | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'cem-pooled-'));
  const call = promisify(execFile);
  // The server's user must get there.
  await call('chmod', ['755', folder]);
  const run = async (command: string): Promise<string> => {
    const { stdout } = await call(SCRIPT, [command], { env: { ...process.env, CEM_POSTGRES_FOLDER: join(folder, 'server') } });
    return stdout.trim();
  };
  const stop = async () => {
    await run('stop');
    await rm(folder, { recursive: true });
  };
  try {
    await run('start');
    return { url: await run('pool'), restart: async () => void (await run('restart')), stop };
  } catch (error) {
    console.log(`skipped: PostgreSQL behind PgBouncer (${String((error as { stderr?: string }).stderr ?? error).trim()})`);
    await stop();
    return undefined;
  }
}

const pooled = process.env['CEM_TEST_DATABASE_URL'] === undefined ? undefined : await startPooled();
const test = suite('PgBouncer in transaction mode');

if (pooled === undefined) {
  if (process.env['CEM_TEST_DATABASE_URL'] === undefined)
    console.log('skipped: PgBouncer (set CEM_TEST_DATABASE_URL, which says that PostgreSQL may be started here)');
  test('skipped without a server', () => {});
} else {
  const { url, restart, stop } = pooled;
  const shared = await openPostgres(url);
  for (const precision of ['single', 'half'] as const) {
    vectorStoreContract(`PgBouncer, ${precision}`, {
      open: (dimension) => PgvectorStore.open({ ...shared, close: async () => {} }, { dimension, precision, name: freshName() }),
      tolerance: precision === 'single' ? 1e-6 : 1e-3,
    });
  }

  test('a signal ends the statement that it is for, and no other one', async () => {
    const driver = await openPostgres(url);
    const stopped = new AbortController();
    const reason = new Error('no longer wanted');
    const ended = driver.query('select pg_sleep(600)', [], stopped.signal).then(
      () => undefined,
      (error: unknown) => error,
    );
    const other = driver.query('select pg_sleep(2), 7 as seven');
    await setTimeout(500);
    stopped.abort(reason);
    assert.is(await ended, reason);
    assert.is(((await other) as { seven: number }[])[0]!.seven, 7);
    const sleeping = await driver.query(
      "select 1 from pg_stat_activity where state = 'active' and query like '%pg_sleep(600)%' and pid <> pg_backend_pid()",
    );
    assert.equal(sleeping, []);
    await driver.close();
  });

  test('more clients than connections, and a server that is restarted under them: right answers or the error that it is down, and what was acknowledged is there', async () => {
    const name = freshName();
    const open = async (): Promise<{ driver: SqlDriver; store: PgvectorStore }> => {
      const driver = await openPostgres(url);
      return { driver, store: await PgvectorStore.open(driver, { dimension: DIMENSION, name }) };
    };
    const writer = await open();
    await writer.store.upsert(batchRows(0));
    const searchers = await Promise.all(Array.from({ length: SEARCHERS }, open));
    let done = false;
    let restarted = 0;
    const counts = { right: 0, down: 0, rightAfter: 0 };
    const acknowledged = [0];
    const downAt: number[] = [];
    const tried = async (action: () => Promise<void>) => {
      try {
        await action();
      } catch (error) {
        if (!isCemError(error, 'DATABASE_UNREACHABLE')) throw error;
        counts.down++;
        downAt.push(performance.now());
        await setTimeout(50);
      }
    };
    const searching = searchers.map(async ({ store }, place) => {
      for (let round = 0; !done; round++) {
        await tried(async () => {
          const known = acknowledged.length;
          const axis = (place + round) % DIMENSION;
          const hits = await store.search(batchRows(0)[axis]!.vector, { k: 1000 });
          // Each batch is a document, and is there whole or not at all: its best passage lies on the axis.
          assert.ok(
            hits.length >= known && hits.length <= acknowledged.length + 1,
            `${hits.length} of ${known} to ${acknowledged.length + 1}`,
          );
          for (const { score, chunk } of hits)
            assert.ok(Math.abs(score - 1) < 1e-6 && chunk % DIMENSION === axis, `${chunk}: ${score}`);
          counts.right++;
          if (restarted > 0) counts.rightAfter++;
        });
      }
    });
    const writing = (async () => {
      for (let batch = 1; !done; batch++) {
        let written = false;
        // A write whose end was not told may be there: the same batch again makes no second one.
        while (!written && !done)
          await tried(async () => {
            await writer.store.upsert(batchRows(batch));
            written = true;
            acknowledged.push(batch);
          });
        await setTimeout(100);
      }
    })();
    await setTimeout(LOAD_MS);
    const begin = performance.now();
    await restart();
    restarted = performance.now();
    while (counts.rightAfter === 0 && performance.now() - restarted < BACK_MS) await setTimeout(50);
    await setTimeout(LOAD_MS);
    done = true;
    await Promise.all([...searching, writing]);
    console.log(
      `${counts.right} right answers, ${counts.rightAfter} of them after the restart; ${counts.down} times the error, from ${Math.round(Math.min(...downAt) - begin)} to ${Math.round(Math.max(...downAt) - begin)} ms after it began (${Math.round(restarted - begin)} ms); ${acknowledged.length} batches`,
    );
    assert.ok(counts.rightAfter > 0, 'it answers again');
    for (const at of downAt) assert.ok(at >= begin && at <= restarted + BACK_MS, 'errors only while it is down');
    const { documents, chunks } = await writer.store.count();
    assert.ok(documents >= acknowledged.length && documents <= acknowledged.length + 1);
    assert.is(chunks, documents * BATCH_ROWS);
    for (const { store } of [writer, ...searchers]) await store.close();
  });

  test.after(async () => {
    await shared.close();
    await stop();
  });
}

test.run();
