import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lockFolder } from '../../../base/index.ts';
import type { Collections, LiveCollection } from '../../../recipes/collections/index.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { type CollectionsPlace, collectionsPlace, freshCollection, liveContentOf, openPlace } from './open-collections.ts';

const test = suite('a collection that is searched while it changes');

let place: CollectionsPlace;
let collections: Collections;
let number = 0;

test.before(async () => {
  place = await collectionsPlace();
  collections = await openPlace(place);
});
test.after(async () => {
  await collections.close();
  await place.remove();
});

const fresh = () => freshCollection(place, collections, `c${++number}`);

const sourcesFound = async (live: LiveCollection, query: string, labels: readonly string[] | 'everything' = 'everything') =>
  (await live.search(query, { k: 10, labels, retrievers: 'bm25' })).map(
    ({ metadata }) => (metadata as { source: string }).source,
  );

test('one that is empty finds nothing and lists nothing', async () => {
  const live = await fresh();
  assert.equal(await live.search('anchor', { k: 3, labels: 'everything' }), []);
  assert.match((await live.searchWithNote('anchor', { k: 3, labels: [] })).note, /empty/);
  assert.equal(await live.documents({ labels: 'everything' }), { documents: [] });
  assert.is(await live.document('a'.repeat(40), 'everything'), undefined);
  assert.is(await live.unit(`${'a'.repeat(40)}-0`, 'everything'), undefined);
  assert.equal(await live.changes(), []);
  const { documents, units, passages, version, retrievers, index } = await live.describe();
  assert.equal([documents, units, passages, version, retrievers], [0, 0, 0, 0, 'hybrid']);
  assert.is(index.chunks, 0);
  const nothing = await live.change({});
  assert.equal([nothing.version, nothing.put, nothing.removed], [0, [], 0]);
});

test('what is put is found by the next search, replaced, and gone when it is removed', async () => {
  const live = await fresh();
  const first = await live.change({
    put: [
      { source: 'a.md', content: '# Anchors\n\nThe anchor holds the zebra.' },
      { source: 'https://example.org/b?c=1', content: 'A lantern for the quokka.', title: 'Lanterns', fields: { year: 2024 } },
    ],
  });
  assert.equal([first.version, first.removed], [1, 0]);
  assert.equal(
    first.put.map(({ source, documents, units }) => [source, documents.length, units]),
    [
      ['a.md', 1, 1],
      ['https://example.org/b?c=1', 1, 1],
    ],
  );
  assert.equal(await sourcesFound(live, 'zebra'), ['a.md']);
  const [lantern] = await live.search('quokka', { k: 1, labels: 'everything', units: true });
  assert.is(lantern!.document, `${first.put[1]!.documents[0]}-0`);
  assert.equal(lantern!.metadata, {
    source: 'https://example.org/b?c=1',
    title: 'Lanterns',
    fields: { year: 2024 },
    span: lantern!.span,
  });
  assert.is(lantern!.unit!.text, 'A lantern for the quokka.');

  const second = await live.change({ put: [{ source: 'a.md', content: '# Anchors\n\nThe anchor holds the okapi.' }] });
  assert.equal(second.put[0]!.documents, first.put[0]!.documents, 'the same document');
  assert.equal([second.version, await sourcesFound(live, 'zebra'), await sourcesFound(live, 'okapi')], [2, [], ['a.md']]);

  const third = await live.change({ remove: [{ source: 'a.md' }, { source: 'never there' }] });
  assert.equal([third.version, third.removed, await sourcesFound(live, 'okapi')], [3, 1, []]);
  const gone = await live.change({ remove: [{ document: first.put[1]!.documents[0]! }] });
  assert.equal([gone.removed, (await live.describe()).documents], [1, 0]);
  assert.equal(await live.search('quokka', { k: 3, labels: 'everything' }), []);

  assert.equal(
    (await live.changes()).map(({ version, put, removed }) => [version, put, removed]),
    [
      [4, [], ['https://example.org/b?c=1']],
      [3, [], ['a.md']],
      [2, ['a.md'], []],
      [1, ['a.md', 'https://example.org/b?c=1'], []],
    ],
  );
  assert.equal(
    (await live.changes({ before: 3, limit: 1 })).map(({ version }) => version),
    [2],
  );

  await live.change({ put: [{ source: 'again.txt', content: 'After all were gone the okapi came.' }] });
  assert.equal(await sourcesFound(live, 'okapi'), ['again.txt']);
  await live.close();
  assert.equal([...(await liveContentOf(join(place.folder, live.name))).keys()], ['again.txt']);
  assert.equal(await sourcesFound(live, 'okapi'), ['again.txt'], 'opened again');
  assert.is((await live.describe()).version, 5);
});

