import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ByteSpan } from '../../../base/index.ts';
import { CemError } from '../../../base/index.ts';
import { DocumentReader } from '../../../data/index.ts';
import type { ChunkVectors } from '../../../encoders/index.ts';
import { corpusIdentity, type IndexSource, synchroniseIndex } from '../../../rag/index.ts';
import { ExactStore } from '../../../search/exact/index.ts';
import type { VectorStore } from '../../../search/index.ts';
import {
  DIMENSION,
  HashEncoder,
  hashVector,
  makeDocuments,
  openTestDatabase,
  packDocuments,
  passageVector,
  withFolder,
} from '../fixtures.ts';

const test = suite('indexing of passages');
const database = await openTestDatabase();

const openCompressed = (path: string): Promise<DocumentReader> =>
  DocumentReader.open(path, {
    decompressor: () => ({
      decompress: (): Uint8Array => {
        throw new CemError('TEST_DECOMPRESSED', 'a document was decompressed');
      },
    }),
  });

/** Every key that the store is to have. */
async function expectedKeys(source: IndexSource): Promise<string[]> {
  const keys: string[] = [];
  for (const id of source.ids())
    for (const chunk of source.chunksOf(id)) {
      const passages = (await source.passagesOf?.(chunk))?.length ?? 1;
      for (let passage = 0; passage < passages; passage++) keys.push(`${id} ${chunk} ${passage}`);
    }
  return keys.sort();
}

async function storedKeys(store: VectorStore, source: IndexSource): Promise<string[]> {
  const rows = await store.storedRows([...source.ids()]);
  return rows.map(({ document, chunk, passage }) => `${document} ${chunk} ${passage}`).sort();
}

test('every passage is a row under its own vector, made from compressed bytes; a search to the ranking decompresses nothing', () =>
  withFolder(async (folder) => {
    const documents = makeDocuments(80).map((document) => ({ ...document, metadata: { source: `${document.id}.md` } }));
    const source = await openCompressed(await packDocuments(`${folder}/a.zpkg`, documents, false, { passageSize: 256 }));
    const store = await database.store('passages');
    const encoder = new HashEncoder();
    const result = await synchroniseIndex(source, encoder, store);
    const keys = await expectedKeys(source);
    assert.ok(keys.length > 2 * source.chunkCount, `${keys.length} passages of ${source.chunkCount} chunks`);
    const counts = { documents: 80, chunks: source.chunkCount, passages: keys.length };
    assert.equal(result, { ...counts, encoded: keys.length, updated: 0, removed: 0, empty: 0 });
    assert.equal(await store.count(), { ...counts, empty: 0 });
    assert.equal(await storedKeys(store, source), keys);
    // Each frame goes to the encoder once, with all of its passages; 64 rows a call, where no chunk has more by itself.
    assert.is(
      encoder.calls.reduce((sum, { frames }) => sum + frames, 0),
      source.chunkCount,
    );
    assert.ok(encoder.calls.every(({ rows }) => rows <= 64) && encoder.calls.some(({ frames }) => frames > 1));

    let several = 0;
    for (let chunk = 0; chunk < source.chunkCount; chunk += 11) {
      const frame = await source.compressedChunk(chunk);
      const spans = await source.passagesOf(chunk);
      if (spans !== undefined) several++;
      for (const [passage, span] of (spans ?? [undefined]).entries()) {
        const [hit] = await store.search(span ? passageVector(frame, span) : hashVector(frame), { k: 1 });
        assert.equal([hit!.document, hit!.chunk, hit!.passage], [source.documentOf(chunk), chunk, passage]);
        assert.ok(Math.abs(hit!.score - 1) < 1e-6);
      }
    }
    assert.ok(several > 5, `${several} of the chunks have several passages`);

    // A row's metadata is its passage's: filters may ask for a place in the source.
    let early = 0;
    for (let chunk = 0; chunk < source.chunkCount; chunk++)
      for (const [passage] of ((await source.passagesOf(chunk)) ?? [undefined]).entries())
        if ((await source.metadataOf(chunk, passage))!.span!.start < 600) early++;
    assert.ok(early > 80 && early < keys.length / 2, `${early}`);
    assert.is((await store.count({ field: 'span.start', range: { lt: 600 } })).passages, early);
    assert.equal(await synchroniseIndex(source, new HashEncoder(), store), { ...result, encoded: 0 });
    await source.close();
  }));

