import { ACCESS_LABELS, documentKey } from './filter-sql.ts';
import type { SqlDriver, SqlQuery } from './sql-driver.ts';
import type { VectorTable } from './vector-table.ts';

/**
 * How the tables of a store are laid out. 1: primary key (document, chunk), vectors of zeros as they are. 2: a unique index over the document's digest and the
 * chunk, so that an id may be of any length; an index over labels of access; vectors of zeros as null.
 */
type Layout = 1 | 2;

const LAYOUT_KEY = 'layout';
const LAYOUT: Layout = 2;

/** Names of a store's tables and indexes. */
export interface StoreTables {
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

/** The indexes of layout 2, beside the vector index. Their names differ from the table's by their end. */
function indexStatements({ chunks }: StoreTables): string[] {
  return [
    `create unique index ${chunks}_key on ${chunks} ((${documentKey('document')}), chunk)`,
    `create index ${chunks}_labels on ${chunks} using gin (${ACCESS_LABELS})`,
  ];
}

export async function createTables(
  driver: SqlDriver,
  tables: StoreTables,
  { type, dimension }: Pick<VectorTable, 'type' | 'dimension'>,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  await driver.transaction(async (query) => {
    await query(`create table ${tables.chunks} (
      document text collate "C" not null,
      chunk integer not null,
      fingerprint text not null,
      metadata jsonb not null,
      vector ${type}(${dimension})
    )`);
    for (const statement of indexStatements(tables)) await query(statement);
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

/** Whether tables are of today's layout, by the settings in them. */
export function isTodaysLayout(settings: ReadonlyMap<string, string>): boolean {
  return settings.get(LAYOUT_KEY) === String(LAYOUT);
}

/** Brings tables of layout 1 to today's, all or nothing: a kill leaves them as they were. Vectors stay where they are, a vector index with them. */
export async function migrateTables(driver: SqlDriver, tables: StoreTables): Promise<void> {
  const { chunks, settings } = tables;
  await driver.transaction(async (query) => {
    await query(`lock table ${chunks} in access exclusive mode`);
    // Another process may have been quicker.
    const rows = await query(`select 1 from ${settings} where key = $1 and value = $2`, [LAYOUT_KEY, String(LAYOUT)]);
    if (rows.length > 0) return;
    await query(`alter table ${chunks} drop constraint ${chunks}_pkey`);
    await query(`alter table ${chunks} alter column vector drop not null`);
    await query(`update ${chunks} set vector = null where vector <#> vector = 0`);
    for (const statement of indexStatements(tables)) await query(statement);
    await writeSetting(query, tables, LAYOUT_KEY, String(LAYOUT));
  });
}
