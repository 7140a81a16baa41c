import { CemError } from '../../base/index.ts';
import { parseVectorIndex, type VectorIndex, type VectorIndexInput } from '../vector-index.ts';
import { databaseErrorCode } from './database-error.ts';
import { checkHnsw } from './hnsw.ts';
import { migrateStore, noteNewStore } from './migrate-store.ts';
import { checkPartitions, PARTITIONS_KEY } from './partitions.ts';
import type { PgvectorOptions } from './pgvector-options.ts';
import type { SqlDriver } from './sql-driver.ts';
import { prepareGroups } from './store-groups.ts';
import { LAYOUT_KEY, layoutOf, readSettings, type StoreTables, tableStatements, writeSetting } from './store-tables.ts';
import { prepareTerms, type StoreTerms, termsKept } from './store-terms.ts';
import { precisionOf, VECTOR_FORMS, type VectorForm } from './vector-form.ts';
import { isWritable, LAYOUT, type Layout, type VectorTable } from './vector-table.ts';

/** Key of the store's metadata that says which vector index is built. */
export const VECTOR_INDEX_KEY = 'vector_index';
const INSUFFICIENT_PRIVILEGE = '42501';

/** What a store's tables are, once they are ready. */
export interface PreparedStore {
  readonly form: VectorForm;
  readonly layout: Layout;
  readonly partitions: number | undefined;
  readonly groups: boolean;
  readonly terms: StoreTerms | undefined;
  /** The vector index that is built. */
  readonly built: VectorIndex;
  /** The one that is to be. */
  readonly wanted: VectorIndex;
}

/** The rows' table as statements have it. */
export function vectorTable(
  tables: StoreTables,
  dimension: number,
  { form, layout, terms, partitions, groups }: PreparedStore,
): VectorTable {
  return { name: tables.chunks, form, dimension, layout, termsKept: terms && termsKept(tables), partitions, groups };
}

/**
 * Makes a store's tables where there are none, and brings those of earlier versions to today's layout, unless the options say otherwise.
 *
 * @throws CemError `VECTOR_EXTENSION`, `VECTOR_STORE_MISSING`, `VECTOR_DIMENSION`, `VECTOR_PARTITIONS`, `VECTOR_INDEX`, `SEARCH_ANALYZER_OTHER`, and as `migrateStore`
 */
export async function prepareStore(driver: SqlDriver, tables: StoreTables, options: PgvectorOptions): Promise<PreparedStore> {
  const settings = await readSettings(driver, tables);
  return settings === undefined ? makeStore(driver, tables, options) : adoptStore(driver, tables, options, settings);
}

async function makeStore(driver: SqlDriver, tables: StoreTables, options: PgvectorOptions): Promise<PreparedStore> {
  const { dimension, precision = 'single', partitions, create = true } = options;
  if (!create) {
    throw new CemError(
      'VECTOR_STORE_MISSING',
      `${driver.location} has no table ${tables.settings}: the vectors are gone; make the index again`,
      {
        details: { location: driver.location, table: tables.settings },
      },
    );
  }
  if (partitions !== undefined) checkPartitions(partitions);
  const form = VECTOR_FORMS[precision];
  const table: VectorTable = { name: tables.chunks, form, dimension, layout: LAYOUT, partitions };
  const built: VectorIndex = { kind: 'none' };
  const wanted = wantedIndex(options.vectorIndex, built, table);
  await createExtension(driver);
  const settings = {
    dimension: String(dimension),
    precision,
    ...(partitions !== undefined && { [PARTITIONS_KEY]: String(partitions) }),
    [LAYOUT_KEY]: String(LAYOUT),
  };
  await driver.transaction(async (query) => {
    for (const statement of tableStatements(tables, table)) await query(statement);
    for (const [key, value] of Object.entries(settings)) await writeSetting(query, tables, key, value);
    await noteNewStore(query, tables);
  });
  const more = await prepareTermsAndGroups(driver, tables, options, new Map(), { layout: LAYOUT, partitions });
  return { form, partitions, built, wanted, ...more };
}

