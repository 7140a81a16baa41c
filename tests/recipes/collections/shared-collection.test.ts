import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { verifyCorpus } from '../../../data/index.ts';
import { CollectionFolder, openCollection } from '../../../rag/index.ts';
import type { Collections, LiveCollection } from '../../../recipes/collections/index.ts';
import { ingest } from '../../../recipes/ingest/index.ts';
import { openCollection as openOnMachine } from '../../../recipes/search/index.ts';
import { objectKeys, objectStoreMissing, startObjectStore } from '../../fixtures/object-store.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { type CollectionsPlace, collectionsPlace, openPlace } from './open-collections.ts';

const test = suite('a collection in an object store and a PostgreSQL server');

const database = process.env['CEM_TEST_DATABASE_URL'];
const missing = database === undefined ? 'CEM_TEST_DATABASE_URL names no server' : await objectStoreMissing();

/** What a search by words finds, in the order of the alphabet. */
const found = async (live: LiveCollection, word: string): Promise<string[]> =>
  (await live.search(word, { k: 50, labels: 'everything', retrievers: 'bm25' })).map(({ text }) => text).sort();

if (missing !== undefined) {
  test.skip(`skipped: ${missing}`, () => undefined);
  console.log(`a shared collection: skipped, ${missing}`);
} else {
  let store = { address: '', stop: (): void => undefined };
  let place: CollectionsPlace;
  /** Each stands for a machine: a folder of its own, and connections of its own. */
  let [one, two]: Collections[] = [];
  const segments = `s3://bucket/shared-${process.pid}`;
  const machine = (name: string): Promise<Collections> =>
    openPlace({ ...place, folder: join(place.folder, name) }, { database: database!, segments });

  test.before(async () => {
    store = await startObjectStore();
    place = await collectionsPlace();
    [one, two] = [await machine('one'), await machine('two')];
  });
  test.after(async () => {
    await one?.close();
    await two?.close();
    await place.remove();
    store.stop();
  });

  test('made on one machine, it is found, searched and changed on another, and each sees at once what the other did', async () => {
    await one!.create('birds');
    const [here, there] = [await one!.get('birds'), await two!.get('birds')];
    assert.equal(await found(there, 'heron'), []);
    await here.change({ put: [{ source: 'a.txt', content: 'The heron of one.' }] });
    assert.equal(await found(there, 'heron'), ['The heron of one.']);
    await there.change({ put: [{ source: 'b.txt', content: 'The heron of two.' }] });
    assert.equal(await found(here, 'heron'), ['The heron of one.', 'The heron of two.']);
    await here.change({ put: [{ source: 'b.txt', content: 'Another heron.' }], remove: [{ source: 'a.txt' }] });
    for (const live of [here, there]) assert.equal(await found(live, 'heron'), ['Another heron.']);
    assert.equal(
      (await there.changes()).map(({ version, put, removed }) => [version, put, removed]),
      [
        [3, ['b.txt'], ['a.txt']],
        [2, ['b.txt'], []],
        [1, ['a.txt'], []],
      ],
    );
  });

  test('two machines that put at once stand in line: nothing of either is lost, also when segments are merged', async () => {
    await one!.create('crowd');
    const lives = [await one!.get('crowd'), await two!.get('crowd')];
    const rounds = 5;
    const put = async (live: LiveCollection, machine: number): Promise<void> => {
      for (let round = 0; round < rounds; round++)
        await live.change({ put: [{ source: `${machine}-${round}.txt`, content: `Heron ${machine} ${round}.` }] });
    };
    const searching = new AbortController();
    let searches = 0;
    const search = async (live: LiveCollection): Promise<void> => {
      while (!searching.signal.aborted) {
        for (const text of await found(live, 'heron')) assert.match(text, /^Heron \d \d\.$/);
        searches++;
      }
    };
    const searchers = lives.map(search);
    await Promise.all(lives.map(put)).finally(() => searching.abort());
    await Promise.all(searchers);
    const all = [0, 1].flatMap((machine) => Array.from({ length: rounds }, (_, round) => `Heron ${machine} ${round}.`)).sort();
    for (const live of lives) assert.equal(await found(live, 'heron'), all);
    assert.ok(searches > 1, `${searches} searches`);
    for (const live of lives) await live.close();
    await using folder = await CollectionFolder.openForSearch(join(place.folder, 'one', 'crowd'), { database: database! });
    const corpus = (await folder.openCorpus())!;
    assert.is((await verifyCorpus(corpus)).failed, 0);
    assert.ok(corpus.segments.length <= 9, `${corpus.segments.length} segments`);
    assert.is((await folder.store.count()).documents, all.length);
    await corpus.close();
  });

  test('a searcher that is open follows; objects go a while after the last state that named them', async () => {
    await one!.create('short');
    const live = await one!.get('short');
    await live.change({ put: [{ source: 'a.txt', content: 'A heron.' }] });
    const folder = join(place.folder, 'two', 'short');
    await two!.get('short');
    await using searcher = await openCollection(folder, { database: database!, retrievers: 'bm25' });
    const texts = async (): Promise<string[]> => (await searcher.search('heron', { k: 9 })).map(({ text }) => text).sort();
    assert.equal(await texts(), ['A heron.']);
    await live.change({ put: [{ source: 'b.txt', content: 'B heron.' }] });
    assert.equal(await texts(), ['A heron.', 'B heron.']);
    await live.change({ remove: [{ source: 'a.txt' }] });
    assert.equal(await texts(), ['B heron.']);
    await live.close();
    const prefix = `shared-${process.pid}/short/`;
    const before = await objectKeys(store.address, prefix);
    await using opened = await CollectionFolder.openLive(join(place.folder, 'one', 'short'), { database: database! });
    assert.is(await opened.inTurn(() => opened.sweep()), 0);
    // The first segment with its three files, whose document went, and two lists of files.
    assert.is(await opened.inTurn(() => opened.sweep(0)), 5);
    const after = await objectKeys(store.address, prefix);
    assert.is(before.length - after.length, 5);
    assert.equal(await texts(), ['B heron.']);
  });

  test('who lost the turn changes nothing', async () => {
    await one!.create('late');
    const live = await one!.get('late');
    await live.change({ put: [{ source: 'a.txt', content: 'A heron.' }] });
    await live.close();
    await using opened = await CollectionFolder.openLive(join(place.folder, 'one', 'late'), { database: database! });
    const other = await two!.get('late');
    const sources = await opened.sources();
    const error = await errorOf(() =>
      opened.inTurn(async () => {
        // As after a cut of the network: the server has given the place away.
        await opened.endTurn();
        await other.change({ put: [{ source: 'b.txt', content: 'B heron.' }] });
        await opened.replaceSources(sources);
      }),
    );
    assert.is(error.code, 'COLLECTION_TURN');
    assert.equal(await found(other, 'heron'), ['A heron.', 'B heron.']);
  });

  test('cem ingest from two machines, one root each, at once; a third one searches without having ingested anything', async () => {
    const root = async (name: string, texts: Record<string, string>): Promise<string> => {
      const folder = join(place.folder, 'files', name);
      await mkdir(folder, { recursive: true });
      for (const [file, text] of Object.entries(texts)) await writeFile(join(folder, file), text);
      return folder;
    };
    const roots = [
      await root('first', { 'a.md': '# Herons\n\nThe heron of the first.', 'b.md': '# Gulls\n\nA gull.' }),
      await root('second', { 'c.md': '# Herons\n\nThe heron of the second.' }),
    ];
    const shared = { database: database!, segments: `${segments}/ingested` };
    const into = (machine: string): string => join(place.folder, machine, 'ingested');
    const ingestRoot = (paths: string[], machine: string) =>
      ingest({ ...shared, paths, into: into(machine), checkpoint: place.checkpoint, backend: 'cpu', figures: undefined });
    await ingestRoot([roots[0]!], 'one');
    const [again, other] = await Promise.all([ingestRoot([roots[0]!], 'one'), ingestRoot([roots[1]!], 'two')]);
    assert.equal([again.files.unchanged, again.files.added, other.files.added], [2, 0, 1]);
    const texts = async (): Promise<string[]> => {
      await using searcher = await openOnMachine(into('three'), { ...shared, retrievers: 'bm25' });
      return (await searcher.search('heron', { k: 9 })).map(({ text }) => text.trim()).sort();
    };
    assert.equal(await texts(), ['# Herons\n\nThe heron of the first.', '# Herons\n\nThe heron of the second.']);
    await rm(join(roots[0]!, 'a.md'));
    const gone = await ingestRoot([roots[0]!], 'one');
    assert.equal([gone.files.gone, gone.documents], [1, 2]);
    assert.equal(await texts(), ['# Herons\n\nThe heron of the second.']);
    const wrong = await errorOf(() =>
      ingest({ paths: [roots[0]!], into: into('four'), segments: 's3://bucket', checkpoint: place.checkpoint }),
    );
    assert.is(wrong.code, 'COLLECTION_SEGMENTS');
  });

  test('deleted, it is gone for all, with its objects', async () => {
    const live = await two!.get('birds');
    await live.close();
    await (await one!.get('birds')).close();
    await one!.delete('birds');
    assert.equal(await objectKeys(store.address, `shared-${process.pid}/birds/`), []);
    assert.is((await errorOf(() => found(live, 'heron'))).code, 'VECTOR_STORE_MISSING');
  });
}

test.run();
