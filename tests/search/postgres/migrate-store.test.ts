import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { migrateStore, migrationsOf, statementsFor } from '../../../search/postgres/migrate-store.ts';
import { allMigrations, type Migration, parseMigration } from '../../../search/postgres/migrations.ts';
import { openPglite } from '../../../search/postgres/pglite-driver.ts';
import { PgvectorStore } from '../../../search/postgres/pgvector-store.ts';
import { openPostgres } from '../../../search/postgres/postgres-driver.ts';
import type { SqlDriver } from '../../../search/postgres/sql-driver.ts';
import { storeNames } from '../../../search/postgres/store-names.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { freshName, makeLayout } from './earlier-layouts.ts';

const serverUrl = process.env['CEM_TEST_DATABASE_URL'];
const databases: [string, SqlDriver][] = [['PGlite', await openPglite()]];
if (serverUrl === undefined)
  console.log('skipped: migrations of a store on PostgreSQL (set CEM_TEST_DATABASE_URL to a database with pgvector)');
else databases.push(['PostgreSQL', await openPostgres(serverUrl)]);

const sharing = (driver: SqlDriver): SqlDriver => ({ ...driver, close: async () => {} });

/** Columns and indexes of a store's rows, as the database describes them. */
async function tablesOf(driver: SqlDriver, name: string): Promise<{ columns: string[]; indexes: string[] }> {
  const columns = await driver.query<{ text: string }>(
    `select concat_ws(' ', attname, format_type(atttypid, atttypmod), case when attnotnull then 'not null' end) as text
      from pg_attribute where attrelid = $1::text::regclass and attnum > 0 and not attisdropped`,
    [`${name}_chunks`],
  );
  const indexes = await driver.query<{ text: string }>('select indexdef as text from pg_indexes where tablename = $1', [
    `${name}_chunks`,
  ]);
  const texts = (rows: readonly { text: string }[]): string[] => rows.map(({ text }) => text.replaceAll(name, 'NAME')).sort();
  return { columns: texts(columns), indexes: texts(indexes).filter((text) => !text.includes('hnsw')) };
}

