import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError } from '../../../base/errors.ts';
import { DocumentReader } from '../../../data/index.ts';
import { type IndexSource, synchroniseIndex } from '../../../rag/index.ts';
import type { Filter, StoredRow, VectorStore } from '../../../search/index.ts';
import { DIMENSION, HashEncoder, hashVector, makeDocuments, openTestDatabase, packDocuments, withFolder } from '../fixtures.ts';

const test = suite('indexing');
const database = await openTestDatabase();

const throwingDecompressor = () => ({
  decompress: (): Uint8Array => {
    throw new CemError('TEST_DECOMPRESSED', 'a document was decompressed');
  },
});

const openCompressed = (path: string): Promise<DocumentReader> =>
  DocumentReader.open(path, { decompressor: throwingDecompressor });

/** The store's keys in the source's order. */
async function storedKeys(store: VectorStore, source: IndexSource): Promise<string[]> {
  return (await store.storedRows([...source.ids()])).map(({ document, chunk }: StoredRow) => `${document} ${chunk}`).sort();
}

function expectedKeys(source: IndexSource): string[] {
  return [...source.ids()].flatMap((id) => source.chunksOf(id).map((chunk) => `${id} ${chunk}`)).sort();
}

test('every chunk is encoded once from its compressed bytes, and nothing is decompressed', () =>
  withFolder(async (folder) => {
    const source = await openCompressed(await packDocuments(`${folder}/a.zpkg`, makeDocuments(120)));
    const store = await database.store('once');
    const encoder = new HashEncoder();
    const progress: number[] = [];
    const result = await synchroniseIndex(source, encoder, store, { onProgress: (done, total) => progress.push(done / total) });

    assert.ok(source.chunkCount > 120, 'some documents have several chunks');
    assert.equal(result, {
      documents: 120,
      chunks: source.chunkCount,
      passages: source.chunkCount,
      encoded: source.chunkCount,
      updated: 0,
      removed: 0,
      empty: 0,
    });
    assert.is(encoder.encoded, source.chunkCount);
    assert.is(progress.at(-1), 1);
    assert.equal(await storedKeys(store, source), expectedKeys(source));
    // Each vector lies under the document and chunk whose frame it was made from.
    for (const chunk of [0, 7, source.chunkCount - 1]) {
      const [hit] = await store.search(hashVector(await source.compressedChunk(chunk)), { k: 1 });
      assert.equal({ id: hit!.document, chunk: hit!.chunk }, { id: source.documentOf(chunk), chunk });
      assert.ok(Math.abs(hit!.score - 1) < 1e-6);
    }
    await source.close();
  }));

test('run again it encodes nothing; stopped in the middle and run again, every document is in once', () =>
  withFolder(async (folder) => {
    const source = await openCompressed(await packDocuments(`${folder}/a.zpkg`, makeDocuments(600)));
    const store = await database.store('again');
    // One transaction of 512 rows goes through before it stops.
    assert.ok(source.chunkCount > 700, `${source.chunkCount} chunks`);
    await synchroniseIndex(source, new HashEncoder(640), store).then(
      () => assert.unreachable(),
      (error: Error) => assert.match(error.message, 'stopped by the test'),
    );
    const before = await store.count();
    assert.ok(before.chunks >= 512 && before.chunks < source.chunkCount, `${before.chunks} of ${source.chunkCount}`);

    const finished = await synchroniseIndex(source, new HashEncoder(), store);
    assert.is(finished.encoded, source.chunkCount - before.chunks);
    assert.equal(await storedKeys(store, source), expectedKeys(source));

    const idle = new HashEncoder();
    assert.equal(await synchroniseIndex(source, idle, store), {
      documents: 600,
      chunks: source.chunkCount,
      passages: source.chunkCount,
      encoded: 0,
      updated: 0,
      removed: 0,
      empty: 0,
    });
    assert.is(idle.encoded, 0);
    await source.close();
  }));

