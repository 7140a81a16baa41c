import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError } from '../../../base/index.ts';
import { type Document, DocumentReader } from '../../../data/index.ts';
import { type ChunkEncoder, LsaEmbedder, lsaConfig } from '../../../encoders/index.ts';
import { corpusIdentity, IndexFolder, type IndexMakers, Searcher, synchroniseIndex } from '../../../rag/index.ts';
import { Bm25Retriever, type LexicalUnit } from '../../../search/index.ts';
import { type Analyzer, openAnalyzer } from '../../../search/lexical/index.ts';
import type { createDecompressor } from '../../../zpkg/index.ts';
import { HashEncoder, makeDocuments, packDocuments, withFolder } from '../fixtures.ts';

const test = suite('an index with terms');

const CONFIG = lsaConfig.parse({ kind: 'lsa', dimension: 16, maximumDocumentShare: 1 });
const DOCUMENTS: readonly Document[] = makeDocuments(40).map((document, number) => ({
  ...document,
  ...(number === 7 && { title: 'ERR_FOO_BAR' }),
  metadata: { language: number % 2 === 0 ? 'en' : 'de', ...(number === 9 && { labels: ['staff'] }) },
}));

/** The decompressor of a corpus from which nothing may be decompressed. */
const refusing: typeof createDecompressor = () => ({
  decompress() {
    throw new Error('a chunk was decompressed');
  },
});

async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  return promise.then(
    () => undefined,
    (error: unknown) => (error instanceof CemError ? error.code : String(error)),
  );
}

const pack = (path: string, terms: Analyzer | undefined): Promise<string> =>
  packDocuments(path, DOCUMENTS, true, { passageSize: 256, ...(terms && { terms }) });

/** Brings an index up to date without decompressing anything. */
async function index(zpkg: string, folder: string, teacher: LsaEmbedder, encoder: ChunkEncoder) {
  await using reader = await DocumentReader.open(zpkg, { decompressor: refusing });
  const { id, revision, dimension } = teacher.description;
  const makers: IndexMakers = {
    checkpoint: { path: '/none', hash: 'a'.repeat(64) },
    teacher: { id, revision, config: CONFIG, folder: join(folder, 'teacher') },
    dimension,
    zpkg: { path: zpkg, identity: await corpusIdentity(reader) },
  };
  const { termAnalyzer: analyzer } = reader;
  await using writing = await IndexFolder.openForIndexing(join(folder, 'index'), makers, analyzer && { analyzer });
  const result = await synchroniseIndex(reader, encoder, writing.store);
  await writing.finish(result);
  return { result, manifest: writing.manifest };
}

test('terms go into the index with the vectors, another analyzer changes only them, and searches rank by words, vectors or both', () =>
  withFolder(async (folder) => {
    const teacher = await LsaEmbedder.fit(
      DOCUMENTS.map(({ text }) => text),
      CONFIG,
    );
    await teacher.save(join(folder, 'teacher'));
    const zpkg = join(folder, 'a.zpkg');
    const [words, characters] = [await openAnalyzer({ kind: 'words' }), await openAnalyzer()];
    const path = join(folder, 'index');
    await pack(zpkg, words);
    const first = await index(zpkg, folder, teacher, new HashEncoder());
    assert.is(first.result.encoded, first.result.passages);
    assert.is(first.result.termed, undefined);
    assert.is(first.manifest.version, 3);
    assert.equal(first.manifest.analyzer, words.settings);

    const reader = await DocumentReader.open(zpkg);
    const units: LexicalUnit[] = [];
    for (let chunk = 0; chunk < reader.chunkCount; chunk++) {
      const bytes = Buffer.from(await reader.chunkText(chunk));
      for (const [passage, { start, end }] of ((await reader.passagesOf(chunk)) ?? [{ start: 0, end: bytes.length }]).entries())
        units.push({
          document: reader.documentOf(chunk),
          chunk,
          passage,
          text: bytes.toString('utf8', start, end),
          metadata: await reader.metadataOf(chunk, passage),
        });
    }
    await reader.close();
    const check = async (analyzer: Analyzer): Promise<void> => {
      await using searcher = await Searcher.open(path, { retrievers: 'bm25' });
      assert.is(searcher.description.queries, undefined);
      assert.is(searcher.description.retrievers, 'bm25');
      const oracle = await Bm25Retriever.create(units, { tokenize: analyzer.terms });
      for (const query of ['err_foo_bar', 'the kernel of a network', 'archive border daemon', 'Title 3']) {
        for (const filter of [undefined, { field: 'language', equals: 'de' }, { access: [] }] as const) {
          const options = { k: 10, filter };
          const [expected] = await oracle.search([query], options);
          const found = await searcher.search(query, options);
          assert.equal(
            found.map(({ document, chunk, passage }) => [document, chunk, passage]),
            expected!.map(({ document, chunk, passage }) => [document, chunk, passage]),
          );
          found.forEach(({ score }, rank) => {
            assert.ok(Math.abs(score - expected![rank]!.score) < 1e-6);
          });
        }
      }
    };
    await check(words);
    {
      await using searcher = await Searcher.open(path, { retrievers: 'bm25' });
      const [hit] = await searcher.search('ERR_FOO_BAR', { k: 1 });
      assert.is(hit!.document, 'document-7');
      assert.match(hit!.text, /^ERR_FOO_BAR/);
    }
    {
      await using searcher = await Searcher.open(path, {
        retrievers: 'hybrid',
        fusion: { method: 'rrf', weights: { bm25: 1, vectors: 0.01 } },
      });
      const found = await searcher.search('ERR_FOO_BAR kernel', { k: 5 });
      assert.is(found[0]!.document, 'document-7');
      assert.is(found[0]!.retriever, 'hybrid');
      assert.ok(found[0]!.parts!.some(({ retriever, rank }) => retriever === 'bm25' && rank === 1));
      assert.ok(found.some(({ parts }) => parts!.some(({ retriever }) => retriever === 'vectors')));
    }
    {
      await using searcher = await Searcher.open(path);
      assert.is((await searcher.search('kernel', { k: 3 }))[0]!.parts, undefined);
    }

    const idle = new HashEncoder(0);
    const same = await index(zpkg, folder, teacher, idle);
    assert.is(same.result.encoded, 0);
    assert.is(same.result.termed, undefined);
    await pack(zpkg, characters);
    const other = await index(zpkg, folder, teacher, idle);
    assert.equal([other.result.encoded, other.result.termed], [0, other.result.passages]);
    assert.equal(other.manifest.analyzer, characters.settings);
    await check(characters);
    await pack(zpkg, undefined);
    const none = await index(zpkg, folder, teacher, idle);
    assert.equal([none.result.encoded, none.result.termed], [0, undefined]);
    assert.is(none.manifest.version, 2);
    assert.is(await codeOf(Searcher.open(path, { retrievers: 'bm25' })), 'INDEX_NO_TERMS');
    await pack(zpkg, words);
    assert.is((await index(zpkg, folder, teacher, idle)).result.termed, first.result.passages);
    await check(words);
  }));

test.run();
