import { CemError } from '../../base/index.ts';
import { ACCESS_LABELS, documentKey } from './filter-sql.ts';
import type { SqlDriver, SqlQuery } from './sql-driver.ts';
import type { Column } from './vector-form.ts';
import { LAYOUT, type Layout } from './vector-table.ts';

const LAYOUT_KEY = 'layout';

/** Names of a store's tables and indexes. */
export interface StoreTables {
  /** The rows: one a passage. It has its name from the time when a chunk had one. */
  readonly chunks: string;
  readonly settings: string;
  readonly vectorIndex: string;
}

/** @param name a checked one: it goes into statements as it is */
export const storeTables = (name: string): StoreTables => ({
  chunks: `${name}_chunks`,
  settings: `${name}_metadata`,
  vectorIndex: `${name}_hnsw`,
});

const keyStatement = ({ chunks }: StoreTables): string =>
  `create unique index ${chunks}_key on ${chunks} ((${documentKey('document')}), chunk, passage)`;

const labelsStatement = ({ chunks }: StoreTables): string =>
  `create index ${chunks}_labels on ${chunks} using gin (${ACCESS_LABELS})`;

/** @param vector the columns that hold a vector */
export async function createTables(
  driver: SqlDriver,
  tables: StoreTables,
  vector: readonly Column[],
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  await driver.transaction(async (query) => {
    await query(`create table ${tables.chunks} (
      document text collate "C" not null,
      chunk integer not null,
      passage integer not null default 0,
      fingerprint text not null,
      metadata jsonb not null,
      ${vector.map(({ name, type }) => `${name} ${type}`).join(', ')}
    )`);
    await query(keyStatement(tables));
    await query(labelsStatement(tables));
    await query(`create table ${tables.settings} (key text primary key, value text not null)`);
    for (const [key, value] of Object.entries({ ...settings, [LAYOUT_KEY]: String(LAYOUT) }))
      await writeSetting(query, tables, key, value);
  });
}

/** What the store says of itself, by key; undefined where there is no such store. */
export async function readSettings(driver: SqlDriver, { settings }: StoreTables): Promise<Map<string, string> | undefined> {
  const [table] = await driver.query<{ name: string | null }>('select to_regclass($1)::text as name', [settings]);
  if (table?.name == null) return undefined;
  const rows = await driver.query<{ key: string; value: string }>(`select key, value from ${settings}`);
  return new Map(rows.map(({ key, value }) => [key, value]));
}

export async function writeSetting(query: SqlQuery, { settings }: StoreTables, key: string, value: string): Promise<void> {
  await query(`insert into ${settings} values ($1, $2) on conflict (key) do update set value = excluded.value`, [key, value]);
}

/**
 * The layout of a store's tables, by the settings in them; the first did not say its number.
 *
 * @throws CemError `VECTOR_STORE_LAYOUT` for one that is not known here
 */
export function layoutOf(settings: ReadonlyMap<string, string>, location: string): Layout {
  const said = settings.get(LAYOUT_KEY) ?? '1';
  if (said === '1' || said === '2' || said === '3') return Number(said) as Layout;
  throw new CemError(
    'VECTOR_STORE_LAYOUT',
    `the tables in ${location} have layout ${said}, and this version knows those up to ${LAYOUT}: use the version that made them, or a later one`,
    { details: { location, layout: said } },
  );
}

/** Brings tables of an earlier layout to today's, all or nothing: a kill leaves them as they were. Vectors stay where they are, a vector index with them. */
export async function migrateTables(driver: SqlDriver, tables: StoreTables): Promise<void> {
  const { chunks, settings } = tables;
  await driver.transaction(async (query) => {
    await query(`lock table ${chunks} in access exclusive mode`);
    // Another process may have been quicker.
    const [row] = await query<{ value: string }>(`select value from ${settings} where key = $1`, [LAYOUT_KEY]);
    const layout = layoutOf(new Map(row === undefined ? [] : [[LAYOUT_KEY, row.value]]), driver.location);
    if (layout === LAYOUT) return;
    await query(`alter table ${chunks} add column passage integer not null default 0`);
    if (layout === 1) {
      await query(`alter table ${chunks} drop constraint ${chunks}_pkey`);
      await query(`alter table ${chunks} alter column vector drop not null`);
      await query(`update ${chunks} set vector = null where vector <#> vector = 0`);
      await query(labelsStatement(tables));
    } else {
      await query(`drop index ${chunks}_key`);
    }
    await query(keyStatement(tables));
    await writeSetting(query, tables, LAYOUT_KEY, String(LAYOUT));
  });
}
