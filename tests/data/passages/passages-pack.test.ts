import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ByteSpan } from '../../../base/index.ts';
import {
  addToCorpus,
  compactCorpus,
  corpusStatistics,
  cutPassages,
  type Document,
  DocumentReader,
  openCorpus,
  type PackedCorpus,
  type PackOptions,
  packCorpus,
  passageStatistics,
  removeFromCorpus,
  type SegmentedCorpus,
  verifyCorpus,
  verifyMetadata,
} from '../../../data/index.ts';
import { mappingPathOf } from '../../../data/mapping/mapping.ts';
import { metadataPathOf } from '../../../data/metadata/metadata-file.ts';
import { repairMetadataChecksums } from '../../../scripts/fuzz/metadata-cases.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { english } from '../../zpkg/frame-samples.ts';

const test = suite('passages of a corpus');
const golden = fileURLToPath(new URL('../../golden/zpkg/', import.meta.url));

const SIZES = { passageSize: 256, passageOverlap: 40 };
const SETTINGS: PackOptions = { level: 3, targetChunkSize: 600, dictionarySize: 2048, workers: 1, ...SIZES };

const source = (documents: readonly Document[]) =>
  async function* () {
    yield* documents;
  };

const prose = (length: number, seed: number): string => Buffer.from(english(length, seed)).toString();
const law = (articles: number): string =>
  Array.from({ length: articles }, (_, number) => `第${number}条规定了民事主体的第${number * 7919}项权利，也规定了义务。`).join(
    '\n',
  );

/** Documents of no text, of one passage, of one chunk with several, of several chunks; with titles and without. */
const DOCUMENTS: readonly Document[] = [
  { id: 'empty', title: '', text: '' },
  { id: 'short', title: 'Title', text: prose(200, 1) },
  { id: 'several', title: 'A title', text: ` ${prose(900, 2)}` },
  { id: 'long', title: '', text: prose(9000, 3) },
  { id: '法', title: '民法', text: law(90), metadata: { language: 'zh' } },
  { id: 'part', title: '', text: prose(2000, 4), metadata: { span: { start: 5000, end: 7000 } } },
  { id: 'around', title: '', text: prose(2000, 5), metadata: { span: { start: 5000, end: 7001 } } },
];
const PLAIN = DOCUMENTS.filter(({ title, metadata }) => title === '' && metadata === undefined);

/** Every chunk has the passages that its text is cut into. Gives how many there are. */
async function checkPassages(corpus: PackedCorpus, documents: readonly Document[]): Promise<number> {
  let passages = 0;
  for (const { id } of documents) {
    for (const chunk of corpus.chunksOf(id)) {
      const expected = cutPassages(await corpus.chunkText(chunk), { size: SIZES.passageSize, overlap: SIZES.passageOverlap });
      assert.equal(await corpus.passagesOf(chunk), expected.length === 1 ? undefined : expected, `${id}, chunk ${chunk}`);
      passages += expected.length;
    }
  }
  return passages;
}

test('every chunk has its passages, at any level, with a dictionary and without; container and mapping do not know of them', async () => {
  await withTemporaryFolder(async (folder) => {
    for (const [number, options] of [{}, { level: 1, dictionarySize: 0 }, { level: 19 }, { plainLiterals: true }].entries()) {
      const [path, without] = [join(folder, `${number}.zpkg`), join(folder, `${number}-without.zpkg`)];
      const packed = await packCorpus(source(DOCUMENTS), path, { ...SETTINGS, ...options });
      const plain = await packCorpus(source(DOCUMENTS), without, { ...SETTINGS, ...options, passageSize: 0, passageOverlap: 0 });
      for (const of of [(name: string) => name, mappingPathOf])
        assert.equal(await readFile(of(path)), await readFile(of(without)));
      await using reader = await DocumentReader.open(path);
      const passages = await checkPassages(reader, DOCUMENTS);
      assert.ok(passages > 60 && packed.splitDocuments >= 1, `${passages} ${packed.splitDocuments}`);
      assert.equal([packed.passages, plain.passages], [passages, plain.chunks]);
      assert.equal([packed.metadataBytes - plain.metadataBytes, plain.passageBytes], [packed.passageBytes, 0]);
      assert.equal(await verifyMetadata(reader), { passages, terms: 0 });
      const { passageSizes, ...counted } = await passageStatistics(reader);
      assert.equal(counted, { passages, passageBytes: packed.passageBytes, termBytes: 0 });
      assert.is(passageSizes.smallest, 0);
      assert.ok(passageSizes.largest <= 1.5 * SIZES.passageSize + SIZES.passageOverlap);
      await using old = await DocumentReader.open(without);
      assert.is(await old.passagesOf(3), undefined);
      assert.equal(await verifyMetadata(old), { passages: old.chunkCount, terms: 0 });
    }
  });
});

