import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DocumentReader } from '../../../data/index.ts';
import { IndexFolder, type IndexMakers, synchroniseIndex } from '../../../rag/index.ts';
import { openPglite } from '../../../search/postgres/pglite-driver.ts';
import { EARLIER_LAYOUTS } from '../../search/postgres/earlier-layouts.ts';
import { DIMENSION, HashEncoder, hashVector, MAKERS, makeDocuments, packDocuments, withFolder } from '../fixtures.ts';

const test = suite('an index of before there were passages');
const ID = '0123456789abcdef';

/** A row's fingerprint as it has always been: of the dictionary's digest and the frame, 16 digits. */
function fingerprintOf(dictionary: Uint8Array, frame: Uint8Array): string {
  const digest = createHash('sha256').update(dictionary).digest();
  return createHash('sha256').update(digest).update(frame).digest('hex').slice(0, 16);
}

/** `index.json` of version 1, and tables of layout 2 with a row for every chunk. */
async function makeEarlierIndex(folder: string, reader: DocumentReader, makers: IndexMakers): Promise<void> {
  await mkdir(folder);
  const database = await openPglite(join(folder, 'pgdata'));
  const name = `cem_${ID}`;
  await database.query('create extension if not exists vector');
  for (const statement of EARLIER_LAYOUTS[2].statements(name, DIMENSION)) await database.query(statement);
  await database.query(`create table ${name}_metadata (key text primary key, value text not null)`);
  await database.query(
    `insert into ${name}_metadata values ('layout', '2'), ('dimension', '${DIMENSION}'), ('precision', 'single')`,
  );
  for (let chunk = 0; chunk < reader.chunkCount; chunk++) {
    const frame = await reader.compressedChunk(chunk);
    await database.query(`insert into ${name}_chunks values ($1, $2, $3, '{}', $4::text::vector)`, [
      reader.documentOf(chunk),
      chunk,
      fingerprintOf(reader.dictionary, frame),
      JSON.stringify([...hashVector(frame)]),
    ]);
  }
  await database.close();
  const { documentCount: documents, chunkCount: chunks } = reader;
  const manifest = { version: 1, id: ID, ...makers, store: { kind: 'pglite' }, documents, chunks };
  await writeFile(join(folder, 'index.json'), JSON.stringify(manifest));
}

test('it is searched as it is; written to, it has passages, and nothing of it is encoded again', () =>
  withFolder(async (parent) => {
    const reader = await DocumentReader.open(await packDocuments(join(parent, 'a.zpkg'), makeDocuments(30)));
    const folder = join(parent, 'index');
    await makeEarlierIndex(folder, reader, MAKERS);
    const query = hashVector(await reader.compressedChunk(17));
    const best = async (index: IndexFolder) => {
      const [hit] = await index.store.search(query, { k: 3 });
      assert.ok(Math.abs(hit!.score - 1) < 1e-6);
      return [hit!.document, hit!.chunk, hit!.passage];
    };
    const wanted = [reader.documentOf(17), 17, 0];

    const before = await readFile(join(folder, 'index.json'), 'utf8');
    const searching = await IndexFolder.openForSearch(folder);
    assert.equal(await best(searching), wanted);
    assert.is(searching.manifest.passages, undefined);
    await searching.close();
    assert.is(await readFile(join(folder, 'index.json'), 'utf8'), before);

    const writing = await IndexFolder.openForIndexing(folder, MAKERS);
    const result = await synchroniseIndex(reader, new HashEncoder(), writing.store);
    assert.equal([result.encoded, result.removed, result.chunks, result.passages], [0, 0, reader.chunkCount, reader.chunkCount]);
    await writing.finish(result);
    await writing.close();

    const again = await IndexFolder.openForSearch(folder);
    assert.equal(await best(again), wanted);
    assert.equal([again.manifest.version, again.manifest.passages], [2, reader.chunkCount]);
    await again.close();
    await reader.close();
  }));

test.run();
