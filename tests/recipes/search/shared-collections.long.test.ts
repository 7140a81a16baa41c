import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ingest } from '../../../recipes/ingest/index.ts';
import { openSharedCollections } from '../../../recipes/search/index.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { saveIngestStudent } from '../ingest/student.ts';

const test = suite('collections that are read beside others');

interface Place {
  readonly files: string;
  readonly collections: string;
  readonly checkpoint: string;
}

/** A folder with a collection `docs`, a note and a folder that is none. */
async function withCollections(body: (place: Place) => Promise<void>): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const place = { files: join(folder, 'files'), collections: join(folder, 'rag'), checkpoint: join(folder, 'run') };
    await saveIngestStudent(place.checkpoint);
    await mkdir(place.files);
    await mkdir(join(place.collections, 'other'), { recursive: true });
    await writeFile(join(place.collections, 'note.txt'), 'no folder');
    await writeFile(join(place.files, 'guide.md'), '# Guide\n\n## Lanterns\n\nThe lantern ERR_LAMP_OUT is lit before sunset.\n');
    await ingest({ paths: [place.files], into: join(place.collections, 'docs'), checkpoint: place.checkpoint, backend: 'cpu' });
    await body(place);
  });
}

test("listed, searched, read by unit, with labels in the store's query; one that nobody asks is closed, so that it can be changed", () =>
  withCollections(async ({ files, collections, checkpoint }) => {
    const into = join(collections, 'docs');
    await using shared = await openSharedCollections({ collections }, { backend: 'cpu', idleMs: 50 });
    assert.equal(await shared.list(), [{ name: 'docs', retrievers: 'hybrid' }]);
    const docs = await shared.get('docs');
    const {
      results: [found],
    } = await docs.search('ERR_LAMP_OUT', { k: 3, labels: 'everything' });
    assert.match(found!.text, 'ERR_LAMP_OUT');
    const unit = await docs.unit(found!.document, 'everything');
    assert.equal(
      [unit!.id, unit!.document, unit!.source],
      [found!.document, found!.document.replace(/-\d+$/, ''), 'files/guide.md'],
    );
    assert.match(unit!.text, 'lit before sunset');
    assert.is(await docs.unit('absent-0', 'everything'), undefined);
    await docs.close();

    // The same file with a label: it is found, and read, by those who have it.
    await ingest({ paths: [files], into, checkpoint, backend: 'cpu', labels: ['harbour'] });
    for (const [labels, count] of [
      [['harbour'], 1],
      [['other'], 0],
      [[], 0],
    ] as const) {
      const { results } = await docs.search('ERR_LAMP_OUT', { k: 3, labels });
      assert.is(results.length, count, labels.join());
      assert.is((await docs.unit(found!.document, labels)) === undefined, count === 0);
    }

    await using other = await openSharedCollections({ collection: into }, { backend: 'cpu', idleMs: 600_000 });
    await docs.search('lantern', { k: 1, labels: 'everything' });
    // Two at the same time, as programs that search do.
    await (await other.get('docs')).search('lantern', { k: 1, labels: 'everything' });
    await writeFile(join(files, 'crane.md'), '# Crane\n\nERR_CRANE_STUCK is reported to the pilot.\n');
    const change = () => ingest({ paths: [files], into, checkpoint, backend: 'cpu' });
    assert.is((await errorOf(change)).code, 'FOLDER_LOCKED');
    await other.close();
    for (let attempt = 0; ; attempt++) {
      const changed = await change().then(
        () => true,
        () => false,
      );
      if (changed) break;
      assert.ok(attempt < 100, 'it was never closed');
      await setTimeout(50);
    }
    const { results } = await docs.search('ERR_CRANE_STUCK', { k: 1, labels: 'everything' });
    assert.match(results[0]!.text, 'pilot');
  }));

test('what is not there is refused by name; names do not lead out of the folder', () =>
  withTemporaryFolder(async (folder) => {
    const collections = join(folder, 'rag');
    await mkdir(join(collections, 'other'), { recursive: true });
    await mkdir(join(folder, 'run'));
    await mkdir(join(collections, 'damaged'));
    await writeFile(join(collections, 'damaged', 'collection.json'), '{');
    await writeFile(join(collections, 'note.txt'), 'no folder');
    await using shared = await openSharedCollections({ collections });
    assert.equal(await shared.list(), []);
    for (const name of ['absent', 'damaged', 'other', 'note.txt', '../run', '.', '', 'docs/corpus'])
      assert.is((await errorOf(() => shared.get(name))).code, 'COLLECTION_MISSING', name);
    await using nowhere = await openSharedCollections({ collections: join(collections, 'absent') });
    assert.is((await errorOf(() => nowhere.list())).code, 'COLLECTIONS_FOLDER');
    await using one = await openSharedCollections({ collection: join(collections, 'absent') });
    assert.equal(await one.list(), []);
    assert.is((await errorOf(() => one.get('absent'))).code, 'COLLECTION_MISSING');
  }));

test.run();
