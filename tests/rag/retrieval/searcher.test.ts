import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError } from '../../../base/index.ts';
import { DocumentReader } from '../../../data/index.ts';
import { type ChunkEncoder, LsaEmbedder, lsaConfig } from '../../../encoders/index.ts';
import {
  corpusIdentity,
  IndexFolder,
  type IndexMakers,
  Searcher,
  type SearchResult,
  synchroniseIndex,
} from '../../../rag/index.ts';
import { ExactStore } from '../../../search/exact/index.ts';
import { createDecompressor } from '../../../zpkg/index.ts';
import {
  DIMENSION,
  HashEncoder,
  hashVector,
  makeDocuments,
  openTestDatabase,
  packDocuments,
  passageVector,
  tableEmbedder,
  withFolder,
} from '../fixtures.ts';

const test = suite('searcher');
const DESCRIPTION = {
  documents: 0,
  chunks: 0,
  passages: 0,
  dimension: DIMENSION,
  checkpoint: 'c',
  teacher: 't',
  queries: 'teacher' as const,
};

/** Decompressors that count what they decompress. */
function countingDecompressor(): { make: typeof createDecompressor; count(): number } {
  let count = 0;
  return {
    make: (dictionary) => {
      const real = createDecompressor(dictionary);
      return {
        decompress(frame) {
          count++;
          return real.decompress(frame);
        },
      };
    },
    count: () => count,
  };
}

async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  return promise.then(
    () => undefined,
    (error: unknown) => (error instanceof CemError ? error.code : String(error)),
  );
}

test('a search decompresses exactly the chunks of its k results, and shows their text', () =>
  withFolder(async (folder) => {
    const documents = makeDocuments(80);
    const counting = countingDecompressor();
    const reader = await DocumentReader.open(await packDocuments(`${folder}/a.zpkg`, documents), { decompressor: counting.make });
    const database = await openTestDatabase();
    const store = await database.store('counted');
    await synchroniseIndex(reader, new HashEncoder(), store);
    const wanted = reader.chunksOf('document-59')[1]!;
    const embedder = tableEmbedder(new Map([['the second part of 59', hashVector(await reader.compressedChunk(wanted))]]));
    const searcher = new Searcher({ embedder, store, texts: reader, description: DESCRIPTION, close: () => reader.close() });
    assert.is(counting.count(), 0, 'indexing decompresses nothing');

    let decompressed = 0;
    for (const k of [1, 3, 10, 100]) {
      const results = await searcher.search('the second part of 59', { k });
      assert.is(results.length, Math.min(k, 80));
      assert.is(counting.count() - decompressed, results.length, `k = ${k}`);
      decompressed = counting.count();
      assert.is(new Set(results.map(({ document }) => document)).size, results.length, 'k results are k documents');
      assert.equal([results[0]!.document, results[0]!.chunk], ['document-59', wanted]);
      assert.ok(Math.abs(results[0]!.score - 1) < 1e-6);
    }
    for (const { document: id, text } of await searcher.search('anything else', { k: 10 })) {
      const { title, text: whole } = documents.find((document) => document.id === id)!;
      assert.ok(text.length > 0 && `${title} ${whole}`.includes(text), id);
    }
    assert.equal(
      (await searcher.search('the second part of 59', { k: 5, filter: { documents: ['document-1', 'document-2'] } }))
        .map(({ document }) => document)
        .sort(),
      ['document-1', 'document-2'],
    );

    for (const query of ['', ' \n\t', 'x'.repeat(10_001)])
      assert.is(await codeOf(searcher.search(query, { k: 1 })), 'SEARCH_QUERY');
    for (const k of [0, -1, 1.5, 101, Number.NaN]) assert.is(await codeOf(searcher.search('x', { k })), 'SEARCH_RESULT_COUNT');
    await searcher.close();
    await database.close();
  }));

