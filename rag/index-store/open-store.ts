import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CemError, writeFileAtomically } from '../../base/index.ts';
import type { QueryStudentFiles } from '../../checkpoints/index.ts';
import type { VectorIndexInput } from '../../search/index.ts';
import {
  databaseUrlWithoutPassword,
  openPglite,
  openPostgres,
  PgvectorStore,
  type SqlDriver,
  type TermOptions,
  type TierOptions,
  type UseRecord,
  type VectorPrecision,
} from '../../search/postgres/index.ts';
import type { IndexManifest, StoreManifest } from './index-manifest.ts';

/** Files of the embedded database, in the folder of an index or a collection. */
export const DATABASE_FOLDER = 'pgdata';
/** Which rows are hot, in the same folder: it is read when tiers are, and learned again where it is gone. */
const USE_FILE = 'use.bin';
/** What binary codes may take of this process's memory unless something else is said. */
export const CODES_MEMORY = 512 * 2 ** 20;

/** How a store is reached. */
export interface StoreAccess {
  /** A PostgreSQL server's URL, with its password where one is needed; without it the embedded database in the folder, or the server that the manifest names. */
  readonly database?: string;
  /**
   * Bytes of this process's memory that the codes of binary vectors may take when the index is searched: where they fit, searches go by them instead of by the database's own scan.
   * 512 MiB unless given, which is 9 million vectors of 384 values; 0 for none.
   */
  readonly codesMemory?: number;
  /**
   * Where not all of those codes fit, or a vector index is built: keeps the codes of the passages that searches find most there, and searches them beside the database. Which ones
   * they are is kept in the folder. Not done unless given.
   */
  readonly tiers?: Omit<TierOptions, 'record'>;
  /** The same of the postings that searches by words have read; 64 MiB unless given. */
  readonly termsMemory?: number;
}

/** As `StoreAccess`, and how a store keeps vectors. */
export interface StoreOptions extends StoreAccess {
  /** Precision of a new store, `single` unless given; one that is there keeps its own. */
  readonly precision?: VectorPrecision;
  /** Of a new store: into how many tables its rows are spread by a hash of their document; one unless given. One that is there keeps its own. */
  readonly partitions?: number;
  /** What searches go by; unless given, what the store has (a new one: none, exact search). */
  readonly vectorIndex?: VectorIndexInput;
  /** What to do about an embedded database that is damaged or gone; to make the index again, unless given. */
  readonly remedy?: string;
  /** Which terms the store keeps from now on, when it is opened to write to it; unless given, those that it has. */
  readonly terms?: TermOptions | 'none';
  /** Whether rows have vector groups from now on, when it is opened to write to it. */
  readonly groups?: boolean;
}

/**
 * Connects to the database that a manifest names.
 *
 * @param path the folder of the index or the collection
 * @param purpose create: make an embedded database where there is none; readOnly: leave its files as they are
 * @throws CemError `INDEX_OTHER_DATABASE`; as `openPglite` and `openPostgres`
 */
export async function openDriver(
  path: string,
  { store }: Pick<IndexManifest, 'store'>,
  { database, remedy }: Pick<StoreOptions, 'database' | 'remedy'>,
  { create, readOnly }: { readonly create: boolean; readonly readOnly: boolean },
): Promise<SqlDriver> {
  if (database !== undefined) checkSameDatabase(path, store, databaseUrlWithoutPassword(database));
  return store.kind === 'pglite'
    ? openPglite(join(path, DATABASE_FOLDER), { create, readOnly, remedy })
    : openPostgres(database ?? store.url);
}

/** Name of the store of an index or a collection: what its tables begin with. */
export const storeName = ({ id }: Pick<IndexManifest, 'id'>): string => `cem_${id}`;

/** Says to who reads tables of an earlier version what brings them to today's. */
export function adviseMigration(
  { isOutdated }: Pick<PgvectorStore, 'isOutdated'>,
  place: string,
  note: ((line: string) => void) | undefined,
): void {
  if (isOutdated)
    note?.(
      `the tables were made by an earlier version, and are read as they are: \`cem database migrate ${place}\` brings them to this one's`,
    );
}

/**
 * Opens the store that a manifest names.
 *
 * @param path the folder of the index or the collection
 * @param purpose create: make tables where there are none; migrate: for writing
 * @throws CemError `INDEX_OTHER_DATABASE` and what opening the store throws
 */
export async function openStore(
  path: string,
  manifest: Pick<IndexManifest, 'id' | 'store' | 'dimension' | 'analyzer'>,
  options: StoreOptions,
  { create, migrate }: { readonly create: boolean; readonly migrate: boolean },
): Promise<PgvectorStore> {
  const driver = await openDriver(path, manifest, options, { create, readOnly: !migrate });
  return PgvectorStore.open(driver, {
    dimension: manifest.dimension,
    name: storeName(manifest),
    create,
    migrate,
    // Who only writes has rows to come; codes are for searches.
    codesMemory: options.codesMemory ?? (migrate ? 0 : CODES_MEMORY),
    ...(options.tiers !== undefined && { tiers: { ...options.tiers, record: useRecord(join(path, USE_FILE)) } }),
    ...(options.termsMemory !== undefined && { termsMemory: options.termsMemory }),
    ...(migrate && options.terms !== undefined && { terms: options.terms }),
    ...(migrate && options.groups !== undefined && { groups: options.groups }),
    ...(options.partitions !== undefined && { partitions: options.partitions }),
    ...(options.precision !== undefined && { precision: options.precision }),
    ...(options.vectorIndex !== undefined && { vectorIndex: options.vectorIndex }),
  });
}

function useRecord(path: string): UseRecord {
  return {
    load: () => readFile(path),
    save: (bytes) => writeFileAtomically(path, bytes),
  };
}

export function isSameDatabase(store: StoreManifest, asked: string): boolean {
  return store.kind === 'postgres' && store.url === asked;
}

/** @throws CemError `INDEX_OTHER_DATABASE` */
export function checkSameDatabase(path: string, store: StoreManifest, asked: string | undefined): void {
  if (asked === undefined || isSameDatabase(store, asked)) return;
  const where = store.kind === 'pglite' ? 'its own folder' : store.url;
  throw new CemError(
    'INDEX_OTHER_DATABASE',
    `the vectors of the index ${path} lie in ${where}, not in ${asked}; leave the database out, or use another index folder`,
    {
      details: { path, stored: store, asked },
    },
  );
}

/** Leaves a copy alone that is there already: the same checkpoint made it. */
export async function copyQueryStudent({ folder, hash }: QueryStudentFiles, to: string): Promise<void> {
  // Whoever only searches loads nothing of checkpoints.
  const { copyWeights, readCheckpointState, writeCheckpointFolder } = await import('../../checkpoints/index.ts');
  const there = await readCheckpointState(to).catch(() => undefined);
  if (there?.contentHash !== hash) await writeCheckpointFolder(to, (temporary) => copyWeights(folder, temporary));
}