test('metadata of a passage has the span of its bytes in the text of the document', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'spans.zpkg');
    await packCorpus(source(DOCUMENTS), path, { ...SETTINGS, passageOverlap: 0 });
    await using reader = await DocumentReader.open(path);
    for (const { id, text, metadata } of DOCUMENTS) {
      const base = metadata?.span?.start ?? 0;
      let end = base;
      for (const chunk of reader.chunksOf(id)) {
        const content = Buffer.from(await reader.chunkText(chunk));
        const passages = (await reader.passagesOf(chunk)) ?? [{ start: 0, end: content.length }];
        for (const [number, passage] of passages.entries()) {
          const { span, ...others } = (await reader.metadataOf(chunk, number))!;
          const { span: ofChunk, ...known } = (await reader.metadataOf(chunk))!;
          assert.equal(others, known);
          if (id === 'around') {
            assert.equal(span, ofChunk);
            continue;
          }
          const own = content.subarray(passage.start, passage.end).toString();
          const there = Buffer.from(text)
            .subarray(span!.start - base, span!.end - base)
            .toString();
          assert.ok(own.endsWith(there), `${id}: ${own} ${there}`);
          assert.ok(span!.start >= ofChunk!.start && span!.end <= ofChunk!.end);
          assert.is(span!.start, end === base ? span!.start : end);
          end = span!.end;
        }
        const error = await errorOf(() => reader.metadataOf(chunk, passages.length));
        assert.is(error.code, 'PASSAGE_RANGE');
      }
    }
    assert.is((await errorOf(() => reader.passagesOf(reader.chunkCount))).code, 'ZPKG_CHUNK_RANGE');
  });
});

test('passages are written without metadata, and nothing is then known of documents; each chunk its own passage writes nothing', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'alone.zpkg');
    for (const [documents, metadata] of [
      [DOCUMENTS, false],
      [PLAIN, true],
    ] as const) {
      const { metadataBytes, passageBytes } = await packCorpus(source(documents), path, { ...SETTINGS, metadata, force: true });
      // A header of 40 bytes, and the section.
      assert.is(metadataBytes, 40 + passageBytes);
      await using reader = await DocumentReader.open(path);
      await checkPassages(reader, documents);
      assert.is(await reader.metadataOf(1), undefined);
      assert.is(await reader.documentMetadata('long'), undefined);
      await verifyMetadata(reader);
    }
    await packCorpus(source(PLAIN), path, { ...SETTINGS, passageSize: 100_000, force: true });
    assert.equal((await readdir(folder)).sort(), ['alone.zpkg', 'alone.zpkg.map']);
  });
});

test('a reader that does not know the section has each chunk as its own passage, and what is known of documents', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'old.zpkg');
    await packCorpus(source(DOCUMENTS), path, SETTINGS);
    const bytes = await readFile(metadataPathOf(path));
    // The second section, of a kind that this program does not know either.
    assert.is(bytes.readUInt16LE(48), 2);
    assert.is(bytes.readUInt16LE(50), 1);
    bytes.writeUInt16LE(77, 48);
    await writeFile(metadataPathOf(path), repairMetadataChecksums(bytes));
    await using reader = await DocumentReader.open(path);
    assert.is(await reader.passagesOf(3), undefined);
    assert.equal((await reader.documentMetadata('法'))?.title, '民法');
    assert.equal(await verifyMetadata(reader), { passages: reader.chunkCount, terms: 0 });
  });
});

test('passages that do not end where the content ends are refused when they are asked for', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'beyond.zpkg');
    await copyFile(join(golden, 'v1-metadata.zpkg'), path);
    await copyFile(join(golden, 'v1-metadata.zpkg.map'), mappingPathOf(path));
    for (const name of ['passages-beyond-content', 'passages-before-end', 'passages-not-ascending', 'passages-empty-one']) {
      await copyFile(join(golden, 'malformed-metadata', `${name}.zpkg.meta`), metadataPathOf(path));
      await using reader = await DocumentReader.open(path);
      assert.is((await errorOf(() => reader.passagesOf(0))).code, 'METADATA_BLOCK', name);
      assert.is((await errorOf(() => reader.metadataOf(0, 0))).code, 'METADATA_BLOCK', name);
    }
  });
});