test('a corpus that was packed again brings the store to its new state', () =>
  withFolder(async (folder) => {
    const store = await database.store('changed');
    const documents = makeDocuments(60);
    const first = await openCompressed(await packDocuments(`${folder}/a.zpkg`, documents));
    await synchroniseIndex(first, new HashEncoder(), store);
    const changed = [
      ...documents.slice(10, 30),
      { ...documents[30]!, text: 'another text altogether' },
      ...documents.slice(40),
      ...makeDocuments(5, 99).map((document) => ({ ...document, id: `new-${document.id}` })),
    ];
    const second = await openCompressed(await packDocuments(`${folder}/b.zpkg`, changed));
    const result = await synchroniseIndex(second, new HashEncoder(), store);
    assert.is(result.documents, changed.length);
    assert.ok(result.removed > 0);
    assert.equal(await storedKeys(store, second), expectedKeys(second));
    assert.equal(await store.count(), {
      documents: changed.length,
      chunks: second.chunkCount,
      passages: second.chunkCount,
      empty: 0,
    });
    assert.equal(await store.storedRows(['document-0', 'document-35']), []);
    for (let chunk = 0; chunk < second.chunkCount; chunk += 13) {
      const [hit] = await store.search(hashVector(await second.compressedChunk(chunk)), { k: 1 });
      assert.equal([hit!.document, hit!.chunk], [second.documentOf(chunk), chunk]);
    }
    await first.close();
    await second.close();
  }));

test('frames that only another dictionary could have made are encoded again', async () => {
  const source = (dictionary: Uint8Array): IndexSource => ({
    documentCount: 1,
    ids: () => ['a'],
    dictionary,
    chunksOf: () => [0],
    compressedChunk: async () => Uint8Array.of(1, 2, 3),
  });
  const store = await database.store('dictionary');
  assert.is((await synchroniseIndex(source(Uint8Array.of(1)), new HashEncoder(), store)).encoded, 1);
  assert.is((await synchroniseIndex(source(Uint8Array.of(1)), new HashEncoder(), store)).encoded, 0);
  assert.is((await synchroniseIndex(source(Uint8Array.of(2)), new HashEncoder(), store)).encoded, 1);
});

/** One document a name, one chunk each, whose frame is the name. */
function namedSource(names: readonly string[], metadata: (name: string) => object | undefined = () => undefined): IndexSource {
  return {
    documentCount: names.length,
    ids: () => names,
    dictionary: new Uint8Array(),
    chunksOf: (id) => [names.indexOf(id)],
    compressedChunk: async (chunk) => Buffer.from(names[chunk]!),
    metadataOf: async (chunk) => metadata(names[chunk]!),
  };
}

test('F05: an id that no store takes is refused by name, before anything is encoded', async () => {
  const store = await database.store('unstorable');
  for (const id of ['a\0b', 'half \ud83d']) {
    const encoder = new HashEncoder();
    const error = await synchroniseIndex(namedSource([...'abcdefgh', id]), encoder, store).then(
      () => new CemError('NONE', 'it was indexed'),
      (thrown: CemError) => thrown,
    );
    assert.is(error.code, 'VECTOR_STORE_ID');
    assert.ok(error.message.includes(JSON.stringify(id)) && !error.message.includes('\n'), error.message);
    assert.is(encoder.encoded, 0);
    assert.equal(await store.count(), { documents: 0, chunks: 0, passages: 0, empty: 0 });
  }
});

test('F04: an id as long as the packer takes them is indexed', async () => {
  const store = await database.store('long');
  const id = `https://example.org/${Array.from({ length: 1020 }, (_, index) => hashVector(`${index}`).join(''))
    .join('')
    .slice(0, 65_000)}`;
  const source = namedSource([id]);
  assert.is((await synchroniseIndex(source, new HashEncoder(), store)).encoded, 1);
  assert.is((await synchroniseIndex(source, new HashEncoder(), store)).encoded, 0);
  assert.is((await store.search(hashVector(Buffer.from(id)), { k: 1 }))[0]!.document, id);
});

