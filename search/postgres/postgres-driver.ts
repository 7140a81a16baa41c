import pg from 'pg';
import { CemError, UsageError } from '../../base/index.ts';
import { databaseError } from './database-error.ts';
import type { SqlDriver, SqlParameter, SqlQuery } from './sql-driver.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** Searches of one process that may run at the same time. */
const CONNECTIONS = 4;

/**
 * The URL as it may be shown and stored: without its password, in the user part or in the query.
 * @throws UsageError `DATABASE_URL` for anything but a postgres:// or postgresql:// URL
 */
export function databaseUrlWithoutPassword(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !['postgres:', 'postgresql:'].includes(parsed.protocol)) {
    throw new UsageError('DATABASE_URL', 'the database must be given as a URL: postgres://user:password@host:port/database');
  }
  parsed.password = '';
  parsed.searchParams.delete('password');
  return parsed.toString();
}

function queryOn(target: pg.Pool | pg.PoolClient, location: string): SqlQuery {
  return async <Row extends object>(statement: string, parameters: readonly SqlParameter[] = []) => {
    try {
      return (await target.query<Row>(statement, [...parameters])).rows;
    } catch (error) {
      throw databaseError(error, location);
    }
  };
}

/** A statement that only reads: done twice it does nothing more. */
const READING = /^\s*select\b/i;

/**
 * What the body does, once more where the connection turns out to be gone: the server may have ended it while it was idle (a restart, a time limit), which
 * shows only when it is used. The pool gives another one then.
 */
async function onFreshConnection<Result>(body: () => Promise<Result>): Promise<Result> {
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof CemError) || error.code !== 'DATABASE_UNREACHABLE') throw error;
    return body();
  }
}

/**
 * Connects to a PostgreSQL server. A connection that is lost is replaced: reads and the beginnings of transactions are tried again on another one; what was
 * under way is rolled back by the server and fails with `DATABASE_UNREACHABLE`, so that what was acknowledged is there and nothing of the rest is.
 * A password that the URL lacks is taken from where libpq looks for it: `PGPASSWORD`, then `~/.pgpass`.
 *
 * @throws UsageError `DATABASE_URL`, CemError `DATABASE_UNREACHABLE`
 */
export async function openPostgres(url: string): Promise<SqlDriver> {
  const location = databaseUrlWithoutPassword(url);
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'cem-rag',
  });
  // The pool drops an idle connection that the server closed, and tells about it here; unheard, the event would end the process.
  pool.on('error', () => {});
  const queryOnce = queryOn(pool, location);
  const query: SqlQuery = (statement, parameters) =>
    READING.test(statement) ? onFreshConnection(() => queryOnce(statement, parameters)) : queryOnce(statement, parameters);
  try {
    await queryOnce('select 1');
  } catch (error) {
    await pool.end();
    throw error;
  }
  return {
    location,
    query,
    transaction: (body) => transaction(pool, location, body),
    close: () => pool.end(),
  };
}

/** A connection of the pool on which a transaction has begun. */
async function begin(pool: pg.Pool, location: string): Promise<{ client: pg.PoolClient; release(broken?: Error): void }> {
  let client: pg.PoolClient;
  try {
    client = await pool.connect();
  } catch (error) {
    throw databaseError(error, location);
  }
  // A connection that dies between two statements of the transaction is reported here as well as by the next statement.
  const ignore = () => {};
  client.on('error', ignore);
  const release = (broken?: Error) => {
    client.off('error', ignore);
    client.release(broken);
  };
  try {
    await queryOn(client, location)('begin');
  } catch (error) {
    release(error as Error);
    throw error;
  }
  return { client, release };
}

async function transaction<Result>(pool: pg.Pool, location: string, body: (query: SqlQuery) => Promise<Result>): Promise<Result> {
  const { client, release } = await onFreshConnection(() => begin(pool, location));
  const query = queryOn(client, location);
  let broken: Error | undefined;
  try {
    const result = await body(query);
    await query('commit');
    return result;
  } catch (error) {
    await query('rollback').catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    release(broken);
  }
}