test('packed again with other passages the corpus is another one, and what changed is encoded again; without any it is as it was', () =>
  withFolder(async (folder) => {
    const documents = makeDocuments(40);
    const store = await database.store('changed');
    const path = `${folder}/a.zpkg`;
    const pack = async (passages: { passageSize?: number; passageOverlap?: number }) => {
      const source = await openCompressed(await packDocuments(path, documents, true, passages));
      const result = await synchroniseIndex(source, new HashEncoder(), store);
      assert.equal(await storedKeys(store, source), await expectedKeys(source));
      const identity = await corpusIdentity(source);
      await source.close();
      return { ...result, identity };
    };
    const whole = await pack({});
    const cut = await pack({ passageSize: 256 });
    // Documents of a single passage keep their rows; all of the others are encoded anew.
    assert.ok(cut.encoded > whole.chunks && cut.encoded < cut.passages, `${cut.encoded} of ${cut.passages}`);
    assert.ok(cut.removed > 0);
    const overlapping = await pack({ passageSize: 256, passageOverlap: 64 });
    assert.ok(overlapping.encoded > 0);
    const again = await pack({ passageSize: 256, passageOverlap: 64 });
    assert.equal([again.encoded, again.removed, again.identity], [0, 0, overlapping.identity]);
    const back = await pack({});
    assert.equal([back.identity, back.passages], [whole.identity, whole.chunks]);
    assert.is(new Set([whole, cut, overlapping].map(({ identity }) => identity)).size, 3);
  }));

/** One document with chunks of so many passages each; counts how often a frame is read. */
function longSource(passages: readonly number[], shift = 0): IndexSource & { reads: number[] } {
  const reads = passages.map(() => 0);
  return {
    reads,
    documentCount: 1,
    ids: () => ['long'],
    dictionary: Uint8Array.of(1, 2),
    chunksOf: () => passages.map((_, chunk) => chunk),
    compressedChunk: async (chunk) => {
      reads[chunk]!++;
      return Uint8Array.of(chunk);
    },
    passagesOf: async (chunk): Promise<ByteSpan[] | undefined> => {
      const count = passages[chunk]!;
      if (count === 1) return undefined;
      return Array.from({ length: count }, (_, place) => ({ start: 10 * place + shift, end: 10 * place + 10 }));
    },
    metadataOf: async (_, passage) => ({ passage: passage ?? 'whole' }),
  };
}

test('a chunk is never parted, however many passages it has, and short ones go together', async () => {
  const store = new ExactStore(DIMENSION);
  const encoder = new HashEncoder();
  const source = longSource([1000, 1, 40, 20, 5, 1, 64, 3]);
  const result = await synchroniseIndex(source, encoder, store);
  assert.equal([result.chunks, result.passages, result.encoded], [8, 1134, 1134]);
  assert.equal(encoder.calls, [
    { frames: 1, rows: 1000 },
    { frames: 3, rows: 61 },
    { frames: 2, rows: 6 },
    { frames: 1, rows: 64 },
    { frames: 1, rows: 3 },
  ]);
  assert.equal(source.reads, [1, 1, 1, 1, 1, 1, 1, 1]);
  assert.is((await store.count({ field: 'passage', equals: 'whole' })).passages, 2);
  assert.is((await store.count({ field: 'passage', equals: 39 })).passages, 3);
});

test('a span is part of what a row is compared by, a whole chunk is not touched by it', async () => {
  const store = new ExactStore(DIMENSION);
  await synchroniseIndex(longSource([1]), new HashEncoder(), store);
  const [whole] = await store.storedRows(['long']);
  // sha256(sha256(01 02) 00), then the metadata's digits: as before there were passages.
  assert.match(whole!.fingerprint, /^[0-9a-f]{16}\.[0-9a-f]{16}$/);
  assert.is((await synchroniseIndex(longSource([1], 3), new HashEncoder(), store)).encoded, 0);
  const two = await synchroniseIndex(longSource([2]), new HashEncoder(), store);
  assert.equal([two.encoded, two.removed], [2, 1]);
  const shifted = await synchroniseIndex(longSource([2], 3), new HashEncoder(), store);
  assert.equal([shifted.encoded, shifted.removed], [2, 2]);
  const fingerprints = (await store.storedRows(['long'])).map(({ fingerprint }) => fingerprint.split('.')[0]);
  assert.is(new Set([whole!.fingerprint.split('.')[0], ...fingerprints]).size, 3);
});

test('what an encoder leaves unread is counted over all of its calls', async () => {
  class Cutting extends HashEncoder {
    override async encodeChunks(...asked: Parameters<HashEncoder['encodeChunks']>): Promise<ChunkVectors> {
      const vectors = await super.encodeChunks(...asked);
      return vectors.rows === 64 ? vectors : { ...vectors, unread: { passages: 1, symbols: 5, bytes: vectors.rows } };
    }
  }
  const result = await synchroniseIndex(longSource([10, 64, 7, 60]), new Cutting(), new ExactStore(DIMENSION));
  assert.equal(result.unread, { passages: 3, symbols: 15, bytes: 77 });
  assert.is((await synchroniseIndex(longSource([64]), new Cutting(), new ExactStore(DIMENSION))).unread, undefined);
});

test.after(() => database.close());
test.run();