test('F09: chunks without content are counted, encoded once, and left out of results', async () => {
  const store = await database.store('empty');
  class Emptying extends HashEncoder {
    override async encodeChunks(frames: readonly Uint8Array[], dictionary: Uint8Array) {
      const vectors = await super.encodeChunks(frames, dictionary);
      frames.forEach((frame, row) => {
        if (frame[0] === 0x20) vectors.data.fill(0, row * DIMENSION, (row + 1) * DIMENSION);
      });
      return vectors;
    }
  }
  const source = namedSource(['a', ' ', 'b', '  ']);
  const first = await synchroniseIndex(source, new Emptying(), store);
  assert.equal([first.encoded, first.empty], [4, 2]);
  const second = await synchroniseIndex(source, new Emptying(), store);
  assert.equal([second.encoded, second.empty], [0, 2]);
  const hits = await store.search(
    hashVector('a').map((value) => -value),
    { k: 10 },
  );
  assert.equal(hits.map(({ document }) => document).sort(), ['a', 'b']);
});

test('metadata goes into the rows, and a change of it alone encodes nothing', async () => {
  const store = await database.store('metadata');
  const names = ['a', 'b', 'c'];
  const first = await synchroniseIndex(namedSource(names), new HashEncoder(), store);
  assert.equal([first.encoded, first.updated], [3, 0]);
  const german = (name: string) => (name === 'b' ? { language: 'de', labels: ['staff'] } : undefined);
  const synchronise = (metadata?: (name: string) => object | undefined) =>
    synchroniseIndex(namedSource(names, metadata), new HashEncoder(), store);
  const changes = async (metadata?: (name: string) => object | undefined) => {
    const { encoded, updated, removed } = await synchronise(metadata);
    return [encoded, updated, removed];
  };
  const found = async (filter: Filter) =>
    (await store.search(hashVector('b'), { k: 9, filter })).map(({ document }) => document).sort();
  assert.equal(await changes(german), [0, 1, 0]);
  assert.equal(await changes(german), [0, 0, 0]);
  assert.equal(await found({ field: 'language', equals: 'de' }), ['b']);
  assert.equal(await found({ access: [] }), ['a', 'c']);
  assert.equal(await changes(() => ({ language: 'en' })), [0, 3, 0]);
  assert.equal(await found({ field: 'language', equals: 'en' }), names);
  assert.equal(await changes(), [0, 3, 0]);
  assert.equal(await found({ field: 'language', equals: null }), names);
  assert.is(
    await synchronise(() => ({ labels: 'staff' })).then(
      () => 'none',
      (error: CemError) => error.code,
    ),
    'VECTOR_STORE_METADATA',
  );
});

test("a packed corpus' metadata reaches the rows, chunk by chunk", () =>
  withFolder(async (folder) => {
    const documents = makeDocuments(20).map((document, number) => ({
      ...document,
      metadata: {
        language: number % 2 === 0 ? 'de' : 'en',
        ...(number < 5 && { labels: ['staff'] }),
        fields: { year: 2000 + number },
      },
    }));
    const source = await openCompressed(await packDocuments(`${folder}/a.zpkg`, documents));
    const store = await database.store('packed');
    await synchroniseIndex(source, new HashEncoder(), store);
    const count = async (filter: Filter) => (await store.count(filter)).documents;
    assert.is(await count({ field: 'language', equals: 'de' }), 10);
    assert.is(await count({ field: 'fields.year', range: { gte: 2005, lt: 2008 } }), 3);
    assert.is(await count({ access: [] }), 15);
    assert.is(await count({ access: ['staff'] }), 20);
    const chunks = source.chunksOf('document-8').length;
    assert.ok(chunks > 1);
    assert.is((await store.count({ field: 'fields.year', equals: 2008 })).chunks, chunks);
    await source.close();
  }));

test('an encoder of another dimension is refused before it encodes', async () => {
  const store = await database.store('dimension');
  const encoder = { dimension: DIMENSION + 1, encodeChunks: () => assert.unreachable() as never };
  const source: IndexSource = {
    documentCount: 0,
    ids: () => [],
    dictionary: new Uint8Array(),
    chunksOf: () => [],
    compressedChunk: () => assert.unreachable() as never,
  };
  await synchroniseIndex(source, encoder, store).then(
    () => assert.unreachable(),
    (error: CemError) => assert.is(error.code, 'INDEX_DIMENSION'),
  );
});

test.after(() => database.close());
test.run();
