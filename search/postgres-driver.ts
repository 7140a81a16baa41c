import pg from 'pg';
import { UsageError } from '../zpkg/errors.ts';
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

/**
 * Connects to a PostgreSQL server. A password that the URL lacks is taken from where libpq looks for it: `PGPASSWORD`, then `~/.pgpass`.
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
  const query = queryOn(pool, location);
  try {
    await query('select 1');
  } catch (error) {
    await pool.end();
    throw error;
  }
  return {
    location,
    query,
    async transaction(body) {
      let client: pg.PoolClient;
      try {
        client = await pool.connect();
      } catch (error) {
        throw databaseError(error, location);
      }
      // A connection that dies between two statements of the transaction is reported here as well as by the next statement.
      const ignore = () => {};
      client.on('error', ignore);
      const clientQuery = queryOn(client, location);
      let broken: Error | undefined;
      try {
        await clientQuery('begin');
        const result = await body(clientQuery);
        await clientQuery('commit');
        return result;
      } catch (error) {
        await clientQuery('rollback').catch((failure: Error) => {
          broken = failure;
        });
        throw error;
      } finally {
        client.off('error', ignore);
        client.release(broken);
      }
    },
    close: () => pool.end(),
  };
}
