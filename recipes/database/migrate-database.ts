import { isCemError, UsageError } from '../../base/index.ts';
import { CollectionFolder, IndexFolder, withFolderTables } from '../../rag/index.ts';
import {
  migrateStore,
  migrationsOf,
  openPostgres,
  type SqlDriver,
  type StoreMigration,
  statementsFor,
  storeNames,
} from '../../search/postgres/index.ts';
import type { LongCall } from '../shared/call.ts';

export interface MigrateDatabaseOptions extends Pick<LongCall, 'signal'> {
  /** An index whose tables are meant; one of the three at least. */
  readonly index?: string | undefined;
  /** A collection, in its place. */
  readonly collection?: string | undefined;
  /** A server: with neither of the two, all that it has in the database; else where a password is needed. */
  readonly database?: string | undefined;
  /** Whether only to say what would be run. */
  readonly dryRun?: boolean | undefined;
}

/** A migration of one store. */
export interface MigrationReport extends Pick<StoreMigration, 'name' | 'checksum' | 'state' | 'at'> {
  /** What it runs; of those that are pending. */
  readonly statements?: readonly string[] | undefined;
}

/** The tables of one index or collection. */
export interface MigratedStore {
  /** The database, without secrets. */
  readonly location: string;
  /** What the tables' names begin with. */
  readonly store: string;
  /** All that there are, in order, as they are afterwards. */
  readonly migrations: readonly MigrationReport[];
  /** Names of those that were applied just now. */
  readonly applied: readonly string[];
}

export interface MigrateDatabaseResult {
  readonly stores: readonly MigratedStore[];
}

/**
 * Brings the tables of an index, a collection, or all that a server has, to those of this version, each migration in a transaction of its own.
 *
 * @throws UsageError `DATABASE_MIGRATE` unless it is said what is meant, `INDEX_MISSING`, `COLLECTION_MISSING`; CemError `FOLDER_LOCKED`, `MIGRATION_CHANGED`, `MIGRATION_FAILED`,
 *   `VECTOR_STORE_LAYOUT` where a later version made the tables, and what connecting throws; the signal's reason
 */
export async function migrateDatabase(options: MigrateDatabaseOptions): Promise<MigrateDatabaseResult> {
  const { index, collection, database, dryRun = false } = options;
  if ((index === undefined) === (collection === undefined) && (index !== undefined || database === undefined)) {
    throw new UsageError(
      'DATABASE_MIGRATE',
      'say whose tables are meant: --index, --collection, or --database alone for all that are in it',
    );
  }
  const folder = collection ?? index;
  if (folder === undefined) return { stores: await migrateAll(database!, options) };
  const manifest = index === undefined ? await collectionManifest(folder) : await IndexFolder.manifestOf(folder);
  const store = await withFolderTables(folder, manifest, { database, change: !dryRun }, (driver, name) =>
    migrateOne(driver, name, options),
  );
  return { stores: [store] };
}

async function collectionManifest(folder: string): Promise<NonNullable<Awaited<ReturnType<typeof CollectionFolder.manifestOf>>>> {
  const manifest = await CollectionFolder.manifestOf(folder);
  if (manifest !== undefined) return manifest;
  throw new UsageError('COLLECTION_MISSING', `there is no collection in ${folder}`, { details: { path: folder } });
}

async function migrateAll(database: string, options: MigrateDatabaseOptions): Promise<MigratedStore[]> {
  const driver = await openPostgres(database);
  try {
    const stores: MigratedStore[] = [];
    for (const name of await storeNames(driver.query)) {
      // One may be removed meanwhile.
      const store = await migrateOne(driver, name, options).catch(passOver('VECTOR_STORE_MISSING'));
      if (store !== undefined) stores.push(store);
    }
    return stores;
  } finally {
    await driver.close();
  }
}

const passOver =
  (code: string) =>
  (error: unknown): undefined => {
    if (!isCemError(error, code)) throw error;
  };

async function migrateOne(
  driver: SqlDriver,
  name: string,
  { dryRun = false, signal }: MigrateDatabaseOptions,
): Promise<MigratedStore> {
  const applied = dryRun ? [] : await migrateStore(driver, name, { signal });
  const migrations = (await migrationsOf(driver, name)).map(({ statements, number: _, ...migration }) => ({
    ...migration,
    ...(migration.state === 'pending' && { statements: statementsFor({ statements }, name) }),
  }));
  return { location: driver.location, store: name, migrations, applied: applied.map((migration) => migration.name) };
}
