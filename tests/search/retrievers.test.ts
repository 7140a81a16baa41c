import { randomBytes } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { countTerms, type TermCounts } from '../../base/index.ts';
import type { CorpusVectors, Encoder, QueryEmbedder } from '../../encoders/index.ts';
import { ExactRetriever, ExactStore } from '../../search/exact/index.ts';
import {
  Bm25Retriever,
  type FusionInput,
  FusionRetriever,
  type Retriever,
  VectorRetriever,
  type VectorStore,
} from '../../search/index.ts';
import { openAnalyzer } from '../../search/lexical/index.ts';
import { PostgresBm25Retriever } from '../../search/postgres/index.ts';
import { openPglite } from '../../search/postgres/pglite-driver.ts';
import { PgvectorStore } from '../../search/postgres/pgvector-store.ts';
import { openPostgres } from '../../search/postgres/postgres-driver.ts';
import type { SqlDriver } from '../../search/postgres/sql-driver.ts';
import { bagOfWords, type RetrieverUnit, retrieverContract, WORDS } from '../contracts/retriever.ts';

const DESCRIPTION = { id: 'words', revision: '1', dimension: WORDS.length, settings: {} };
const EMBEDDER: QueryEmbedder = {
  description: DESCRIPTION,
  embedQueries: async (texts) => bagOfWords(texts),
  dispose: async () => {},
};

/** An encoder that knows chunks and passages, as the student does. */
function encoderOf(units: readonly RetrieverUnit[]): Encoder {
  return {
    description: DESCRIPTION,
    encodeQueries: EMBEDDER.embedQueries,
    async encodeCorpus(ids): Promise<CorpusVectors> {
      const rows = ids.flatMap((id, owner) => units.filter(({ document }) => document === id).map((unit) => ({ unit, owner })));
      return {
        ...bagOfWords(rows.map(({ unit }) => unit.text)),
        owners: Int32Array.from(rows, ({ owner }) => owner),
        chunks: Int32Array.from(rows, ({ unit }) => unit.chunk),
        passages: Int32Array.from(rows, ({ unit }) => unit.passage),
      };
    },
  };
}

/** Ranked by a store that holds the units. */
async function overStore(
  store: VectorStore,
  units: readonly RetrieverUnit[],
  name: string,
  termsOf?: (text: string) => TermCounts,
): Promise<VectorRetriever> {
  const { data, dimension } = bagOfWords(units.map(({ text }) => text));
  await store.upsert(
    units.map(({ document, chunk, passage, metadata, text }, row) => ({
      document,
      chunk,
      passage,
      metadata,
      terms: termsOf?.(text),
      fingerprint: '',
      vector: data.subarray(row * dimension, (row + 1) * dimension),
    })),
  );
  return new VectorRetriever(EMBEDDER, store, name);
}

const embedded = await openPglite();
const serverUrl = process.env['CEM_TEST_DATABASE_URL'];
const server = serverUrl === undefined ? undefined : await openPostgres(serverUrl);

function exactRetriever(units: readonly RetrieverUnit[], name: string): Promise<ExactRetriever> {
  const metadata = new Map(units.map((unit) => [`${unit.chunk} ${unit.passage}`, unit.metadata]));
  const ids = [...new Set(units.map(({ document }) => document))];
  return ExactRetriever.create(encoderOf(units), ids, {
    name,
    metadataOf: (_, chunk, passage) => metadata.get(`${chunk} ${passage}`),
  });
}

const bm25Retriever = (units: readonly RetrieverUnit[], name: string): Promise<Retriever> =>
  Bm25Retriever.create(units, { name });

retrieverContract('exact search over an encoder', { create: exactRetriever });
retrieverContract('BM25', { create: bm25Retriever, unfoundScore: 0 });
retrieverContract('a store in memory', {
  create: (units, name) => overStore(new ExactStore(WORDS.length), units, name),
});

/**
 * A fusion of two retrievers of one kind over the same units: both rank alike, and so must the fusion, which orders documents by ranks that have no
 * ties. The contract knows the scores of passages, not fused ones, and is therefore shown those of the first part.
 */
