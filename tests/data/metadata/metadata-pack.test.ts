import { copyFile, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import {
  addToCorpus,
  compactCorpus,
  corpusSaving,
  corpusStatistics,
  type Document,
  DocumentReader,
  type Metadata,
  openCorpus,
  type PackedCorpus,
  packCorpus,
  removeFromCorpus,
  SegmentedCorpus,
  verifyCorpus,
  verifyMetadata,
} from '../../../data/index.ts';
import { mappingPathOf } from '../../../data/mapping/mapping.ts';
import { metadataPathOf } from '../../../data/metadata/metadata-file.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('metadata of a corpus');

const SETTINGS = { level: 1, targetChunkSize: 200, dictionarySize: 0, workers: 1 };

const source = (documents: readonly Document[]) =>
  async function* () {
    yield* documents;
  };

function prose(seed: number, words: number): string {
  const random = new RandomNumbers(seed, 'prose');
  return Array.from({ length: words }, () => `wörd${random.integer(500)}`).join(' ');
}

/** Titles and white space of every kind around texts of one and of several chunks. */
const DOCUMENTS: readonly Document[] = [
  ['', ''],
  ['', '  \n\tindented  \n'],
  ['Title', ''],
  ['  spaced title ', prose(1, 200)],
  ['   ', ` \u00a0${prose(2, 90)}\n\n`],
  ['题目', prose(3, 400)],
  ['', prose(4, 300)],
  ['long '.repeat(300), prose(5, 20)],
  ['lone \ud800', '\udc00 surrogates \ud83d'],
].map(([title, text], number) => ({
  id: `d${number}`,
  title: title!,
  text: text!,
  ...(number % 2 === 0 && { metadata: { language: 'en', fields: { number } } }),
}));

/** Every chunk's span is where its bytes stand in the document's text; a title has none. Gives how many chunks there were. */
async function checkSpans(corpus: PackedCorpus, documents: readonly Document[], base = 0): Promise<number> {
  let chunks = 0;
  for (const document of documents) {
    const text = Buffer.from(document.text);
    let joined = '';
    for (const chunk of corpus.chunksOf(document.id)) {
      const { span } = (await corpus.metadataOf(chunk))!;
      const content = Buffer.from(await corpus.chunkText(chunk));
      const own = text.subarray(span!.start - base, span!.end - base);
      assert.ok(span!.start >= base && span!.end - base <= text.length, document.id);
      assert.equal(content.subarray(content.length - own.length), own, `${document.id}, chunk ${chunk}`);
      joined += own.toString();
      chunks += 1;
    }
    // Behind a title the text keeps the white space that it begins with.
    assert.is(joined.trim(), text.toString().trim(), document.id);
  }
  return chunks;
}

test('spans of chunks are bytes of the text, with titles and white space of every kind', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'spans.zpkg');
    await packCorpus(source(DOCUMENTS), path, SETTINGS);
    const reader = await DocumentReader.open(path);
    assert.ok((await checkSpans(reader, DOCUMENTS)) > 2 * DOCUMENTS.length);
    await verifyMetadata(reader);
    await reader.close();
  });
});

test('a document that is a part of a source has spans in it when it is as long as it says', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'parts.zpkg');
    const text = `  ${prose(7, 300)} \n`;
    const length = Buffer.byteLength(text);
    const documents = [
      { id: 'exact', title: 'T', text, metadata: { span: { start: 500, end: 500 + length } } },
      { id: 'around', title: 'T', text, metadata: { span: { start: 500, end: 501 + length } } },
    ];
    await packCorpus(source(documents), path, SETTINGS);
    const reader = await DocumentReader.open(path);
    await checkSpans(reader, documents.slice(0, 1), 500);
    for (const chunk of reader.chunksOf('around'))
      assert.equal((await reader.metadataOf(chunk))!.span, { start: 500, end: 501 + length });
    await reader.close();
  });
});

