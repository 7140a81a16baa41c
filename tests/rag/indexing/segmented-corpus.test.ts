import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError } from '../../../base/errors.ts';
import { addToCorpus, compactCorpus, type Document, removeFromCorpus, SegmentedCorpus } from '../../../data/index.ts';
import { corpusIdentity, synchroniseIndex } from '../../../rag/index.ts';
import { HashEncoder, makeDocuments, openTestDatabase, withFolder } from '../fixtures.ts';

const test = suite('indexing a corpus folder');
const database = await openTestDatabase();

const source = (documents: readonly Document[]) =>
  async function* () {
    yield* documents;
  };

const decompressor = () => ({
  decompress: (): Uint8Array => {
    throw new CemError('TEST_DECOMPRESSED', 'a document was decompressed');
  },
});

test('run again it encodes what was added or replaced, takes out what went, and a compaction costs nothing', () =>
  withFolder(async (parent) => {
    const folder = join(parent, 'corpus');
    const store = await database.store('segments');
    const documents = makeDocuments(60);
    const bringUpToDate = async () => {
      const corpus = await SegmentedCorpus.open(folder, { decompressor });
      const chunks = new Map([...corpus.ids()].map((id) => [id, corpus.chunksOf(id)]));
      const result = await synchroniseIndex(corpus, new HashEncoder(), store);
      assert.equal([result.documents, result.chunks], [corpus.documentCount, corpus.chunkCount]);
      const stored = (await store.storedRows([...corpus.ids()])).map(({ document, chunk }) => `${document} ${chunk}`);
      const wanted = [...chunks].flatMap(([id, own]) => own.map((chunk) => `${id} ${chunk}`));
      assert.equal(stored.sort(), wanted.sort());
      assert.equal(await store.count(), {
        documents: corpus.documentCount,
        chunks: corpus.chunkCount,
        passages: corpus.chunkCount,
        empty: 0,
      });
      const identity = await corpusIdentity(corpus);
      await corpus.close();
      return { ...result, identity, chunksOf: (id: string) => chunks.get(id)?.length ?? 0 };
    };

    await addToCorpus(folder, source(documents), { level: 1, targetChunkSize: 512, dictionarySize: 2048, workers: 1 });
    const made = await bringUpToDate();
    assert.equal([made.encoded, made.removed], [made.chunks, 0]);
    assert.ok(made.chunks > 60, 'some documents have several chunks');

    const replacement = { ...makeDocuments(8, 5)[7]!, id: 'document-3' };
    const addition = { ...makeDocuments(10, 6)[9]!, id: 'new' };
    await addToCorpus(folder, source([...documents.with(3, replacement), addition]));
    await removeFromCorpus(folder, ['document-50', 'document-51']);
    const changed = await bringUpToDate();
    const gone = ['document-3', 'document-50', 'document-51'].reduce((sum, id) => sum + made.chunksOf(id), 0);
    assert.equal([changed.encoded, changed.removed], [changed.chunksOf('document-3') + changed.chunksOf('new'), gone]);
    assert.is.not(changed.identity, made.identity);

    await compactCorpus(folder);
    const compacted = await bringUpToDate();
    assert.equal([compacted.encoded, compacted.removed, compacted.identity], [0, 0, changed.identity]);

    await compactCorpus(folder, { recompress: true });
    const packedAgain = await bringUpToDate();
    assert.equal([packedAgain.encoded, packedAgain.removed], [packedAgain.chunks, compacted.chunks]);

    await removeFromCorpus(
      folder,
      documents.map(({ id }) => id),
      { ignoreMissing: true },
    );
    assert.is((await bringUpToDate()).documents, 1);
  }));

test.after(() => database.close());

test.run();
