import { lockFolder, shareFolder } from '../../base/index.ts';
import type { SqlDriver } from '../../search/postgres/index.ts';
import type { IndexManifest } from './index-manifest.ts';
import { openDriver, storeName } from './open-store.ts';

export interface FolderTablesOptions {
  /** PostgreSQL, where the folder's rows lie in one and its address needs a password. */
  readonly database?: string | undefined;
  /** Whether the tables are changed: an embedded database is of one process then. */
  readonly change: boolean;
}

/**
 * Does something with the tables of an index or a collection. A database in a server is everybody's meanwhile.
 *
 * @param path its folder
 * @param body is given the connection and the store's name
 * @throws CemError `FOLDER_LOCKED`; as `openDriver`
 */
export async function withFolderTables<Result>(
  path: string,
  manifest: Pick<IndexManifest, 'id' | 'store'>,
  { database, change }: FolderTablesOptions,
  body: (driver: SqlDriver, name: string) => Promise<Result>,
): Promise<Result> {
  const lock = manifest.store.kind === 'pglite' ? await (change ? lockFolder : shareFolder)(path) : undefined;
  try {
    const options = database === undefined ? {} : { database };
    const driver = await openDriver(path, manifest, options, { create: false, readOnly: !change });
    try {
      return await body(driver, storeName(manifest));
    } finally {
      await driver.close();
    }
  } finally {
    await lock?.release();
  }
}