test('a title is in the metadata, and what else is given; another title can stand there', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'titles.zpkg');
    const documents: Document[] = [
      { id: 'a', title: ' Of the text ', text: 'text' },
      { id: 'b', title: 'Of the text', text: 'text', metadata: { title: 'Shown', labels: [], headings: ['', 'x'] } },
      { id: 'c', title: '', text: 'text', metadata: {} },
    ];
    const { metadataBytes, saving, containerBytes, mappingBytes, textBytes } = await packCorpus(
      source(documents),
      path,
      SETTINGS,
    );
    const reader = await DocumentReader.open(path);
    assert.equal(await reader.documentMetadata('a'), { title: 'Of the text' });
    assert.equal(await reader.documentMetadata('b'), { title: 'Shown', headings: ['', 'x'], labels: [] });
    assert.is(await reader.documentMetadata('c'), undefined);
    assert.equal(await reader.metadataOf(2), { span: { start: 0, end: 4 } });
    assert.is((await errorOf(() => reader.documentMetadata('none'))).code, 'MAPPING_UNKNOWN_ID');
    assert.is((await errorOf(() => reader.metadataOf(3))).code, 'ZPKG_CHUNK_RANGE');
    assert.is(metadataBytes, (await stat(metadataPathOf(path))).size);
    assert.is(saving, 1 - (containerBytes + mappingBytes + metadataBytes) / textBytes);
    assert.is(await corpusSaving(path), saving);
    await reader.close();
  });
});

test('there is no file when nothing is known, or when it is not wanted; such a corpus gives undefined', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'plain.zpkg');
    const plain = [
      { id: 'a', title: '', text: '  text' },
      { id: 'b', title: '', text: prose(1, 400) },
    ];
    for (const [documents, metadata] of [
      [plain, true],
      [DOCUMENTS, false],
    ] as const) {
      const { metadataBytes } = await packCorpus(source(documents), path, { ...SETTINGS, metadata, force: true });
      assert.is(metadataBytes, 0);
      assert.equal((await readdir(folder)).sort(), ['plain.zpkg', 'plain.zpkg.map']);
      const reader = await DocumentReader.open(path);
      assert.is(reader.metadata, undefined);
      assert.is(await reader.metadataOf(0), undefined);
      assert.is(await reader.documentMetadata(documents[0]!.id), undefined);
      await reader.close();
    }
  });
});

