import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { exists } from '../../../base/index.ts';
import { verifyCorpus } from '../../../data/index.ts';
import { CollectionFolder } from '../../../rag/index.ts';
import { Collections, type CollectionsOptions, type LiveCollection } from '../../../recipes/collections/index.ts';
import { saveIngestStudent } from '../ingest/student.ts';

/** A folder of collections, and a checkpoint for them. */
export interface CollectionsPlace {
  readonly folder: string;
  readonly checkpoint: string;
  readonly remove: () => Promise<void>;
}

export async function collectionsPlace(): Promise<CollectionsPlace> {
  const place = await mkdtemp(join(tmpdir(), 'cem-live-'));
  const checkpoint = join(place, 'run');
  await saveIngestStudent(checkpoint);
  return { folder: join(place, 'collections'), checkpoint, remove: () => rm(place, { recursive: true, force: true }) };
}

const TEMPLATES = 'templates';

/** Copies of one empty collection whose units are small: a database need not be made anew for every test. */
async function templateOf(place: CollectionsPlace): Promise<string> {
  const folder = join(place.folder, '..', TEMPLATES);
  const made = join(folder, 'empty');
  if (await exists(made)) return made;
  await using collections = await openPlace({ ...place, folder });
  await collections.create('empty', { units: { minimumTokens: 100, maximumTokens: 300 } });
  return made;
}

export function openPlace(place: CollectionsPlace, options: Partial<CollectionsOptions> = {}): Promise<Collections> {
  return Collections.open({ folder: place.folder, checkpoint: place.checkpoint, backend: 'cpu', ...options });
}

/** Makes a collection for one test. */
export async function freshCollection(place: CollectionsPlace, collections: Collections, name: string): Promise<LiveCollection> {
  await cp(await templateOf(place), join(place.folder, name), { recursive: true });
  return collections.get(name);
}

/** What a collection on disk holds, by source: the texts of its units in their order. Corpus, rows and list of sources are held against each other. */
export async function liveContentOf(path: string): Promise<Map<string, string[]>> {
  await using folder = await CollectionFolder.openForSearch(path);
  const corpus = await folder.openCorpus();
  assert.ok(corpus !== undefined);
  try {
    assert.is((await verifyCorpus(corpus)).failed, 0);
    const { files, roots } = await folder.sources();
    const root = roots.find(({ path: place }) => place === undefined)?.name ?? '';
    const content = new Map<string, string[]>();
    const listed: string[] = [];
    for (const { path: file, documents } of files) {
      const texts: string[] = [];
      for (const [id, units] of documents) {
        for (let number = 0; number < units; number++) {
          listed.push(`${id}-${number}`);
          texts.push(await corpus.documentById(`${id}-${number}`));
        }
      }
      content.set(file.startsWith(`${root}/`) ? file.slice(root.length + 1) : file, texts);
    }
    const ids = [...corpus.ids()];
    assert.equal(listed.sort(), [...ids].sort());
    const rows = await folder.store.storedRows(ids);
    const { documents, chunks, passages } = await folder.store.count();
    assert.equal([documents, chunks, passages], [ids.length, corpus.chunkCount, rows.length]);
    assert.equal([documents, chunks, passages], [folder.state!.documents, folder.state!.chunks, folder.state!.passages]);
    for (const id of ids) {
      const found = new Set(rows.filter(({ document }) => document === id).map(({ chunk }) => chunk));
      assert.equal([...found], [...corpus.chunksOf(id)]);
    }
    assert.ok(rows.every(({ terms }) => terms === true));
    return content;
  } finally {
    await corpus.close();
  }
}
