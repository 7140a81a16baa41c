import { existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { PGlite, type Transaction } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { CemError } from '../../base/index.ts';
import { databaseError } from './database-error.ts';
import type { SqlDriver, SqlQuery } from './sql-driver.ts';

async function openDatabase(folder: string | undefined): Promise<PGlite> {
  return PGlite.create({ ...(folder === undefined ? {} : { dataDir: folder }), extensions: { vector } });
}

/** A database is made under another name and renamed, so that a kill while it is being made leaves nothing that looks like one. */
async function makeDatabase(folder: string): Promise<void> {
  const unfinished = `${folder}.new`;
  await rm(unfinished, { recursive: true, force: true });
  const database = await openDatabase(unfinished);
  await database.close();
  await rename(unfinished, folder);
  const parent = await open(dirname(folder), 'r');
  try {
    await parent.sync();
  } finally {
    await parent.close();
  }
}

function queryOn(target: PGlite | Transaction, location: string): SqlQuery {
  return async <Row extends object>(statement: string, parameters: readonly unknown[] = []) => {
    try {
      return (await target.query<Row>(statement, [...parameters])).rows;
    } catch (error) {
      throw databaseError(error, location);
    }
  };
}

/**
 * Opens the embedded PostgreSQL (PGlite, with pgvector) whose files lie in `folder`, and makes it where there is none; without a folder it
 * lives in memory. PGlite takes no lock of its own: the caller must hold one on the folder (`lockFolder`).
 *
 * @param options.create whether to make a database where there is none (default)
 * @throws CemError `DATABASE_OPEN` when the files there cannot be opened, `DATABASE_MISSING` when there are none and none shall be made
 */
export async function openPglite(folder?: string, options: { create?: boolean } = {}): Promise<SqlDriver> {
  const path = folder === undefined ? undefined : resolve(folder);
  const location = path ?? 'memory';
  const missing = path !== undefined && !existsSync(path);
  if (missing && options.create === false) {
    throw new CemError(
      'DATABASE_MISSING',
      `the embedded database ${path} is not there: its vectors are gone; remove ${dirname(path)} and make the index again`,
      {
        details: { folder: path },
      },
    );
  }
  let database: PGlite;
  try {
    if (missing) await makeDatabase(path);
    database = await openDatabase(path);
  } catch (error) {
    throw new CemError(
      'DATABASE_OPEN',
      `the embedded database ${location} cannot be opened (${error instanceof Error ? error.message : String(error)}); ` +
        `if its files are damaged, remove ${path === undefined ? 'it' : dirname(path)} and make the index again`,
      { details: { folder: location }, cause: error },
    );
  }
  return {
    location,
    query: queryOn(database, location),
    transaction: (body) => database.transaction((transaction) => body(queryOn(transaction, location))),
    close: () => database.close(),
  };
}
