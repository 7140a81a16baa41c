import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError, UsageError } from '../../../base/errors.ts';
import { IndexFolder, type IndexMakers } from '../../../rag/index.ts';
import { openPostgres } from '../../../search/postgres/postgres-driver.ts';
import { hashVector, MAKERS, withFolder } from '../fixtures.ts';

const test = suite('index folder');

/** The error's code; the message must be one line that names the folder. */
async function codeOf(promise: Promise<unknown>, mentions?: string): Promise<string> {
  try {
    await promise;
  } catch (error) {
    assert.instance(error, CemError, String(error));
    assert.not.match((error as CemError).message, /\n/);
    if (mentions !== undefined) assert.ok((error as CemError).message.includes(mentions), (error as CemError).message);
    return (error as CemError).code;
  }
  return 'none';
}

async function updateIndex(folder: string, makers: IndexMakers = MAKERS): Promise<void> {
  const index = await IndexFolder.openForIndexing(folder, makers);
  await index.store.upsert([{ document: 'a', chunk: 0, passage: 0, vector: hashVector('a'), fingerprint: 'f' }]);
  await index.finish({ documents: 1, chunks: 1, passages: 1 });
  await index.close();
}

// Making a database takes seconds, copying one does not.
const template = await mkdtemp(join(tmpdir(), 'cem-index-'));
await updateIndex(template);
const makeIndex = (folder: string): Promise<void> => cp(template, folder, { recursive: true });

test('an index is not searchable until it is finished, and then says what it was made from', () =>
  withFolder(async (parent) => {
    const folder = join(parent, 'index');
    assert.is(await codeOf(IndexFolder.openForSearch(folder), folder), 'INDEX_MISSING');
    assert.not.ok(existsSync(folder), 'looking for an index leaves nothing');
    const first = await IndexFolder.openForIndexing(folder, MAKERS);
    await first.store.upsert([{ document: 'a', chunk: 0, passage: 0, vector: hashVector('a'), fingerprint: 'f' }]);
    await first.close();
    assert.is(await codeOf(IndexFolder.openForSearch(folder), folder), 'INDEX_INCOMPLETE');

    // What was written before is still there when the work goes on.
    const second = await IndexFolder.openForIndexing(folder, MAKERS);
    assert.equal(await second.store.count(), { documents: 1, chunks: 1, passages: 1, empty: 0 });
    await second.finish({ documents: 1, chunks: 1, passages: 1 });
    await second.close();
    const { version, id, ...rest } = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8'));
    assert.is(version, 2);
    assert.match(id, /^[0-9a-f]{16}$/);
    assert.equal(rest, { ...MAKERS, store: { kind: 'pglite' }, documents: 1, chunks: 1, passages: 1 });
    assert.equal((await readdir(folder)).sort(), ['index.json', 'pgdata']);

    const search = await IndexFolder.openForSearch(folder);
    assert.is((await search.store.search(hashVector('a'), { k: 1 }))[0]!.document, 'a');
    await search.close();
  }));

test('another checkpoint, teacher or dimension is refused by name and leaves the index as it was', () =>
  withFolder(async (folder) => {
    await makeIndex(folder);
    const before = await readFile(join(folder, 'index.json'), 'utf8');
    const checkpoint = { path: '/runs/two/checkpoints/5', hash: 'd'.repeat(64) };
    assert.is(
      await codeOf(IndexFolder.openForIndexing(folder, { ...MAKERS, checkpoint }), '/runs/two/checkpoints/5'),
      'INDEX_OTHER_CHECKPOINT',
    );
    assert.is(
      await codeOf(IndexFolder.openForIndexing(folder, { ...MAKERS, checkpoint }), '/runs/one/checkpoints/10'),
      'INDEX_OTHER_CHECKPOINT',
    );
    const teacher = { ...MAKERS.teacher, revision: 'e'.repeat(64) };
    assert.is(await codeOf(IndexFolder.openForIndexing(folder, { ...MAKERS, teacher }), 'eeee'), 'INDEX_OTHER_TEACHER');
    assert.is(await codeOf(IndexFolder.openForIndexing(folder, { ...MAKERS, dimension: 3 }), folder), 'INDEX_DIMENSION');
    assert.is(
      await codeOf(IndexFolder.openForIndexing(folder, MAKERS, { database: 'postgres://localhost/x' }), 'localhost/x'),
      'INDEX_OTHER_DATABASE',
    );
    assert.is(await readFile(join(folder, 'index.json'), 'utf8'), before);
    assert.equal((await readdir(folder)).sort(), ['index.json', 'pgdata']);
  }));