test('what is there as it is put changes nothing; another label, title or field does', async () => {
  const live = await fresh();
  const document = { source: 'a.txt', content: 'The ferry of the tapir.' };
  const first = await live.change({ put: [document] });
  const same = await live.change({ put: [document] });
  assert.equal([same.version, same.at, same.put], [1, first.at, first.put]);
  const id = first.put[0]!.documents[0]!;
  assert.is((await live.change({ put: [{ ...document, labels: ['staff'] }] })).version, 2);
  assert.equal((await live.document(id, ['staff']))?.labels, ['staff']);
  assert.is((await live.change({ put: [{ ...document, labels: ['staff'] }] })).version, 2);
  assert.is((await live.change({ put: [document] })).version, 2, 'labels stay unless given');
  assert.is((await live.change({ put: [{ ...document, title: 'Ferries' }] })).version, 3);
  assert.equal((await live.document(id, ['staff']))?.labels, ['staff']);
  assert.is(await live.document(id, []), undefined);
  assert.is((await live.change({ put: [{ ...document, title: 'Ferries', labels: [] }] })).version, 4);
  assert.is((await live.document(id, []))?.title, 'Ferries');
  assert.is((await live.change({ put: [document] })).version, 5, 'a title that is not given is none');
  assert.is((await live.document(id, []))?.title, undefined);
});

test('a document that cannot be read is reported, what it was to replace stays, and the others go in', async () => {
  const live = await fresh();
  await live.change({ put: [{ source: 'data.json', content: '{"name": "walrus"}' }] });
  const { version, put } = await live.change({
    put: [
      { source: 'data.json', content: '{"name": ' },
      { source: 'empty.txt', content: ' \n ' },
      { source: 'good.txt', content: 'The keel of the narwhal.' },
      { source: '', content: 'no source' },
      { source: 'format.txt', content: 'x', format: 'nothing' },
      { source: 'labels.txt', content: 'A text.', labels: [''] },
      { source: 'bytes.bin', content: Uint8Array.of(0, 1, 2, 0, 255) },
    ],
  });
  assert.is(version, 2);
  const codes = put.map(({ problem }) => problem?.code);
  assert.equal(
    [codes[1], codes[2], codes[3], codes[4], codes[5]],
    ['DOCUMENT_EMPTY', undefined, 'DOCUMENT_SOURCE', 'PARSE_UNKNOWN_FORMAT', 'VECTOR_STORE_METADATA'],
  );
  assert.ok(codes[0]?.startsWith('PARSE_') && codes[6] !== undefined, codes.join());
  assert.equal(await sourcesFound(live, 'narwhal'), ['good.txt']);
  assert.equal(await sourcesFound(live, 'walrus'), ['data.json']);
  const nothing = await live.change({ put: [{ source: 'empty.txt', content: '' }] });
  assert.equal([nothing.version, nothing.put[0]!.problem?.code !== undefined], [2, true]);
});

