import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { verifyCorpus } from '../../../data/index.ts';
import { CollectionFolder, unitIds } from '../../../rag/index.ts';
import { openCollection } from '../../../recipes/search/index.ts';

/** A shared collection as a machine sees it. */
export interface Machine {
  readonly folder: string;
  readonly database: string;
  readonly segments: string;
}

/** Holds list of files, corpus and rows against each other: each of these files once, and nothing else. */
export async function checkFiles({ folder, database, segments }: Machine, paths: readonly string[]): Promise<void> {
  await (await openCollection(folder, { database, segments, retrievers: 'bm25' })).close();
  await using collection = await CollectionFolder.openForSearch(folder, { database });
  const { files } = await collection.sources();
  assert.equal(
    files.filter(({ problem }) => problem === undefined).map(({ path }) => path),
    [...paths].sort(),
  );
  const corpus = (await collection.openCorpus())!;
  const units = files.flatMap(unitIds).sort();
  assert.equal([...corpus.ids()].sort(), units);
  assert.is((await verifyCorpus(corpus)).failed, 0);
  const { documents, chunks, passages } = await collection.store.count();
  const { state } = collection;
  assert.equal([documents, chunks, passages], [state!.documents, state!.chunks, state!.passages]);
  assert.equal([documents, chunks], [units.length, corpus.chunkCount]);
  const rows = await collection.store.storedRows(units);
  assert.is(rows.length, passages);
  for (const row of rows) assert.ok(corpus.chunksOf(row.document).includes(row.chunk), `row of chunk ${row.chunk}`);
  await corpus.close();
}

/** What a machine finds: ids and scores of some searches, and the texts. */
export async function answersOf({ folder, database, segments }: Machine, queries: readonly string[]): Promise<string> {
  await using searcher = await openCollection(folder, { database, segments, backend: 'cpu', retrievers: 'hybrid' });
  const found = [];
  for (const query of queries) {
    const hits = await searcher.search(query, { k: 10 });
    found.push(hits.map(({ document, score, text }) => [document, score, text]));
  }
  return JSON.stringify(found);
}

export const machineIn = (place: string, name: string, shared: Omit<Machine, 'folder'>): Machine => ({
  ...shared,
  folder: join(place, name),
});
