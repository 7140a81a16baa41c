import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { figureId } from '../../../data/index.ts';
import { SharedFigures } from '../../../rag/collection/shared-figures.ts';
import { CollectionFolder } from '../../../rag/index.ts';
import type { Collections, LiveCollection } from '../../../recipes/collections/index.ts';
import { ingest } from '../../../recipes/ingest/index.ts';
import type { PgvectorStore } from '../../../search/postgres/index.ts';
import { objectKeys, objectStoreMissing, startObjectStore } from '../../fixtures/object-store.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { chartPicture } from '../../ingest/parse/picture/draw-picture.ts';
import { type CollectionsPlace, collectionsPlace, openPlace } from './open-collections.ts';

const test = suite('pictures of a shared collection');

test('a change of whose pictures nobody thought is refused where pictures are stored', async () => {
  const store = {} as PgvectorStore;
  const figures = (stored: boolean) =>
    new SharedFigures({ store, segments: 's3://bucket/docs', stored, requireTurn: async () => undefined });
  await figures(false).name(store);
  assert.is((await errorOf(() => figures(true).name(store))).code, 'COLLECTION_PICTURES');
});

const database = process.env['CEM_TEST_DATABASE_URL'];
const missing = database === undefined ? 'CEM_TEST_DATABASE_URL names no server' : await objectStoreMissing();

if (missing !== undefined) {
  test.skip(`skipped: ${missing}`, () => undefined);
  console.log(`pictures of a shared collection: skipped, ${missing}`);
} else {
  let store = { address: '', stop: (): void => undefined };
  let place: CollectionsPlace;
  const prefix = `shared-figures-${process.pid}`;
  const segments = `s3://bucket/${prefix}/harbour`;
  const into = (machine: string): string => join(place.folder, machine, 'harbour');
  const objects = async (): Promise<string[]> =>
    (await objectKeys(store.address, `${prefix}/harbour/`)).filter((key) => key.includes('/figures/'));
  const run = (machine: string, paths: readonly string[], forget: readonly string[] = []) =>
    ingest({
      ...{ paths: [...paths], forget: [...forget], into: into(machine), database: database!, segments },
      ...{ figures: 'store', checkpoint: place.checkpoint, backend: 'cpu', terms: 'characters' },
    });
  /** The picture that a search for a word finds, on a machine that serves. */
  const pictureOf = async (live: LiveCollection, word: string): Promise<Buffer | undefined> => {
    const found = await live.search(word, {
      ...{ k: 1, labels: 'everything', retrievers: 'bm25' },
      filter: { field: 'fields.chunk_type', equals: 'figure' },
    });
    const figure = found[0] && (await live.figure(found[0].document, 'everything'));
    return figure?.bytes as Buffer | undefined;
  };

  test.before(async () => {
    store = await startObjectStore();
    place = await collectionsPlace();
  });
  test.after(async () => {
    await place.remove();
    store.stop();
  });

  test('stored once as objects by one machine, shown by another, they leave with the last file that shows them, and with the collection', async () => {
    const [ferries, cargo] = [await chartPicture(1), await chartPicture(2)];
    const root = async (name: string, pictures: Record<string, Uint8Array>): Promise<string> => {
      const folder = join(place.folder, 'files', name);
      await mkdir(folder, { recursive: true });
      const lines = Object.keys(pictures).map((word) => `![${word}](${word}.png)\n\nFigure 1: ${word} of the harbour\n`);
      for (const [word, bytes] of Object.entries(pictures)) await writeFile(join(folder, `${word}.png`), bytes);
      await writeFile(join(folder, 'guide.md'), `# Guide of ${name}\n\n${lines.join('\n')}`);
      return folder;
    };
    const roots = [await root('first', { ferries, cargo }), await root('second', { ferries })];
    await run('one', [roots[0]!]);
    const first = await objects();
    assert.is(first.length, 2);
    assert.ok(first.some((key) => key.endsWith(`/figures/${figureId(ferries)}.png`)));

    // The same picture comes from another machine, too.
    await run('two', [roots[1]!]);
    assert.equal(await objects(), first);
    for (const machine of ['one', 'two'])
      assert.not.ok((await readdir(into(machine))).includes('figures'), 'no picture lies in the folder of a machine');

    {
      await using serving: Collections = await openPlace(
        { ...place, folder: join(place.folder, 'three') },
        { database: database!, segments: `s3://bucket/${prefix}` },
      );
      const live = await serving.get('harbour');
      assert.equal(await pictureOf(live, 'cargo'), Buffer.from(cargo));
      // A server puts pictures, too, and others see them.
      const harbour = await chartPicture(3);
      await live.change({ put: [{ source: 'pilots.png', content: harbour }] });
      assert.is((await objects()).length, 3);
      await using folder = await CollectionFolder.openForSearch(into('one'), { database: database! });
      assert.equal((await folder.figures.read(figureId(harbour)))?.bytes, Buffer.from(harbour));
      const listed: string[] = [];
      for await (const { id } of folder.figures.list()) listed.push(id);
      assert.equal(listed, [ferries, cargo, harbour].map(figureId).sort());
      assert.equal(await folder.figures.verify([...listed, 'f'.repeat(64)]), [
        { id: 'f'.repeat(64), reason: 'its object is gone' },
      ]);
      await live.change({ remove: [{ source: 'pilots.png' }] });
    }

    // One file of a picture goes, and then the last; its object stays for a while.
    await rm(join(roots[0]!, 'guide.md'));
    await rm(join(roots[0]!, 'ferries.png'));
    await rm(join(roots[0]!, 'cargo.png'));
    await run('one', [], ['first']);
    const sweep = async (grace?: number): Promise<void> => {
      await using folder = await CollectionFolder.openLive(into('one'), { database: database! });
      await folder.inTurn(() => folder.sweep(grace));
    };
    await sweep();
    assert.is((await objects()).length, 3);
    await sweep(0);
    const left = await objects();
    assert.is(left.length, 1);
    assert.ok(left[0]!.endsWith(`/${figureId(ferries)}.png`));

    // What comes again is an object of another name.
    await run('one', [await root('first', { cargo })]);
    assert.is((await objects()).length, 2);
    assert.not.ok((await objects()).some((key) => first.includes(key) && key.includes(figureId(cargo))));

    await CollectionFolder.remove(into('two'), join(place.folder, 'two', '.trash'), { database: database! });
    assert.equal(await objectKeys(store.address, `${prefix}/harbour/`), []);
  });
}

test.run();