for (const [kind, driver] of databases) {
  const test = suite(`migrations of a store: ${kind}`);
  const names: string[] = [];
  const named = (): string => {
    const name = freshName();
    names.push(name);
    return name;
  };
  const open = (name: string) => PgvectorStore.open(sharing(driver), { dimension: 2, name });
  const states = async (name: string, migrations?: readonly Migration[]) =>
    (await migrationsOf(driver, name, { migrations })).map(({ state }) => state);

  for (const layout of [1, 2] as const) {
    test(`one of layout ${layout} is afterwards as one that is new, and says when that was`, async () => {
      const [old, fresh] = [named(), named()];
      await makeLayout(layout, driver, old);
      await open(fresh);
      assert.equal(await states(old), layout === 1 ? ['pending', 'pending', 'pending'] : ['made', 'pending', 'pending']);
      const applied = await migrateStore(driver, old);
      const all = (await allMigrations()).map((migration) => migration.name);
      assert.equal(
        applied.map((migration) => migration.name),
        all.slice(layout - 1),
      );
      for (const { at } of applied) assert.ok(Math.abs(Date.parse(at!) - Date.now()) < 600_000, at);
      assert.equal(await states(old), layout === 1 ? ['applied', 'applied', 'applied'] : ['made', 'applied', 'applied']);
      assert.equal(await tablesOf(driver, old), await tablesOf(driver, fresh));
      assert.equal(await migrateStore(driver, old), []);
      assert.equal(await states(fresh), ['made', 'made', 'made']);
    });
  }

  test('a new one with partitions is as the migrations leave it, too', async () => {
    const name = named();
    await PgvectorStore.open(sharing(driver), { dimension: 2, name, partitions: 2, precision: 'binary' });
    assert.equal(await states(name), ['made', 'made', 'made']);
    assert.equal(await migrateStore(driver, name), []);
  });

  test('a store of before migrations were noted, without the index of the last one, gets it when it is opened', async () => {
    const name = named();
    await open(name);
    await driver.query(`drop table ${name}_migrations`);
    await driver.query(`drop index ${name}_chunks_groups`);
    assert.equal(await states(name), ['made', 'made', 'pending']);
    await open(name);
    assert.equal(await states(name), ['made', 'made', 'applied']);
    assert.ok((await tablesOf(driver, name)).indexes.some((index) => index.includes('_groups')));
  });

  test('a file that changed since is refused by name, and nothing is run', async () => {
    const name = named();
    await makeLayout(1, driver, name);
    await migrateStore(driver, name);
    await driver.query(`update ${name}_migrations set checksum = 'another' where number = 2`);
    for (const refused of [() => open(name), () => migrateStore(driver, name), () => migrationsOf(driver, name)]) {
      const error = await errorOf(refused);
      assert.is(error.code, 'MIGRATION_CHANGED');
      assert.match(error.message, /have the migration 0002-passages, applied on \d{4}-\d\d-\d\dT/);
    }
  });

  test('one that this version does not know is refused by name', async () => {
    const name = named();
    await open(name);
    await driver.query(`insert into ${name}_migrations values (4, '0004-wonders', 'f', now())`);
    const error = await errorOf(() => open(name));
    assert.is(error.code, 'VECTOR_STORE_LAYOUT');
    assert.match(error.message, /0004-wonders, which this version does not know/);
  });

  const twoMore = async (second: string): Promise<readonly Migration[]> => [
    ...(await allMigrations()),
    parseMigration('0004-more.sql', '-- more\ncreate table {name}_more (a integer);\n'),
    parseMigration('0005-other.sql', second),
  ];

  test('each is a transaction: one that fails leaves those before it, and is run again when it can be', async () => {
    const name = named();
    await open(name);
    const broken = await twoMore('create table {name}_other (a integer);\nselect nonsense;\n');
    const error = await errorOf(() => migrateStore(driver, name, { migrations: broken }));
    assert.is(error.code, 'MIGRATION_FAILED');
    assert.match(error.message, /^0005-other could not be applied to the tables .*nonsense/);
    assert.equal((await states(name, broken)).slice(3), ['applied', 'pending']);
    const [other] = await driver.query<{ name: string | null }>('select to_regclass($1)::text as name', [`${name}_other`]);
    assert.is(other?.name, null);
    const mended = await twoMore('create table {name}_other (a integer);\n');
    assert.equal(
      (await migrateStore(driver, name, { migrations: mended })).map((migration) => migration.name),
      ['0005-other'],
    );
    await driver.query(`drop table ${name}_more, ${name}_other`);
  });

  test('of several at the same time one applies each', async () => {
    const name = named();
    await makeLayout(1, driver, name);
    const applied = await Promise.all([1, 2, 3].map(() => migrateStore(driver, name)));
    assert.equal(
      applied
        .flat()
        .map((migration) => migration.name)
        .sort(),
      (await allMigrations()).map((migration) => migration.name),
    );
  });

  test('the stores of a database are told by their tables, and go with them', async () => {
    const name = named();
    const store = await open(name);
    await driver.query(`create table ${name}x_metadata (what integer)`);
    await driver.query(`create table ${name}x_chunks (what integer)`);
    assert.ok((await storeNames(driver.query)).includes(name));
    assert.not.ok((await storeNames(driver.query)).includes(`${name}x`));
    await store.drop();
    assert.not.ok((await storeNames(driver.query)).includes(name));
    assert.is((await errorOf(() => migrateStore(driver, name))).code, 'VECTOR_STORE_MISSING');
    await driver.query(`drop table ${name}x_metadata, ${name}x_chunks`);
  });

  test.after(async () => {
    for (const name of names)
      for (const table of ['chunks', 'metadata', 'migrations']) await driver.query(`drop table if exists ${name}_${table}`);
    await driver.close();
  });
  test.run();
}

const test = suite('files of migrations');

test('what was released is as it was: a change goes into a file of its own', async () => {
  assert.equal(
    (await allMigrations()).map(({ name, checksum }) => [name, checksum.slice(0, 16)]),
    [
      ['0001-document-digests', '8bcfa21afa7fb4b7'],
      ['0002-passages', 'ccd4a5b713991b55'],
      ['0003-document-groups', 'aa9263c9078a848f'],
    ],
  );
});

test('a file is its statements, whatever ends its lines', () => {
  const text = "-- two;\ncreate table {name}_a\n  (a text);\n\ninsert into {name}_a values ('b;c');\n";
  const migration = parseMigration('0007-a-and-b.sql', text);
  assert.equal(statementsFor(migration, 'cem'), ['create table cem_a (a text)', "insert into cem_a values ('b;c')"]);
  assert.equal([migration.number, migration.name], [7, '0007-a-and-b']);
  assert.equal(parseMigration('0007-a-and-b.sql', text.replaceAll('\n', '\r\n')), migration);
});

test('what is no migration is refused', async () => {
  for (const [file, text] of [
    ['7-a.sql', 'select 1;\n'],
    ['0000-a.sql', 'select 1;\n'],
    ['0001-a.sql', '-- nothing\n'],
  ] as const)
    assert.is((await errorOf(async () => parseMigration(file, text))).code, 'MIGRATION_FILES');
});

test.run();
