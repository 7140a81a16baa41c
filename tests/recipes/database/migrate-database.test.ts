import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { databaseCommand } from '../../../cli/commands/database.ts';
import { DocumentReader } from '../../../data/index.ts';
import { IndexFolder, Searcher } from '../../../rag/index.ts';
import { migrateDatabase } from '../../../recipes/database/index.ts';
import { openPostgres } from '../../../search/postgres/index.ts';
import { PgvectorStore } from '../../../search/postgres/pgvector-store.ts';
import { runCommand } from '../../cli/run-command.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { MAKERS, makeDocuments, packDocuments, withFolder } from '../../rag/fixtures.ts';
import { makeEarlierIndex } from '../../rag/index-store/earlier-index.ts';
import { freshName, makeLayout } from '../../search/postgres/earlier-layouts.ts';

const test = suite('migrations of a database');
const serverUrl = process.env['CEM_TEST_DATABASE_URL'];

test('an index of before is told what to run; it is shown, run once, and then there is nothing to do', () =>
  withFolder(async (parent) => {
    const reader = await DocumentReader.open(await packDocuments(join(parent, 'a.zpkg'), makeDocuments(5)));
    const index = join(parent, 'index');
    await makeEarlierIndex(index, reader, MAKERS);
    await reader.close();
    const notes: string[] = [];
    // The container that it names is not there.
    await Searcher.open(index, { note: (line) => notes.push(line) }).catch(() => undefined);
    assert.match(notes.join(), new RegExp(`cem database migrate --index ${index}`));

    const dry = await runCommand(databaseCommand, ['database', 'migrate', '--index', index, '--dry-run']);
    assert.match(dry, /2 to apply: run the same without --dry-run\n-- 0002-passages\nlock table cem_0123456789abcdef_chunks/);
    const shown = await migrateDatabase({ index, dryRun: true });
    assert.equal(
      shown.stores.map(({ store, applied, migrations }) => [store, applied, migrations.map(({ state }) => state)]),
      [['cem_0123456789abcdef', [], ['made', 'pending', 'pending']]],
    );

    const searching = await IndexFolder.openForSearch(index);
    assert.is((await errorOf(() => migrateDatabase({ index }))).code, 'FOLDER_LOCKED');
    await searching.close();
    assert.match(
      await runCommand(databaseCommand, ['database', 'migrate', '--index', index]),
      /applied 0002-passages, 0003-document-groups\n$/,
    );
    assert.match(await runCommand(databaseCommand, ['database', 'migrate', '--index', index]), /as this version has them\n$/);
    const [after] = JSON.parse(
      await runCommand(databaseCommand, ['database', 'migrate', '--index', index, '--dry-run', '--json']),
    ).stores;
    assert.equal(
      after.migrations.map(({ state, at }: { state: string; at?: string }) => [state, at !== undefined]),
      [
        ['made', false],
        ['applied', true],
        ['applied', true],
      ],
    );
    notes.length = 0;
    await Searcher.open(index, { note: (line) => notes.push(line) }).catch(() => undefined);
    assert.equal(notes, []);
  }));

test('it must be said whose tables are meant', async () => {
  for (const options of [{}, { index: 'a', collection: 'b' }])
    assert.is((await errorOf(() => migrateDatabase(options))).code, 'DATABASE_MIGRATE');
  await withFolder(async (folder) => {
    assert.is((await errorOf(() => migrateDatabase({ index: folder }))).code, 'INDEX_MISSING');
    assert.is((await errorOf(() => migrateDatabase({ collection: folder }))).code, 'COLLECTION_MISSING');
  });
});

if (serverUrl === undefined) {
  test.skip('skipped: all stores of a server (set CEM_TEST_DATABASE_URL)', () => undefined);
} else {
  test('all stores of a server are brought to the same', async () => {
    // Other tests have stores of earlier layouts in the database that all share.
    const name = freshName();
    const server = await openPostgres(serverUrl);
    await server.query(`create database ${name}`);
    const own = new URL(serverUrl);
    own.pathname = name;
    const database = own.href;
    const driver = await openPostgres(database);
    try {
      await makeLayout(1, driver, 'old');
      await PgvectorStore.open({ ...driver, close: async () => {} }, { dimension: 2, name: 'new' });
      const applied = async (dryRun: boolean): Promise<unknown[]> =>
        (await migrateDatabase({ database, dryRun })).stores.map((each) => [each.store, each.applied.length]);
      assert.equal(await applied(true), [
        ['new', 0],
        ['old', 0],
      ]);
      assert.equal(await applied(false), [
        ['new', 0],
        ['old', 3],
      ]);
      assert.match(
        await runCommand(databaseCommand, ['database', 'migrate', '--database', database]),
        /^tables new_… in postgres.*: as this version has them\ntables old_… in .*: as this version has them\n$/,
      );
    } finally {
      await driver.close();
      await server.query(`drop database ${name} with (force)`);
      await server.close();
    }
  });
}

test.run();