test('with passages a search decompresses each of its k chunks once, and shows the passage, its span and its unit', () =>
  withFolder(async (folder) => {
    const documents = makeDocuments(80).map((document) => ({ ...document, metadata: { source: `${document.id}.md` } }));
    const counting = countingDecompressor();
    const path = await packDocuments(`${folder}/a.zpkg`, documents, false, { passageSize: 256 });
    const reader = await DocumentReader.open(path, { decompressor: counting.make });
    const store = new ExactStore(DIMENSION);
    await synchroniseIndex(reader, new HashEncoder(), store);
    const chunk = reader.chunksOf('document-59')[1]!;
    const [frame, spans] = [await reader.compressedChunk(chunk), (await reader.passagesOf(chunk))!];
    const embedder = tableEmbedder(new Map([['the third passage', passageVector(frame, spans[2]!)]]));
    const searcher = new Searcher({ embedder, store, texts: reader, description: DESCRIPTION, close: () => reader.close() });
    assert.is(counting.count(), 0, 'indexing decompresses nothing');

    let decompressed = 0;
    const mean = { kind: 'mean', best: 3 } as const;
    for (const options of [{}, { units: true }, { scoring: mean }, { scoring: mean, units: true }]) {
      for (const k of [1, 10, 100]) {
        const results = await searcher.search('the third passage', { k, ...options });
        assert.is(results.length, Math.min(k, 80));
        assert.is(counting.count() - decompressed, results.length, `k = ${k}`);
        decompressed = counting.count();
        assert.is(new Set(results.map(({ document }) => document)).size, results.length);
        for (const { document: id, span, text, unit, metadata } of results) {
          const { title, text: whole } = documents.find((document) => document.id === id)!;
          assert.ok(text.length > 0 && text.length <= 384 && `${title} ${whole}`.includes(text), text);
          // The span is of the source's text, in which there is no title; all of this text is ASCII.
          const own = whole.slice(span!.start, span!.end);
          assert.is(text, text.startsWith(title) ? `${title} ${own}` : own);
          assert.equal((metadata as { span: unknown }).span, span);
          assert.is(unit?.text.slice(unit.passage.start, unit.passage.end), options.units ? text : undefined);
        }
      }
    }
    const [best] = await searcher.search('the third passage', { k: 1 });
    assert.equal([best!.document, best!.chunk, best!.passage], ['document-59', chunk, 2]);
    const [first] = await searcher.search('the third passage', { k: 80, scoring: { kind: 'mean', best: 100 } });
    assert.ok(first!.score < best!.score, 'the mean of all passages is below the best one');
    assert.is(await codeOf(searcher.search('x', { k: 1, scoring: { kind: 'mean', best: 0 } })), 'SEARCH_SCORING');
    await searcher.close();
  }));

test('the span of a passage is in bytes, also where characters take several', async () => {
  const store = new ExactStore(DIMENSION);
  await store.upsert([{ document: 'a', chunk: 4, passage: 1, vector: hashVector('wanted'), fingerprint: '' }]);
  const texts = {
    chunkText: async () => '\u{feff}日本語 und 😀 mehr',
    passagesOf: async () => [
      { start: 0, end: 13 },
      { start: 13, end: 21 },
      { start: 21, end: 26 },
    ],
  };
  const embedder = tableEmbedder(new Map([['wanted', hashVector('wanted')]]));
  const searcher = new Searcher({ embedder, store, texts, description: DESCRIPTION, close: async () => {} });
  const [{ score: _, ...result }] = (await searcher.search('wanted', { k: 1, units: true })) as [SearchResult];
  assert.equal(result, {
    document: 'a',
    chunk: 4,
    passage: 1,
    text: 'und 😀',
    unit: { text: '\u{feff}日本語 und 😀 mehr', passage: { start: 13, end: 21 } },
    retriever: 'pgvector',
  });
});

test('several queries are encoded in one call, and each answers as by itself, with what the corpus knows of its chunks', async () => {
  const store = new ExactStore(DIMENSION);
  await store.upsert(
    ['one', 'two', 'three'].map((document, chunk) => ({
      document,
      chunk,
      passage: 0,
      vector: hashVector(document),
      fingerprint: '',
      metadata: { labels: document === 'two' ? ['staff'] : [] },
    })),
  );
  let calls = 0;
  const embedder = tableEmbedder(new Map([['nothing known', new Float32Array(DIMENSION)]]));
  const counting = {
    ...embedder,
    embedQueries: (texts: readonly string[]) => {
      calls++;
      return embedder.embedQueries(texts);
    },
  };
  const texts = {
    chunkText: async (chunk: number) => `text ${chunk}`,
    metadataOf: async (chunk: number) => (chunk === 0 ? { title: 'One' } : undefined),
  };
  const searcher = new Searcher({ embedder: counting, store, texts, description: DESCRIPTION, close: async () => {} });
  const told: [number, string][] = [];
  const options = { k: 1, onUnsearchable: (query: number, reason: string) => told.push([query, reason]) };
  const results = await searcher.searchAll(['one', 'nothing known', 'two'], options);
  assert.is(calls, 1);
  const [{ score, ...one }] = results[0] as [SearchResult];
  assert.ok(Math.abs(score - 1) < 1e-6);
  assert.equal(one, { document: 'one', chunk: 0, passage: 0, text: 'text 0', retriever: 'pgvector', metadata: { title: 'One' } });
  assert.equal(results[1], []);
  assert.match(JSON.stringify(told), /^\[\[1,".*all zeros.*"\]\]$/);
  assert.equal(
    results[2]!.map(({ document, metadata }) => [document, metadata]),
    [['two', undefined]],
  );
  assert.equal(await searcher.search('one', { k: 1 }), results[0]);
  const open = await searcher.search('two', { k: 3, filter: { access: [] } });
  assert.equal(open.map(({ document }) => document).sort(), ['one', 'three']);
  assert.equal(await searcher.searchAll([], { k: 1 }), []);
  assert.is(await codeOf(searcher.search('one', { k: 1, filter: { field: '', equals: 1 } })), 'SEARCH_FILTER');
  const reason = new CemError('TEST_REASON', 'no longer wanted');
  assert.is(await codeOf(searcher.search('one', { k: 1, signal: AbortSignal.abort(reason) })), 'TEST_REASON');
});

