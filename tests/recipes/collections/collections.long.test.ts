import { cp, mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { silentListener } from '../../../base/index.ts';
import { Collections } from '../../../recipes/collections/index.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { saveUntrainedStudent } from '../../fixtures/untrained-student.ts';
import { type CollectionsPlace, collectionsPlace, openPlace } from './open-collections.ts';

const test = suite('a folder of collections');

const TEXTS = ['The keel of the boat.', 'The mast of the boat.', 'The keel of the ship.', 'The mast of the ship and a sail.'];

let place: CollectionsPlace;
test.before(async () => {
  place = await collectionsPlace();
});
test.after(() => place.remove());

test('names are checked; what is there is not made again, what is not there is missing', async () => {
  await using collections = await openPlace(place);
  for (const name of ['', '.', '..', '../x', 'a/b', 'a\\b', 'A', '.hidden', '-a', 'ä', 'a'.repeat(65), 'a\0'])
    for (const act of [() => collections.create(name), () => collections.get(name), () => collections.delete(name)])
      assert.is((await errorOf(act)).code, 'COLLECTION_NAME', JSON.stringify(name));
  assert.is((await errorOf(() => collections.get('none'))).code, 'COLLECTION_MISSING');
  assert.is((await errorOf(() => collections.delete('none'))).code, 'COLLECTION_MISSING');
  // Of another checkpoint than the folder's, whose teacher knows these words.
  const checkpoint = join(place.folder, '..', 'other-run');
  await saveUntrainedStudent(checkpoint, {
    texts: TEXTS,
    dimension: 2,
    pack: { level: 19, targetChunkSize: 4096, dictionarySize: 0 },
  });
  const made = await collections.create('first', { passageSize: 256, terms: 'none', checkpoint });
  assert.equal([made.name, made.documents, made.retrievers], ['first', 0, 'vectors']);
  assert.ok(made.bytes > 0 && made.createdAt !== undefined);
  assert.is((await errorOf(() => collections.create('first'))).code, 'COLLECTION_EXISTS');
  const live = await collections.get('first');
  assert.is(await collections.get('first'), live);
  const noTerms = await live.change({ put: [{ source: 'a.txt', content: TEXTS[0]! }] });
  assert.is(noTerms.version, 1);
  assert.is((await errorOf(() => live.search('jetty', { k: 1, labels: [], retrievers: 'bm25' }))).code, 'INDEX_NO_TERMS');
  assert.equal(
    (await live.search(TEXTS[0]!, { k: 1, labels: [] })).map(({ text }) => text),
    [TEXTS[0]],
  );
});

test("without a checkpoint that is named, the documents' language says which one it is", async () => {
  const before = process.env['CEM_CHECKPOINT'];
  process.env['CEM_CHECKPOINT'] = '';
  const notes: string[] = [];
  const listener = { ...silentListener, note: (line: string) => void (line.startsWith('checkpoint:') && notes.push(line)) };
  try {
    const folder = join(place.folder, '..', 'by-language');
    {
      await using collections = await Collections.open({ folder, backend: 'cpu', listener });
      const plain = await collections.create('plain');
      assert.equal(notes, []);
      assert.is((await collections.create('english', { language: 'en' })).checkpoint, plain.checkpoint);
      assert.match(notes.pop()!, /since the texts are in English and no other is named/);
      // No checkpoint of that language comes with the package.
      assert.is((await collections.create('german', { language: 'de' })).checkpoint, plain.checkpoint);
      assert.match(notes.pop()!, /the texts are in German.*Expect poor vectors/);
      const { code } = await errorOf(() => collections.create('other', { language: 'zh-CN' }));
      assert.is(code, 'COLLECTION_LANGUAGE');
    }
    await using named = await openPlace({ ...place, folder }, { listener });
    const { checkpoint } = await named.create('named', { language: 'de' });
    assert.not((await named.list()).some((other) => other.name !== 'named' && other.checkpoint === checkpoint));
    assert.equal(notes, []);
  } finally {
    if (before === undefined) delete process.env['CEM_CHECKPOINT'];
    else process.env['CEM_CHECKPOINT'] = before;
  }
});

test('they are listed without being opened, as they were when they were closed', async () => {
  {
    await using collections = await openPlace(place);
    await collections.create('second');
    const live = await collections.get('second');
    await live.change({ put: [{ source: 'two.jsonl', content: '{"text": "One oar."}\n{"text": "Two oars."}' }] });
  }
  await mkdir(join(place.folder, 'no-collection'));
  await writeFile(join(place.folder, 'file'), '');
  await using collections = await openPlace(place);
  const listed = (await collections.list()).map(({ name, documents, units, passages, version }) => [
    name,
    documents,
    units,
    passages,
    version,
  ]);
  assert.equal(listed, [
    ['first', 1, 1, 1, 1],
    ['second', 2, 2, 2, 1],
  ]);
  assert.not.ok((await readdir(join(place.folder, 'second'))).includes('lock'), 'it was not opened');
  // A copy whose summary is of another state is opened to be counted.
  const summary = join(place.folder, 'second', 'summary.json');
  await rename(summary, `${summary}.old`);
  assert.equal(
    (await collections.list()).map(({ documents }) => documents),
    [1, 2],
  );
  assert.ok((await readdir(join(place.folder, 'second'))).includes('lock'));
});

test('one that another has is listed with the reason', async () => {
  await using other = await openPlace(place);
  await (await other.get('second')).changes();
  await using collections = await openPlace(place);
  const [, second] = await collections.list();
  assert.is(second!.name, 'second');
  assert.is((await errorOf(async () => (await collections.get('second')).changes())).code, 'FOLDER_LOCKED');
  assert.is((await errorOf(() => collections.delete('second'))).code, 'FOLDER_LOCKED');
  assert.is((await collections.list()).length, 2);
});

test('one that is deleted is gone; a deletion that was killed is finished at the next opening', async () => {
  {
    await using collections = await openPlace(place);
    await collections.create('third');
    const live = await collections.get('third');
    const change = live.change({ put: [{ source: 'a.txt', content: 'A mast.' }] });
    await Promise.all([change, new Promise((resolve) => setImmediate(resolve)).then(() => collections.delete('third'))]);
    assert.is((await errorOf(() => live.changes())).code, 'COLLECTION_MISSING');
    assert.is((await errorOf(() => collections.get('third'))).code, 'COLLECTION_MISSING');
    assert.equal(
      (await collections.list()).map(({ name }) => name),
      ['first', 'second'],
    );
    assert.is((await collections.create('third')).version, 0);
  }
  await cp(join(place.folder, 'third'), join(place.folder, '.deleted-third-0123'), { recursive: true });
  await using collections = await openPlace(place);
  assert.not.ok((await readdir(place.folder)).some((name) => name.startsWith('.deleted')));
  await collections.delete('third');
  assert.not.ok((await readdir(place.folder)).some((name) => name.includes('third')));
});

test('as many are open as may be: those that nobody uses are closed, and opened again', async () => {
  await using collections = await openPlace(place, { mostOpen: 1 });
  const [first, second] = [await collections.get('first'), await collections.get('second')];
  for (let turn = 0; turn < 2; turn++) {
    assert.is((await first.describe()).documents, 1);
    assert.equal([first.isOpen, second.isOpen], [true, false]);
    assert.is((await second.describe()).documents, 2);
    assert.equal([first.isOpen, second.isOpen], [false, true]);
  }
  // Both at once: neither is closed under the other's feet.
  const both = await Promise.all([first.describe(), second.describe(), first.describe()]);
  assert.equal(
    both.map(({ documents }) => documents),
    [1, 2, 1],
  );
});

test.run();
