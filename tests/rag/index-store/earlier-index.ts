import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DocumentReader } from '../../../data/index.ts';
import type { IndexMakers } from '../../../rag/index.ts';
import { openPglite } from '../../../search/postgres/pglite-driver.ts';
import { EARLIER_LAYOUTS } from '../../search/postgres/earlier-layouts.ts';
import { DIMENSION, hashVector } from '../fixtures.ts';

const ID = '0123456789abcdef';

/** A row's fingerprint as it has always been: of the dictionary's digest and the frame, 16 digits. */
function fingerprintOf(dictionary: Uint8Array, frame: Uint8Array): string {
  const digest = createHash('sha256').update(dictionary).digest();
  return createHash('sha256').update(digest).update(frame).digest('hex').slice(0, 16);
}

/** `index.json` of version 1, and tables of layout 2 with a row for every chunk. */
export async function makeEarlierIndex(folder: string, reader: DocumentReader, makers: IndexMakers): Promise<void> {
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
