import { existsSync } from 'node:fs';
import { rename, rm, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { PGlite, type Results, type Transaction } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { CemError, messageOf, syncFolder } from '../../base/index.ts';
import { databaseError } from './database-error.ts';
import { OverlayFilesystem } from './overlay-filesystem.ts';
import { READING, type SqlDriver, type SqlQuery } from './sql-driver.ts';

async function openDatabase(folder: string | undefined, readOnly = false): Promise<PGlite> {
  if (folder === undefined) return PGlite.create({ extensions: { vector } });
  if (!readOnly) return PGlite.create({ dataDir: folder, extensions: { vector } });
  const database = await PGlite.create({ fs: new OverlayFilesystem(folder), extensions: { vector } });
  // What was written would be lost with this process: better refused.
  await database.exec('set default_transaction_read_only = on');
  return database;
}

/** A database is made under another name and renamed, so that a kill while it is being made leaves nothing that looks like one. */
async function makeDatabase(folder: string): Promise<void> {
  const unfinished = `${folder}.new`;
  await rm(unfinished, { recursive: true, force: true });
  const database = await openDatabase(unfinished);
  await database.close();
  await rename(unfinished, folder);
  await syncFolder(dirname(folder));
}

function queryOn(target: PGlite | Transaction, location: string): SqlQuery {
  return async <Row extends object>(statement: string, parameters: readonly unknown[] = [], signal?: AbortSignal) => {
    // It runs in this thread: nothing can be heard while it is at it.
    signal?.throwIfAborted();
    try {
      if (parameters.length > 0) return (await target.query<Row>(statement, [...parameters])).rows;
      // In one message rather than five: half of the time of a small statement.
      return ((await target.exec(statement)) as Results<Row>[]).at(-1)?.rows ?? [];
    } catch (error) {
      throw databaseError(error, location);
    }
  };
}

/** PGlite's file system throws objects that are no errors. */
function reasonOf(error: unknown): string {
  const { errno } = (error ?? {}) as { errno?: unknown };
  return error instanceof Error || errno === undefined ? messageOf(error) : `error ${String(errno)} of its file system`;
}

/** A new database is about as large as this. */
const LEAST_ROOM = 64 * 2 ** 20;

/** Says so where the disk of a database has no room to speak of: the database itself does not. */
async function lackOfRoom(path: string): Promise<string> {
  const { bavail, bsize } = await statfs(dirname(path)).catch(() => ({ bavail: Number.POSITIVE_INFINITY, bsize: 1 }));
  const free = bavail * bsize;
  return free < LEAST_ROOM
    ? `the disk of ${dirname(path)} is full (${(free / 1e6).toFixed(1)} MB are free): make room there; `
    : '';
}

/**
 * Opens the embedded PostgreSQL (PGlite, with pgvector) whose files lie in `folder`, and makes it where there is none; without a folder it
 * lives in memory. PGlite takes no lock of its own: the caller must hold one on the folder (`lockFolder`, for reading `shareFolder`).
 *
 * @param options.readOnly opens it for statements that read, leaves its files as they are, and may be done by many processes at the same time
 * @param options.create whether to make a database where there is none (default)
 * @param options.remedy what to do about files that are damaged or gone; to make the index again, unless given
 * @throws CemError `DATABASE_OPEN` when the files there cannot be opened, `DATABASE_MISSING` when there are none and none shall be made
 */
export async function openPglite(
  folder?: string,
  options: { create?: boolean; readOnly?: boolean; remedy?: string | undefined } = {},
): Promise<SqlDriver> {
  const path = folder === undefined ? undefined : resolve(folder);
  const location = path ?? 'memory';
  const missing = path !== undefined && !existsSync(path);
  const { remedy = `remove ${path === undefined ? 'it' : dirname(path)} and make the index again` } = options;
  if (missing && (options.create === false || options.readOnly)) {
    throw new CemError('DATABASE_MISSING', `the embedded database ${path} is not there: its vectors are gone; ${remedy}`, {
      details: { folder: path },
    });
  }
  let database: PGlite;
  try {
    if (missing) await makeDatabase(path);
    database = await openDatabase(path, options.readOnly);
  } catch (error) {
    throw new CemError(
      'DATABASE_OPEN',
      `the embedded database ${location} cannot be opened (${reasonOf(error)}); ${path === undefined ? '' : await lackOfRoom(path)}` +
        `if its files are damaged, ${remedy}`,
      { details: { folder: location }, cause: error },
    );
  }
  let changes = 0;
  const changing = async <Result>(action: () => Promise<Result>): Promise<Result> => {
    changes++;
    try {
      return await action();
    } finally {
      changes++;
    }
  };
  const query = queryOn(database, location);
  return {
    location,
    query: (statement, parameters, signal) =>
      READING.test(statement) ? query(statement, parameters, signal) : changing(() => query(statement, parameters, signal)),
    transaction: (body) => changing(() => database.transaction((transaction) => body(queryOn(transaction, location)))),
    changes: () => changes,
    close: () => changing(() => database.close()),
  };
}