test('metadata that is not what it should be is refused, with the document', async () => {
  await withTemporaryFolder(async (folder) => {
    for (const metadata of [
      { language: 'not a tag' },
      { labels: 'staff' },
      { pages: { first: 0, last: 1 } },
      { span: { start: 3, end: 2 } },
      { fields: { when: new Date(0) } },
      { colour: 'red' },
    ]) {
      const documents = [{ id: 'a', title: '', text: 'text', origin: 'corpus.jsonl:12', metadata: metadata as Metadata }];
      const error = await errorOf(() => packCorpus(source(documents), join(folder, 'bad.zpkg'), SETTINGS));
      assert.is(error.code, 'DATA_FIELD');
      assert.match(error.message, /^corpus\.jsonl:12 has metadata of which "/);
      assert.equal(await readdir(folder), []);
    }
  });
});

/** Titles of a container's documents, of which some have none. */
async function titlesOf(path: string): Promise<(string | undefined)[]> {
  const reader = await DocumentReader.open(path);
  try {
    return await Promise.all([...reader.ids()].map(async (id) => (await reader.documentMetadata(id))?.title));
  } finally {
    await reader.close();
  }
}

test('a pack that is killed between its files leaves the old metadata or the new, also where only that differs', async () => {
  await withTemporaryFolder(async (folder) => {
    const [old, next, none, killed] = ['old', 'next', 'none', 'killed'].map((name) => join(folder, `${name}.zpkg`)) as [
      string,
      string,
      string,
      string,
    ];
    const titled = (title: string, id = 'a'): Document[] => [{ id, title: '', text: 'the same text', metadata: { title } }];
    await packCorpus(source(titled('old')), old, SETTINGS);
    await packCorpus(source(titled('new', 'other id')), next, SETTINGS);
    const copy = async (from: string, to: string, ...of: ((path: string) => string)[]) => {
      for (const path of of) await copyFile(path(from), path(to));
    };
    const itself = (path: string) => path;
    const copyNext = async (from: string) => {
      await copyFile(mappingPathOf(from), `${mappingPathOf(killed)}.next`);
      await copyFile(metadataPathOf(from), `${metadataPathOf(killed)}.next`);
    };
    // Container and texts are the same to the byte; ids and titles differ. Before and after the container appears, nothing has moved.
    await copy(old, killed, itself, mappingPathOf, metadataPathOf);
    await copyNext(next);
    assert.equal(await titlesOf(killed), ['old']);
    // The mapping has taken its place, the metadata has not.
    await copy(next, killed, mappingPathOf);
    await rm(`${mappingPathOf(killed)}.next`);
    assert.equal(await titlesOf(killed), ['new']);
    // The next pack puts it in its place first.
    await packCorpus(source(titled('last')), killed, { ...SETTINGS, force: true });
    assert.equal(await titlesOf(killed), ['last']);
    assert.not((await readdir(folder)).some((name) => name.endsWith('.next')));

    // Without metadata over a container that has some: the next file says so, until the old one is gone.
    await packCorpus(source([{ id: 'a', title: '', text: 'another text' }]), none, SETTINGS);
    await packCorpus(source([{ id: 'a', title: '', text: 'another text' }]), killed, { ...SETTINGS, force: true });
    assert.equal(await titlesOf(killed), [undefined]);
    assert.equal((await readdir(folder)).filter((name) => name.startsWith('killed')).sort(), ['killed.zpkg', 'killed.zpkg.map']);
    await copyFile(metadataPathOf(old), metadataPathOf(killed));
    assert.is((await errorOf(() => titlesOf(killed))).code, 'METADATA_MISMATCH');
    await rm(metadataPathOf(killed));
    await writeFile(`${metadataPathOf(killed)}.next`, 'what another pack left');
    assert.equal(await titlesOf(killed), [undefined]);
  });
});

test('metadata goes through add, replacement, removal, compaction and recompression', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'corpus');
    const add = (documents: readonly Document[]) => addToCorpus(path, source(documents), SETTINGS);
    const plain = Array.from({ length: 5 }, (_, number) => ({
      id: `p${number}`,
      title: '',
      text: ` ${prose(50 + number, 100)}`,
    }));
    await add(plain);
    const versionOf = () => readFile(join(path, 'manifest.json'), 'utf8');
    // Programs of before read what has no metadata.
    assert.match(await versionOf(), /"version":1,/);
    await add(DOCUMENTS);
    assert.match(await versionOf(), /"version":2,/);
    assert.equal(
      await add([...plain, ...DOCUMENTS]).then(({ added, replaced, unchanged }) => [added, replaced, unchanged]),
      [0, 0, 14],
    );
    // The text is the same, what is known is not.
    const changed = { ...DOCUMENTS[5]!, metadata: { language: 'zh', labels: ['staff'] } };
    const [firstWord = '', ...otherWords] = DOCUMENTS[6]!.text.split(' ');
    const moved = { ...DOCUMENTS[6]!, title: firstWord, text: otherWords.join(' ') };
    const report = await add([changed, moved, DOCUMENTS[4]!]);
    assert.equal([report.replaced, report.unchanged], [2, 1]);
    await removeFromCorpus(path, ['d0', 'p1']);
    const expected: readonly Document[] = [
      ...plain.filter(({ id }) => id !== 'p1'),
      ...DOCUMENTS.slice(1, 5),
      ...DOCUMENTS.slice(7),
      changed,
      moved,
    ];
    const check = async () => {
      const corpus = (await openCorpus(path)) as SegmentedCorpus;
      assert.is(corpus.documentCount, expected.length);
      for (const { id, title, metadata } of expected) {
        const shown = { ...(title.trim() !== '' && { title: Buffer.from(title.trim()).toString() }), ...metadata };
        assert.equal(await corpus.documentMetadata(id), Object.keys(shown).length > 0 ? shown : undefined, id);
      }
      // Of the first four nothing was known when they came, not even that white space stood before their text.
      await checkSpans(corpus, expected.slice(4));
      assert.is((await verifyCorpus(corpus)).failed, 0);
      const { metadataBytes, mappingBytes, manifestBytes, fileBytes, segments } = await corpusStatistics(corpus);
      const sizes = await Promise.all((await readdir(path)).map(async (name) => (await stat(join(path, name))).size));
      assert.is(
        fileBytes,
        sizes.reduce((sum, size) => sum + size, 0),
      );
      assert.is(fileBytes, metadataBytes + mappingBytes + manifestBytes + segments.reduce((sum, { bytes }) => sum + bytes, 0));
      await corpus.close();
    };
    await check();
    await compactCorpus(path);
    assert.is((await readdir(path)).filter((name) => name.endsWith('.meta')).length, 1);
    await check();
    await compactCorpus(path, { recompress: true });
    await check();
    assert.equal(await add(expected).then(({ unchanged }) => unchanged), expected.length);
    // A segment whose metadata is gone, or stands there unasked, is another one than the manifest names.
    const [name = ''] = (await readdir(path)).filter((file) => file.endsWith('.meta'));
    await rm(join(path, name));
    assert.is((await errorOf(() => SegmentedCorpus.open(path))).code, 'CORPUS_SEGMENT');
  });
});

test.run();
