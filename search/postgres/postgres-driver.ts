import { connect as connectTo } from 'node:net';
import pg from 'pg';
import { CemError } from '../../base/index.ts';
import { databaseError } from './database-error.ts';
import { databaseUrlWithoutPassword } from './database-url.ts';
import { READING, type SqlDriver, type SqlParameter, type SqlQuery } from './sql-driver.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** Searches of one process that may run at the same time. */
const CONNECTIONS = 4;

/**
 * Statements on one connection. A signal cancels the one that runs, on the server; `onCancelled` hears of it, for the request may reach the server late:
 * the connection should not be used for anything else.
 */
function queryOn(client: pg.PoolClient, location: string, onCancelled: () => void): SqlQuery {
  return async <Row extends object>(statement: string, parameters: readonly SqlParameter[] = [], signal?: AbortSignal) => {
    signal?.throwIfAborted();
    let cancelling: Promise<void> | undefined;
    const onAbort = () => {
      onCancelled();
      cancelling = cancelStatement(client);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return (await client.query<Row>(statement, [...parameters])).rows;
    } catch (error) {
      signal?.throwIfAborted();
      throw databaseError(error, location);
    } finally {
      signal?.removeEventListener('abort', onAbort);
      await cancelling;
    }
  };
}

/** CancelRequest of PostgreSQL's protocol (its manual, "Message Formats"). */
const CANCEL_REQUEST = 80_877_102;

/** What the server told when the connection began, by which it knows it again; the driver has it, its types do not. */
interface CancelKey {
  readonly host: string;
  readonly port: number;
  readonly processID: number;
  readonly secretKey: number;
}

/**
 * Asks for the end of what a connection runs, as the protocol has it, so that a pooler between here and the server hands it on (to `pg_cancel_backend` the number that a pooler gives means nothing, or
 * another's process). Resolves when the request was taken; where it cannot be made, the statement runs to its end.
 */
function cancelStatement(client: pg.PoolClient): Promise<void> {
  const { host, port, processID, secretKey } = client as pg.PoolClient & CancelKey;
  const request = Buffer.alloc(16);
  [request.length, CANCEL_REQUEST, processID, secretKey].forEach((value, place) => {
    request.writeInt32BE(value | 0, 4 * place);
  });
  return new Promise((resolve) => {
    const socket = host.startsWith('/') ? connectTo(`${host}/.s.PGSQL.${port}`) : connectTo(port, host);
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    // The server says nothing and closes; a pooler forgets a request whose sender has closed.
    socket.write(request);
    socket.resume();
  });
}

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
  const connections: Connections = { pool, location };
  const queryOnce: SqlQuery = (statement, parameters, signal) =>
    onConnection(connections, (query) => query(statement, parameters, signal));
  const query: SqlQuery = (statement, parameters, signal) =>
    READING.test(statement)
      ? onFreshConnection(() => queryOnce(statement, parameters, signal))
      : queryOnce(statement, parameters, signal);
  try {
    await queryOnce('select 1');
  } catch (error) {
    await pool.end();
    throw error;
  }
  return {
    location,
    query,
    transaction: (body) => transaction(connections, body),
    close: () => pool.end(),
    connections: CONNECTIONS,
  };
}

interface Connections {
  readonly pool: pg.Pool;
  readonly location: string;
}

interface Connection {
  readonly query: SqlQuery;
  /** Gives it back to the pool, or drops it where it is broken or a statement of it was cancelled. */
  release(broken?: Error): void;
}

async function connect({ pool, location }: Connections): Promise<Connection> {
  let client: pg.PoolClient;
  try {
    client = await pool.connect();
  } catch (error) {
    throw databaseError(error, location);
  }
  // A connection that dies between two statements is reported here as well as by the next statement.
  const ignore = () => {};
  client.on('error', ignore);
  let cancelled = false;
  return {
    query: queryOn(client, location, () => {
      cancelled = true;
    }),
    release(broken) {
      client.off('error', ignore);
      client.release(broken ?? cancelled);
    },
  };
}

async function onConnection<Result>(connections: Connections, body: (query: SqlQuery) => Promise<Result>): Promise<Result> {
  const { query, release } = await connect(connections);
  let broken: Error | undefined;
  try {
    return await body(query);
  } catch (error) {
    if (error instanceof CemError && error.code === 'DATABASE_UNREACHABLE') broken = error;
    throw error;
  } finally {
    release(broken);
  }
}

/** A connection on which a transaction has begun. */
async function begin(connections: Connections): Promise<Connection> {
  const connection = await connect(connections);
  try {
    await connection.query('begin');
  } catch (error) {
    connection.release(error as Error);
    throw error;
  }
  return connection;
}

async function transaction<Result>(connections: Connections, body: (query: SqlQuery) => Promise<Result>): Promise<Result> {
  const { query, release } = await onFreshConnection(() => begin(connections));
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
