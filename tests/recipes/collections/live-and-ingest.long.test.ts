import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ingest } from '../../../recipes/ingest/index.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { type CollectionsPlace, collectionsPlace, openPlace } from './open-collections.ts';

const test = suite('files that are ingested and documents that are put');

let place: CollectionsPlace;
test.before(async () => {
  place = await collectionsPlace();
});
test.after(() => place.remove());

test('live side by side: each leaves the other alone', async () => {
  const [files, into] = [join(place.folder, '..', 'uploads-folder', 'files'), join(place.folder, 'mixed')];
  await mkdir(files, { recursive: true });
  await writeFile(join(files, 'a.txt'), 'The walrus of the file.');
  await writeFile(join(files, 'b.txt'), 'The dugong of the file.');
  const run = (paths: readonly string[]) => ingest({ paths, into, checkpoint: place.checkpoint, backend: 'cpu' });
  await run([files]);
  const found = async (query: string): Promise<string[]> => {
    await using collections = await openPlace(place);
    const live = await collections.get('mixed');
    const results = await live.search(query, { k: 9, labels: 'everything', retrievers: 'bm25' });
    return results.map(({ metadata }) => (metadata as { source: string }).source).sort();
  };
  {
    await using collections = await openPlace(place);
    const live = await collections.get('mixed');
    assert.equal(
      (await live.changes()).map(({ version, put }) => [version, put]),
      [[1, ['files/a.txt', 'files/b.txt']]],
    );
    // A source that looks like the path of a file is another document all the same.
    await live.change({
      put: [
        { source: 'files/a.txt', content: 'The manatee that was put.' },
        { source: 'c.txt', content: 'The manatee again.' },
      ],
    });
    const { version, removed } = await live.change({ remove: [{ source: 'files/b.txt' }] });
    assert.equal([version, removed], [3, 1]);
  }
  assert.equal(await found('manatee'), ['c.txt', 'files/a.txt']);
  assert.equal([await found('walrus'), await found('dugong')], [['files/a.txt'], []]);

  // Without a change of the file, the next ingestion of its root brings back what was removed.
  const again = await run([]);
  assert.equal([again.files.found, again.files.added, again.files.gone], [2, 1, 0]);
  assert.equal([await found('manatee'), await found('dugong')], [['c.txt', 'files/a.txt'], ['files/b.txt']]);
  await rm(join(files, 'b.txt'));
  assert.is((await run([files])).files.gone, 1);
  assert.equal([await found('manatee'), await found('dugong')], [['c.txt', 'files/a.txt'], []]);

  // The one that was put goes first; then the name is the file's.
  {
    await using collections = await openPlace(place);
    const live = await collections.get('mixed');
    assert.is((await live.change({ remove: [{ source: 'files/a.txt' }] })).removed, 1);
    assert.equal((await live.search('manatee walrus', { k: 9, labels: 'everything', retrievers: 'bm25' })).length, 2);
  }
  const uploads = join(place.folder, '..', 'uploads');
  await mkdir(uploads);
  await writeFile(join(uploads, 'x.txt'), 'Text.');
  assert.is((await errorOf(() => run([uploads]))).code, 'INGEST_NAME');
  const forgotten = await ingest({ forget: ['uploads'], into, checkpoint: place.checkpoint, backend: 'cpu' });
  assert.equal([forgotten.files.gone, await found('manatee')], [1, []]);
});

test.run();