test('a new container makes the index unsearchable until it is finished again; a moved checkpoint does not', () =>
  withFolder(async (folder) => {
    await makeIndex(folder);
    const moved = await IndexFolder.openForIndexing(folder, {
      ...MAKERS,
      checkpoint: { ...MAKERS.checkpoint, path: '/elsewhere' },
    });
    await moved.close();
    const searchable = await IndexFolder.openForSearch(folder);
    await searchable.close();

    const repacked = { ...MAKERS, zpkg: { path: '/corpus.zpkg', identity: 'f'.repeat(64) } };
    const changed = await IndexFolder.openForIndexing(folder, repacked);
    assert.equal(await changed.store.count(), { documents: 1, chunks: 1, passages: 1, empty: 0 });
    await changed.close();
    assert.is(await codeOf(IndexFolder.openForSearch(folder)), 'INDEX_INCOMPLETE');
    await updateIndex(folder, repacked);
    const again = await IndexFolder.openForSearch(folder);
    assert.is(again.manifest.zpkg.identity, repacked.zpkg.identity);
    await again.close();
  }));

// Port 1 is reserved (tcpmux): nothing listens there.
const NOBODY = 'postgres://me@127.0.0.1:1/none';
const serverUrl = process.env['CEM_TEST_DATABASE_URL'];

test('F06: a folder in which nothing was stored takes another database, teacher and checkpoint', () =>
  withFolder(async (folder) => {
    assert.is(await codeOf(IndexFolder.openForIndexing(folder, MAKERS, { database: NOBODY })), 'DATABASE_UNREACHABLE');
    assert.is(await codeOf(IndexFolder.openForIndexing(folder, MAKERS, { database: `${NOBODY}2` })), 'DATABASE_UNREACHABLE');
    assert.is(await codeOf(IndexFolder.openForSearch(folder)), 'INDEX_INCOMPLETE');
    const other = { ...MAKERS, checkpoint: { path: '/runs/two', hash: 'd'.repeat(64) } };
    await updateIndex(folder, other);
    const index = await IndexFolder.openForSearch(folder);
    assert.equal(index.manifest.store, { kind: 'pglite' });
    assert.is(index.manifest.checkpoint.path, '/runs/two');
    await index.close();
  }));

if (serverUrl === undefined) {
  console.log('skipped: F06 with a server (set CEM_TEST_DATABASE_URL to a database with pgvector)');
} else {
  test('F06: so does one whose tables are empty, which go; not one with rows', () =>
    withFolder(async (folder) => {
      const open = (database?: string) => IndexFolder.openForIndexing(folder, MAKERS, database === undefined ? {} : { database });
      // Ended before the first row: tables in the folder's own database.
      await (await open()).close();
      const inServer = await open(serverUrl);
      assert.not.ok(existsSync(join(folder, 'pgdata')));
      const { id } = inServer.manifest;
      await inServer.store.upsert([{ document: 'a', chunk: 0, passage: 0, vector: hashVector('a'), fingerprint: 'f' }]);
      await inServer.close();
      assert.is(await codeOf(open(NOBODY), '127.0.0.1:1'), 'INDEX_OTHER_DATABASE');
      const again = await open(serverUrl);
      assert.is((await again.store.count()).chunks, 1);
      await again.store.deleteDocuments(['a']);
      await again.close();

      const admin = await openPostgres(serverUrl);
      const tables = () => admin.query('select 1 from pg_tables where tablename like $1', [`cem_${id}%`]);
      // Passages, settings and migrations.
      assert.is((await tables()).length, 3);
      const { pathname } = new URL(serverUrl);
      const elsewhere = await open(serverUrl.replace(pathname, `${pathname}?application_name=elsewhere`));
      assert.equal(await tables(), []);
      await elsewhere.close();
      await admin.query(
        `drop table ${['chunks', 'metadata', 'migrations'].map((part) => `cem_${elsewhere.manifest.id}_${part}`).join(', ')}`,
      );
      await admin.close();
    }));
}