test('sizes that are none are refused', async () => {
  for (const options of [
    { passageSize: 63 },
    { passageSize: 100.5 },
    { passageSize: -1 },
    { passageSize: 100, passageOverlap: 50 },
    { passageSize: 100, passageOverlap: -1 },
    { passageSize: 100, passageOverlap: 0.5 },
    { passageOverlap: 10 },
  ]) {
    assert.is(
      (await errorOf(() => packCorpus(source(DOCUMENTS), '/nowhere', options))).code,
      'PACK_OPTION',
      JSON.stringify(options),
    );
  }
});

/** Passages of each document, by its chunks' places. */
async function passagesById(corpus: PackedCorpus): Promise<Map<string, (readonly ByteSpan[] | undefined)[]>> {
  const found = new Map<string, (readonly ByteSpan[] | undefined)[]>();
  for (const id of corpus.ids()) found.set(id, await Promise.all(corpus.chunksOf(id).map((chunk) => corpus.passagesOf(chunk))));
  return found;
}

test('a corpus folder keeps how it cuts passages, through add, replacement, removal, compaction and recompression', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'corpus');
    const { workers, ...settings } = SETTINGS;
    await addToCorpus(path, source(PLAIN), { ...settings, workers: workers! });
    const manifest = await readFile(join(path, 'manifest.json'), 'utf8');
    assert.match(manifest, /"version":3,.*"passageSize":256,"passageOverlap":40/);
    // Nothing is said: packed as the first.
    const added = await addToCorpus(path, source([...DOCUMENTS, { id: 'short', title: '', text: prose(1500, 9) }].slice(2)));
    assert.ok(added.passages > added.chunks);
    await removeFromCorpus(path, ['part', 'empty']);
    const check = async (): Promise<Map<string, (readonly ByteSpan[] | undefined)[]>> => {
      await using corpus = (await openCorpus(path)) as SegmentedCorpus;
      const documents = [...corpus.ids()].map((id) => ({ id, title: '', text: '' }));
      const passages = await checkPassages(corpus, documents);
      const counted = await corpusStatistics(corpus);
      assert.is(counted.passages, passages);
      assert.ok(counted.passageBytes > 0 && counted.passageSizes.largest <= 1.5 * 256 + 40);
      const verified = await verifyCorpus(corpus);
      assert.ok(verified.failed === 0 && verified.passages >= passages);
      const [chunk = 0] = corpus.chunksOf('法');
      const { span } = (await corpus.metadataOf(chunk, 1))!;
      assert.ok(span!.start > 0 && span!.end < Buffer.byteLength(DOCUMENTS[4]!.text));
      return await passagesById(corpus);
    };
    const before = await check();
    await compactCorpus(path);
    assert.equal(await check(), before);
    await compactCorpus(path, { recompress: true });
    await check();
    assert.is((await addToCorpus(path, source([DOCUMENTS[4]!]))).unchanged, 1);
    for (const options of [{ passageSize: 0 }, { passageSize: 512 }, { passageOverlap: 0 }]) {
      const error = await errorOf(() => addToCorpus(path, source(PLAIN), options));
      assert.is(error.code, 'CORPUS_SETTINGS');
    }
    // What a new corpus would be made with is nothing to one that is there.
    await addToCorpus(path, source(PLAIN), { newPassageSize: 1024 });
  });
});

test('a corpus of before has no passages and gets none', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'corpus');
    const settings = { level: 1, targetChunkSize: 600, dictionarySize: 0 };
    await addToCorpus(path, source(PLAIN), settings);
    assert.match(await readFile(join(path, 'manifest.json'), 'utf8'), /"version":1,.*"plainLiterals":false}/);
    await addToCorpus(path, source(DOCUMENTS), { newPassageSize: 1024 });
    assert.match(await readFile(join(path, 'manifest.json'), 'utf8'), /"version":2,.*"plainLiterals":false}/);
    const corpus = await openCorpus(path);
    for (const all of (await passagesById(corpus)).values()) for (const passages of all) assert.is(passages, undefined);
    await corpus.close();
    assert.is((await errorOf(() => addToCorpus(path, source(PLAIN), { passageSize: 1024 }))).code, 'CORPUS_SETTINGS');
    const another = join(folder, 'new');
    await addToCorpus(another, source(DOCUMENTS), { ...settings, newPassageSize: 256 });
    await removeFromCorpus(
      another,
      DOCUMENTS.map(({ id }) => id),
    );
    // Version 3 for its settings, though no segment is left.
    assert.match(await readFile(join(another, 'manifest.json'), 'utf8'), /"version":3,.*"passageSize":256}/);
    await (await openCorpus(another)).close();
  });
});

test.run();