const RECIPES = [
  ['bread', 'Mix flour, water, salt and yeast. Knead the dough and bake the bread in a hot oven.'],
  ['soup', 'Boil carrots, onions and potatoes in water. Season the soup with salt and pepper.'],
  ['bicycle', 'Turn the bicycle over. Take off the wheel and patch the tube of the tyre.'],
  ['chain', 'Clean the chain of the bicycle with a brush and oil the chain and the gears.'],
  ['guitar', 'Tune the strings of the guitar from the low string to the high string.'],
  ['piano', 'Practise the scales on the piano slowly with both hands, then play the piano faster.'],
] as const;

test('an index on disk is opened with all that it names, and answers', () =>
  withFolder(async (folder) => {
    const documents = Array.from({ length: 60 }, (_, number) => {
      const [id, text] = RECIPES[number % RECIPES.length]!;
      return { id: `${id}-${number}`, title: '', text: `${text} Note ${number}.` };
    });
    const teacher = await LsaEmbedder.fit(
      documents.map(({ text }) => text),
      lsaConfig.parse({ kind: 'lsa', dimension: 8 }),
    );
    await teacher.save(join(folder, 'teacher'));
    const zpkg = await packDocuments(join(folder, 'a.zpkg'), documents);
    const reader = await DocumentReader.open(zpkg);
    // A perfect student: it gives the teacher's vector of the chunk's text, which it knows by the frame.
    const texts = new Map<string, string>();
    for (let chunk = 0; chunk < reader.chunkCount; chunk++)
      texts.set(Buffer.from(await reader.compressedChunk(chunk)).toString('hex'), await reader.chunkText(chunk));
    const student: ChunkEncoder = {
      dimension: teacher.description.dimension,
      encodeChunks: (frames) => teacher.embedDocuments(frames.map((frame) => texts.get(Buffer.from(frame).toString('hex'))!)),
    };
    const { id, revision, dimension } = teacher.description;
    const makers: IndexMakers = {
      checkpoint: { path: '/none', hash: 'a'.repeat(64) },
      teacher: { id, revision, config: lsaConfig.parse({ kind: 'lsa', dimension: 8 }), folder: join(folder, 'teacher') },
      dimension,
      zpkg: { path: zpkg, identity: await corpusIdentity(reader) },
    };
    const index = join(folder, 'index');
    const writing = await IndexFolder.openForIndexing(index, makers);
    await writing.finish(await synchroniseIndex(reader, student, writing.store));
    await writing.close();
    await reader.close();

    const counting = countingDecompressor();
    const searcher = await Searcher.open(index, { decompressor: counting.make });
    assert.equal(searcher.description, {
      documents: 60,
      chunks: 60,
      passages: 60,
      dimension,
      checkpoint: 'a'.repeat(64),
      teacher: id,
      queries: 'teacher',
      vectors: { precision: 'single', search: 'vectors' },
    });
    // Another one shares the index, who would write to it is kept out.
    await (await Searcher.open(index)).close();
    assert.is(await codeOf(IndexFolder.openForIndexing(index, makers)), 'FOLDER_LOCKED');
    const found = await searcher.search('how to patch a tyre of a bicycle', { k: 10 });
    assert.ok(
      found.every((result) => result.document.startsWith('bicycle-')),
      found.map((result) => result.document).join(' '),
    );
    assert.ok(found.every((result) => result.text.includes('patch the tube')));
    assert.is(counting.count(), 10);
    await searcher.close();

    // The container was packed again, from other texts: what the index says about chunks is no longer true.
    await cp(zpkg, `${zpkg}.old`);
    await cp(`${zpkg}.map`, `${zpkg}.map.old`);
    await packDocuments(zpkg, documents.slice(1), true);
    assert.is(await codeOf(Searcher.open(index)), 'INDEX_ZPKG_CHANGED');
    await cp(`${zpkg}.old`, zpkg);
    await cp(`${zpkg}.map.old`, `${zpkg}.map`);

    // Another teacher lies where the index's own did.
    const other = await LsaEmbedder.fit(
      documents.slice(0, 40).map(({ text }) => text),
      lsaConfig.parse({ kind: 'lsa', dimension: 8 }),
    );
    await other.save(join(folder, 'teacher'));
    assert.is(await codeOf(Searcher.open(index)), 'INDEX_OTHER_TEACHER');

    // Every refusal gave the folder back.
    await teacher.save(join(folder, 'teacher'));
    await (await Searcher.open(index)).close();
  }));

test.run();