test('F07: a URL whose password is not percent-encoded is refused before anything is written', () =>
  withFolder(async (parent) => {
    const folder = join(parent, 'index');
    const refused = IndexFolder.openForIndexing(folder, MAKERS, { database: 'postgres://me:Top@Se#cret@127.0.0.1:1/db' });
    assert.is(await codeOf(refused, 'percent-encode the password'), 'DATABASE_URL');
    await refused.catch((error) => assert.not.match(String(error), /Top|Se#|cret/));
    assert.not.ok(existsSync(folder));
    await makeIndex(folder);
    const searching = IndexFolder.openForSearch(folder, { database: 'postgres://me:Top@Se#cret@127.0.0.1:1/db' });
    assert.is(await codeOf(searching, 'percent-encode the password'), 'DATABASE_URL');
  }));

test('searches share an index; a writer is kept out by them and keeps them out, and all is free after they close', () =>
  withFolder(async (folder) => {
    await makeIndex(folder);
    const readers = await Promise.all(Array.from({ length: 3 }, () => IndexFolder.openForSearch(folder)));
    for (const reader of readers) assert.is((await reader.store.search(hashVector('a'), { k: 1 }))[0]!.document, 'a');
    assert.is(await codeOf(IndexFolder.openForIndexing(folder, MAKERS), String(process.pid)), 'FOLDER_LOCKED');
    for (const reader of readers) await reader.close();

    const before = await readdir(folder);
    const writer = await IndexFolder.openForIndexing(folder, MAKERS);
    assert.is(await codeOf(IndexFolder.openForSearch(folder), 'being changed by this very process'), 'FOLDER_LOCKED');
    assert.is(await codeOf(IndexFolder.openForIndexing(folder, MAKERS), String(process.pid)), 'FOLDER_LOCKED');
    await writer.close();
    assert.is(await codeOf(IndexFolder.openForIndexing(folder, { ...MAKERS, dimension: 3 })), 'INDEX_DIMENSION');
    const free = await IndexFolder.openForSearch(folder);
    await free.close();
    assert.equal(await readdir(folder), before);
  }));

test('an index that is being made names who makes it, and is unfinished after', () =>
  withFolder(async (parent) => {
    const folder = join(parent, 'index');
    const writer = await IndexFolder.openForIndexing(folder, MAKERS);
    assert.is(await codeOf(IndexFolder.openForSearch(folder), 'being changed by this very process'), 'FOLDER_LOCKED');
    await writer.close();
    assert.is(await codeOf(IndexFolder.openForSearch(folder)), 'INDEX_INCOMPLETE');
  }));

test('a search changes nothing in the index, and writes nothing through its store', () =>
  withFolder(async (folder) => {
    await makeIndex(folder);
    const state = async () => {
      const files = await readdir(join(folder, 'pgdata'), { recursive: true, withFileTypes: true });
      const hash = createHash('sha256');
      for (const file of files
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .sort())
        hash.update(file).update(await readFile(file));
      return hash.digest('hex');
    };
    const before = await state();
    const reader = await IndexFolder.openForSearch(folder);
    assert.is((await reader.store.search(hashVector('a'), { k: 1 }))[0]!.document, 'a');
    assert.is(await codeOf(reader.store.deleteDocuments(['a']), 'read-only transaction'), 'DATABASE_QUERY');
    await reader.close();
    assert.is(await state(), before);
  }));

test('damaged or missing parts get one line each', () =>
  withFolder(async (parent) => {
    const folder = join(parent, 'index');
    await makeIndex(folder);
    const file = join(folder, 'index.json');
    const good = await readFile(file, 'utf8');
    for (const bad of [
      '',
      '{',
      '[]',
      good.replace('"version": 2', '"version": 3'),
      good.replace('"dimension": 16', '"dimension": "16"'),
    ]) {
      await writeFile(file, bad);
      assert.is(await codeOf(IndexFolder.openForSearch(folder), file), 'INDEX_FORMAT', bad);
      assert.is(await codeOf(IndexFolder.openForIndexing(folder, MAKERS), file), 'INDEX_FORMAT', bad);
    }
    await writeFile(file, good);
    // The vectors of another index under this one's name.
    await writeFile(file, good.replace(/"id": "[0-9a-f]{16}"/, '"id": "0123456789abcdef"'));
    assert.is(await codeOf(IndexFolder.openForSearch(folder)), 'VECTOR_STORE_MISSING');
    await writeFile(file, good);
    await rm(join(folder, 'pgdata'), { recursive: true });
    assert.is(await codeOf(IndexFolder.openForSearch(folder), folder), 'DATABASE_MISSING');
    await writeFile(join(folder, 'pgdata'), 'not a folder');
    assert.is(await codeOf(IndexFolder.openForSearch(folder), folder), 'DATABASE_OPEN');
  }));

test('a folder with other things in it, or a file, is no place for an index', () =>
  withFolder(async (folder) => {
    await writeFile(join(folder, 'notes.txt'), 'mine');
    for (const place of [folder, join(folder, 'notes.txt')]) {
      const refused = IndexFolder.openForIndexing(place, MAKERS);
      assert.is(await codeOf(refused, place), 'INDEX_FOLDER');
      await refused.catch((error) => assert.instance(error, UsageError));
      assert.is(await codeOf(IndexFolder.openForSearch(place), place), 'INDEX_MISSING');
    }
    assert.equal(await readdir(folder), ['notes.txt']);
  }));

test.after(() => rm(template, { recursive: true, force: true }));
test.run();