test('documents of one content go one by one, and come back with it', async () => {
  const live = await fresh();
  const lines = ['{"text": "The first puffin."}', '{"text": "The second ibis."}'].join('\n');
  const { put } = await live.change({ put: [{ source: 'two.jsonl', content: lines }] });
  const [first, second] = put[0]!.documents;
  assert.equal([put[0]!.documents.length, (await live.change({ remove: [{ document: first! }] })).removed], [2, 1]);
  assert.equal([await sourcesFound(live, 'puffin'), await sourcesFound(live, 'ibis')], [[], ['two.jsonl']]);
  assert.is(await live.document(first!, 'everything'), undefined);
  assert.ok((await live.document(second!, 'everything')) !== undefined);
  await live.change({ put: [{ source: 'two.jsonl', content: lines }] });
  assert.equal(await sourcesFound(live, 'puffin'), ['two.jsonl']);
  // What is removed goes before what is put comes, and the last of two contents of one source counts.
  const both = await live.change({
    remove: [{ source: 'two.jsonl' }],
    put: [
      { source: 'two.jsonl', content: '{"text": "A heron."}' },
      { source: 'two.jsonl', content: '{"text": "A stork."}' },
    ],
  });
  assert.is(both.removed, 2);
  assert.equal([await sourcesFound(live, 'heron'), await sourcesFound(live, 'stork')], [[], ['two.jsonl']]);
});

test('a document is read with its units, whole and without what it is found by besides', async () => {
  const live = await fresh();
  const paragraphs = Array.from({ length: 40 }, (_, place) => `Paragraph ${place}: ${'word '.repeat(120)}end.`);
  const content = `# The manual\n\n## Part\n\n${paragraphs.join('\n\n')}`;
  const { put } = await live.change({ put: [{ source: 'manual.md', content }] });
  const [id] = put[0]!.documents;
  const document = await live.document(id!, 'everything');
  assert.ok(put[0]!.units > 1, `${put[0]!.units} units`);
  assert.equal([document!.units, document!.title, document!.source], [put[0]!.units, 'The manual', 'manual.md']);
  assert.equal(
    document!.contents.map(({ id: unit }) => unit),
    Array.from({ length: put[0]!.units }, (_, place) => `${id}-${place}`),
  );
  for (const paragraph of paragraphs) assert.ok(document!.contents.some(({ text }) => text.includes(paragraph.slice(0, 15))));
  assert.not.ok(document!.contents.some(({ text }) => text.startsWith('The manual > ')));
  assert.equal(await live.unit(`${id}-1`, 'everything'), document!.contents[1]);
  assert.is(await live.unit(`${id}-999`, 'everything'), undefined);
  assert.is(await live.unit('nothing', 'everything'), undefined);
});

test('changes that come together are taken together, each with its own result', async () => {
  const live = await fresh();
  await live.change({ put: [{ source: 'first.txt', content: 'The first gannet.' }] });
  const results = await Promise.all(
    Array.from({ length: 12 }, (_, place) =>
      live.change({ put: [{ source: `s${place}.txt`, content: `Text ${place} of the gannet.` }] }),
    ),
  );
  assert.equal(
    results.map(({ put }) => put[0]!.source),
    Array.from({ length: 12 }, (_, place) => `s${place}.txt`),
  );
  const versions = new Set(results.map(({ version }) => version));
  assert.ok(versions.size < 12, `${versions.size} states for 12 changes`);
  assert.is((await sourcesFound(live, 'gannet')).length, 10);
  assert.is((await live.describe()).documents, 13);
});

test('a change that fails is none, searches go on meanwhile, and the next one counts', async () => {
  const live = await fresh();
  await live.change({ put: [{ source: 'a.txt', content: 'The dunlin.' }] });
  const lock = await lockFolder(join(place.folder, live.name, 'corpus'));
  const put = [{ source: 'a.txt', content: 'The curlew.' }];
  assert.is((await errorOf(() => live.change({ put }))).code, 'FOLDER_LOCKED');
  assert.equal([await sourcesFound(live, 'dunlin'), await sourcesFound(live, 'curlew')], [['a.txt'], []]);
  await lock.release();
  assert.is((await live.change({ put })).version, 2);
  assert.equal([await sourcesFound(live, 'dunlin'), await sourcesFound(live, 'curlew')], [[], ['a.txt']]);
});

test('an aborted change is none', async () => {
  const live = await fresh();
  const abort = new AbortController();
  abort.abort(new RangeError('enough'));
  await live.change({ put: [{ source: 'a.txt', content: 'A text.' }] }, { signal: abort.signal }).then(
    () => assert.unreachable(),
    (error: unknown) => assert.instance(error, RangeError),
  );
  assert.is((await live.describe()).documents, 0);
});

test.run();
