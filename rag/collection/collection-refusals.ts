import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CemError, isCemError, UsageError } from '../../base/index.ts';
import { DATABASE_FOLDER } from '../index-store/open-store.ts';
import { COLLECTION_FILE, type CollectionManifest } from './collection-manifest.ts';

/** Why a folder is not opened as a collection. */

/** What to do about a database that is damaged or gone: the collection is not made again in its place, since the texts in it are well. */
export const REMEDY = 'restore the database from a copy, or ingest the files into another collection';

export function missing(path: string): CemError {
  return new UsageError(
    'COLLECTION_MISSING',
    `there is no collection in ${path}; make one with \`cem ingest FILES --into ${path}\``,
    { details: { path } },
  );
}

export function empty(path: string): CemError {
  return new UsageError(
    'COLLECTION_EMPTY',
    `nothing was ingested into the collection ${path} yet; run \`cem ingest FILES --into ${path}\``,
    { details: { path } },
  );
}

export function databaseLost(path: string, { store }: CollectionManifest): CemError {
  const where = store.kind === 'pglite' ? join(path, DATABASE_FOLDER) : store.url;
  return new CemError(
    'COLLECTION_DATABASE',
    `the collection ${path} has documents, and its database (${where}) knows none of them: ${REMEDY}`,
    { details: { path, store } },
  );
}

/** Says to who wants to read a collection that a server has how it is read there. The embedded database is of one process while it is written: its files hold what was committed only together with that process' memory. */
export function tellServer(error: unknown): never {
  const { address, folder } = isCemError(error, 'FOLDER_LOCKED') ? error.details : {};
  if (typeof address !== 'string') throw error;
  throw new CemError(
    'FOLDER_LOCKED',
    `${folder} is open in the server at ${address}, which alone can search it: ask there (the page ${address}/, POST ${address}/v1/search, for MCP ${address}/mcp), or stop the server`,
    { details: (error as CemError).details, cause: error },
  );
}

/** Only our own files may be there without a manifest: what a kill before the first one leaves. */
export async function requireCollectionOrEmpty(path: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new UsageError('COLLECTION_FOLDER', `${path} cannot be a collection: ${(error as Error).message}`, {
      details: { path },
      cause: error,
    });
  }
  if (names.includes(COLLECTION_FILE)) return;
  const other = names.find((name) => !/^lock(\.|$)|^\.collection\.json\..*\.tmp$/.test(name));
  if (other === undefined) return;
  throw new UsageError('COLLECTION_FOLDER', `${path} holds ${other}, so it is not a collection; name a new or empty folder`, {
    details: { path, other },
  });
}