function fusionOfTwins(create: (units: readonly RetrieverUnit[], name: string) => Promise<Retriever>, options: FusionInput) {
  return async (units: readonly RetrieverUnit[], name: string): Promise<Retriever> => {
    const twins = [await create(units, 'one'), await create(units, 'other')];
    const fusion = new FusionRetriever(
      twins.map((retriever) => ({ retriever })),
      options,
      name,
    );
    return {
      name: fusion.name,
      search: async (queries, search) =>
        (await fusion.search(queries, search)).map((hits) =>
          hits.map(({ parts, ...hit }) => ({ ...hit, score: parts[0]!.score })),
        ),
    };
  };
}

retrieverContract('fusion by rrf of exact search', { create: fusionOfTwins(exactRetriever, { method: 'rrf' }) });
retrieverContract('fusion by weighted ranks of BM25', {
  create: fusionOfTwins(bm25Retriever, { method: 'weighted-ranks', weights: { one: 0.3, other: 0.7 }, depth: { hits: 50 } }),
  unfoundScore: 0,
});
retrieverContract('fusion by dedup of BM25', { create: fusionOfTwins(bm25Retriever, { method: 'dedup' }), unfoundScore: 0 });

for (const [kind, driver] of [
  ['PGlite', embedded],
  ['PostgreSQL', server],
] as const) {
  if (driver === undefined) {
    console.log('skipped: retriever contract on PostgreSQL (set CEM_TEST_DATABASE_URL to a database with pgvector)');
    continue;
  }
  const tables: string[] = [];
  for (const [how, partitions] of [
    [kind, undefined],
    [`partitions of ${kind}`, 3],
  ] as const) {
    retrieverContract(how, {
      async create(units, name) {
        const prefix = `t${randomBytes(6).toString('hex')}`;
        tables.push(prefix);
        const sharing: SqlDriver = { ...driver, close: async () => {} };
        const store = await PgvectorStore.open(sharing, { dimension: WORDS.length, name: prefix, partitions });
        return overStore(store, units, name);
      },
    });
    retrieverContract(`BM25 in ${how}`, {
      unfoundScore: 0,
      async create(units, name) {
        const prefix = `t${randomBytes(6).toString('hex')}`;
        tables.push(prefix, ...['units', 'logs', 'postings', 'gone'].map((table) => `${prefix}_${table}`));
        const sharing: SqlDriver = { ...driver, close: async () => {} };
        const analyzer = await openAnalyzer();
        const terms = { analyzer: analyzer.settings };
        const store = await PgvectorStore.open(sharing, { dimension: WORDS.length, name: prefix, terms, partitions });
        const termsOf = (text: string) => countTerms(analyzer.terms(text));
        await overStore(store, units, name, termsOf);
        return new PostgresBm25Retriever(store.terms!, analyzer, { name });
      },
      async close() {
        if (partitions === undefined) return;
        for (const prefix of tables) await driver.query(`drop table if exists ${prefix}, ${prefix}_chunks, ${prefix}_metadata`);
        await driver.close();
      },
    });
  }
}

const test = suite('retrievers together');

test('hits of different retrievers over the same passages join by document, chunk and passage', async () => {
  const units: RetrieverUnit[] = [
    { document: 'a', chunk: 3, passage: 0, text: 'alpha beta' },
    { document: 'a', chunk: 4, passage: 1, text: 'gamma' },
    { document: 'b', chunk: 7, passage: 0, text: 'gamma gamma delta' },
  ];
  const retrievers = [
    await exactRetriever(units, 'exact'),
    await Bm25Retriever.create(units, { name: 'words' }),
    await overStore(new ExactStore(WORDS.length), units, 'store'),
  ];
  const results = await Promise.all(retrievers.map((retriever) => retriever.search(['gamma'], { k: 5 })));
  for (const [place, [hits]] of results.entries()) {
    assert.equal(
      new Set(hits!.map(({ document, chunk, passage }) => `${document} ${chunk} ${passage}`)),
      new Set(['a 4 1', 'b 7 0']),
    );
    assert.ok(hits!.every(({ retriever }) => retriever === retrievers[place]!.name));
  }
});

test.run();