async function adoptStore(
  driver: SqlDriver,
  tables: StoreTables,
  options: PgvectorOptions,
  settings: ReadonlyMap<string, string>,
): Promise<PreparedStore> {
  const { precision: wantedPrecision, migrate = true } = options;
  const [dimension, precision] = [settings.get('dimension'), settings.get('precision')];
  if (dimension !== String(options.dimension) || (precision !== wantedPrecision && wantedPrecision !== undefined)) {
    throw new CemError(
      'VECTOR_DIMENSION',
      `${driver.location} holds vectors of ${dimension} values (${precision}) under this name, not ${options.dimension} (${wantedPrecision ?? precision}); use another index`,
      { details: { stored: dimension, wanted: options.dimension } },
    );
  }
  const form: VectorForm = VECTOR_FORMS[precisionOf(precision, driver.location)];
  const partitions = storedPartitions(settings.get(PARTITIONS_KEY), options.partitions, driver.location);
  const index = settings.get(VECTOR_INDEX_KEY);
  const built: VectorIndex = index === undefined ? { kind: 'none' } : parseVectorIndex(JSON.parse(index));
  const wanted = wantedIndex(options.vectorIndex, built, { form, dimension: options.dimension });
  let layout = layoutOf(settings, driver.location);
  if (migrate) {
    await migrateStore(driver, tables.name);
    if (!isWritable(layout)) layout = LAYOUT;
  }
  const asked = migrate ? options : { termsMemory: options.termsMemory };
  const more = await prepareTermsAndGroups(driver, tables, asked, settings, { layout, partitions });
  return { form, partitions, built, wanted, ...more };
}

async function prepareTermsAndGroups(
  driver: SqlDriver,
  tables: StoreTables,
  options: Pick<PgvectorOptions, 'terms' | 'termsMemory' | 'groups'>,
  settings: ReadonlyMap<string, string>,
  table: Pick<PreparedStore, 'layout' | 'partitions'>,
): Promise<Pick<PreparedStore, 'layout' | 'terms' | 'groups'>> {
  const { layout, terms } = await prepareTerms(driver, tables, options, settings, table);
  return { layout, terms, groups: await prepareGroups(driver, tables, options.groups, settings) };
}

function wantedIndex(
  asked: VectorIndexInput | undefined,
  built: VectorIndex,
  table: Pick<VectorTable, 'form' | 'dimension'>,
): VectorIndex {
  const wanted = asked === undefined ? built : parseVectorIndex(asked);
  if (wanted.kind === 'hnsw') checkHnsw(table);
  return wanted;
}

/** @throws CemError `VECTOR_PARTITIONS` */
function storedPartitions(stored: string | undefined, wanted: number | undefined, location: string): number | undefined {
  const partitions = stored === undefined ? undefined : Number(stored);
  if (wanted === undefined || wanted === partitions) return partitions;
  throw new CemError(
    'VECTOR_PARTITIONS',
    `the store in ${location} has ${stored === undefined ? 'one table' : `${stored} partitions`}, not ${wanted}: their number is fixed when it is made; leave it out, or use another index`,
    { details: { stored, wanted } },
  );
}

async function createExtension(driver: SqlDriver): Promise<void> {
  try {
    await driver.query('create extension if not exists vector');
  } catch (error) {
    if (!(error instanceof CemError) || error.code !== 'DATABASE_QUERY') throw error;
    const sqlstate = databaseErrorCode(error.cause);
    const advice =
      sqlstate === INSUFFICIENT_PRIVILEGE
        ? 'let an administrator of the database run: create extension vector'
        : 'install it on the server (https://github.com/pgvector/pgvector, or the package postgresql-<version>-pgvector)';
    throw new CemError('VECTOR_EXTENSION', `${driver.location} has no pgvector (${error.message}); ${advice}`, {
      details: { location: driver.location, sqlstate },
      cause: error,
    });
  }
}
