import { CemError, isCemError } from '../../base/index.ts';
import { allMigrations, type Migration } from './migrations.ts';
import type { SqlDriver, SqlQuery } from './sql-driver.ts';
import { layoutOf, notesStatement, readSettings, type StoreTables, storeTables } from './store-tables.ts';
import type { Layout } from './vector-table.ts';

/** A migration, and whether a store has it. */
export interface StoreMigration extends Migration {
  /** `made`: the tables were so when migrations began to be noted. */
  readonly state: 'made' | 'applied' | 'pending';
  /** When it was applied, as ISO 8601 has it. */
  readonly at?: string | undefined;
}

interface NotedMigration extends Pick<Migration, 'number' | 'name' | 'checksum'> {
  readonly at: string | null;
}

/** How many of the migrations tables of a layout have that note none. */
const MADE_WITH: Readonly<Record<Layout, number>> = { 1: 0, 2: 1, 3: 2, 4: 2 };

/** Notes in the transaction that makes a store's tables that they are as all migrations leave them. Notes of tables that somebody dropped by hand go. */
export async function noteNewStore(query: SqlQuery, tables: StoreTables): Promise<void> {
  await query(`delete from ${tables.migrations}`);
  for (const migration of await allMigrations()) await note(query, tables, migration, 'made');
}

async function note(
  query: SqlQuery,
  { migrations }: StoreTables,
  { number, name, checksum }: Migration,
  state: 'made' | 'applied',
): Promise<void> {
  const at = state === 'made' ? 'null' : 'clock_timestamp()';
  await query(`insert into ${migrations} values ($1, $2, $3, ${at})`, [number, name, checksum]);
}

/**
 * All migrations, and which of them a store has. Reads alone.
 *
 * @param name of the store
 * @param options.migrations those of this version unless given
 * @throws CemError `VECTOR_STORE_MISSING`, `VECTOR_STORE_LAYOUT` where a later version made the tables, `MIGRATION_CHANGED` where a file is another one than was applied
 */
export async function migrationsOf(
  driver: Pick<SqlDriver, 'query' | 'location'>,
  name: string,
  { migrations }: { readonly migrations?: readonly Migration[] | undefined } = {},
): Promise<StoreMigration[]> {
  const tables = storeTables(name);
  const all = migrations ?? (await allMigrations());
  const noted = await readNotes(driver.query, tables);
  if (noted === undefined) {
    const settings = await readSettings(driver, tables);
    if (settings === undefined)
      throw new CemError(
        'VECTOR_STORE_MISSING',
        `${driver.location} has no table ${tables.settings}: there is nothing to migrate`,
      );
    const made = MADE_WITH[layoutOf(settings, driver.location)];
    return all.map((migration) => ({ ...migration, state: migration.number <= made ? 'made' : 'pending' }));
  }
  for (const each of noted) checkNoted(each, all, { driver, tables });
  const byNumber = new Map(noted.map((each) => [each.number, each]));
  return all.map((migration) => {
    const each = byNumber.get(migration.number);
    if (each === undefined) return { ...migration, state: 'pending' };
    return each.at === null ? { ...migration, state: 'made' } : { ...migration, state: 'applied', at: each.at };
  });
}

function checkNoted(
  { number, name, checksum, at }: NotedMigration,
  all: readonly Migration[],
  { driver, tables }: { readonly driver: Pick<SqlDriver, 'location'>; readonly tables: StoreTables },
): void {
  const migration = all.find((each) => each.number === number);
  const details = { location: driver.location, store: tables.name, migration: name };
  if (migration === undefined) {
    throw new CemError(
      'VECTOR_STORE_LAYOUT',
      `the tables ${tables.name}_… in ${driver.location} have the migration ${name}, which this version does not know: use the version that applied it, or a later one`,
      { details },
    );
  }
  if (migration.name === name && migration.checksum === checksum) return;
  throw new CemError(
    'MIGRATION_CHANGED',
    `the tables ${tables.name}_… in ${driver.location} have the migration ${name}${at === null ? '' : `, applied on ${at}`}, and in this version ${migration.name} is another text: what was applied never changes, so use a version that has it as it was`,
    { details },
  );
}

async function readNotes(query: SqlQuery, { migrations }: StoreTables): Promise<NotedMigration[] | undefined> {
  const [table] = await query<{ name: string | null }>('select to_regclass($1)::text as name', [migrations]);
  if (table?.name == null) return undefined;
  return query<NotedMigration>(
    `select number, name, checksum, to_char(applied at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at from ${migrations} order by number`,
  );
}

/**
 * Brings a store's tables to those of today: applies what it lacks, in order, each in a transaction of its own, so that a kill leaves it before one or after it. Of processes that do so at the same
 * time, one applies each.
 *
 * @returns what this call applied
 * @throws as `migrationsOf`; CemError `MIGRATION_FAILED`; what the database does that does not answer
 */
export async function migrateStore(
  driver: SqlDriver,
  name: string,
  options: { readonly migrations?: readonly Migration[] | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<StoreMigration[]> {
  const tables = storeTables(name);
  const applied: StoreMigration[] = [];
  // Whoever has all of them waits for nobody.
  let missing = (await migrationsOf(driver, name, options)).some(({ state }) => state === 'pending');
  while (missing) {
    options.signal?.throwIfAborted();
    const next = await driver.transaction(async (query) => {
      await query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`${tables.settings} migrate`]);
      return applyNext({ query, location: driver.location }, tables, options.migrations);
    });
    if (next !== undefined) applied.push(next);
    missing = next !== undefined;
  }
  return applied;
}

/** Undefined where there is none to apply. */
async function applyNext(
  driver: Pick<SqlDriver, 'query' | 'location'>,
  tables: StoreTables,
  migrations: readonly Migration[] | undefined,
): Promise<StoreMigration | undefined> {
  const { query } = driver;
  const all = await migrationsOf(driver, tables.name, { migrations });
  const next = all.find(({ state }) => state === 'pending');
  if (next === undefined) return undefined;
  try {
    if ((await readNotes(query, tables)) === undefined) {
      await query(notesStatement(tables));
      for (const each of all) if (each.state === 'made') await note(query, tables, each, 'made');
    }
    for (const statement of statementsFor(next, tables.name)) await query(statement);
    await note(query, tables, next, 'applied');
  } catch (error) {
    if (!isCemError(error, 'DATABASE_QUERY')) throw error;
    throw new CemError(
      'MIGRATION_FAILED',
      `${next.name} could not be applied to the tables ${tables.name}_… in ${driver.location} (${error.message}): nothing of it counts; mend that, and run \`cem database migrate\``,
      { details: { ...error.details, migration: next.name }, cause: error },
    );
  }
  const at = (await readNotes(query, tables))?.find(({ number }) => number === next.number)?.at;
  return { ...next, state: 'applied', at: at ?? undefined };
}

/** What a migration has the database do for the store of that name. */
export function statementsFor({ statements }: Pick<Migration, 'statements'>, name: string): string[] {
  return statements.map((statement) => statement.replaceAll('{name}', name));
}
