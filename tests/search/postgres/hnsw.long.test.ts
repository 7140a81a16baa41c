import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CemError } from '../../../base/errors.ts';
import { RandomNumbers } from '../../../base/random.ts';
import { documentText, readBeir } from '../../../data/index.ts';
import { LsaEmbedder, lsaConfig, type Vectors } from '../../../encoders/index.ts';
import type { VectorIndexInput, VectorRow } from '../../../search/index.ts';
import { openPglite } from '../../../search/postgres/pglite-driver.ts';
import { PgvectorStore } from '../../../search/postgres/pgvector-store.ts';
import { openPostgres } from '../../../search/postgres/postgres-driver.ts';
import type { SqlDriver } from '../../../search/postgres/sql-driver.ts';
import { recallAgainst } from '../../../search/recall.ts';
import { vectorStoreContract } from '../../contracts/vector-store.ts';

const DIMENSION = 8;
const HNSW: VectorIndexInput = { kind: 'hnsw' };
const techdocs = fileURLToPath(new URL('../../../../shared/data/techdocs-beir', import.meta.url));
const freshName = (): string => `t${randomBytes(6).toString('hex')}`;
const sharing = (driver: SqlDriver): SqlDriver => ({ ...driver, close: async () => {} });

const embedded = await openPglite();
const serverUrl = process.env['CEM_TEST_DATABASE_URL'];
const server = serverUrl === undefined ? undefined : await openPostgres(serverUrl);

// With as many candidates as there are rows to speak of, what the graph finds is what there is: it must then keep the whole contract.
for (const [name, driver] of [
  ['PGlite', embedded],
  ['PostgreSQL', server],
] as const) {
  if (driver === undefined) {
    console.log('skipped: HNSW on PostgreSQL (set CEM_TEST_DATABASE_URL to a database with pgvector)');
    continue;
  }
  vectorStoreContract(`${name}, HNSW built before the rows`, {
    async open(dimension) {
      const table = freshName();
      const dropping: SqlDriver = {
        ...driver,
        close: async () => {
          await driver.query(`drop table ${table}_chunks, ${table}_metadata`);
        },
      };
      const vectorIndex: VectorIndexInput = { kind: 'hnsw', m: 32, efConstruction: 200, efSearch: 1000 };
      const store = await PgvectorStore.open(dropping, { dimension, name: table, vectorIndex });
      await store.finishWriting();
      return store;
    },
    tolerance: 1e-6,
  });
}

const test = suite('HNSW');

function randomRows(count: number): VectorRow[] {
  const numbers = new RandomNumbers(1, 'hnsw');
  return Array.from({ length: count }, (_, chunk) => {
    const vector = Float32Array.from({ length: DIMENSION }, () => numbers.normal());
    const norm = Math.hypot(...vector);
    return {
      document: `document ${chunk}`,
      chunk,
      passage: 0,
      vector: vector.map((value) => value / norm),
      fingerprint: '',
      metadata: { rare: chunk % 200 === 0 },
    };
  });
}

async function builtIndexes(name: string): Promise<string[]> {
  const rows = await embedded.query<{ definition: string }>(
    'select indexdef as definition from pg_indexes where tablename = $1',
    [`${name}_chunks`],
  );
  return rows.map(({ definition }) => definition).filter((definition) => definition.includes('hnsw'));
}

test('is built when writing is finished, kept when the store is opened again, built anew with other numbers, and dropped', async () => {
  const name = freshName();
  const open = (vectorIndex?: VectorIndexInput) =>
    PgvectorStore.open(sharing(embedded), { dimension: DIMENSION, name, ...(vectorIndex && { vectorIndex }) });
  const store = await open(HNSW);
  await store.upsert(randomRows(300));
  assert.equal(store.vectorIndex, { kind: 'none' });
  assert.equal(await builtIndexes(name), []);
  await store.finishWriting();
  assert.equal(store.vectorIndex, { kind: 'hnsw', m: 16, efConstruction: 64, efSearch: 100 });
  assert.match((await builtIndexes(name))[0]!, /vector_ip_ops\) WITH \(m='16', ef_construction='64'\)/);

  const again = await open();
  assert.equal(again.vectorIndex, store.vectorIndex);
  await again.finishWriting();
  assert.is((await builtIndexes(name)).length, 1);

  const denser = await open({ kind: 'hnsw', m: 24 });
  await denser.finishWriting();
  assert.match((await builtIndexes(name))[0]!, /m='24'/);
  assert.is((await builtIndexes(name)).length, 1);

  const none = await open({ kind: 'none' });
  await none.finishWriting();
  assert.equal(await builtIndexes(name), []);
  assert.equal((await open()).vectorIndex, { kind: 'none' });
});

test('searches use it, and a rare filter still gets its k documents', async () => {
  const name = freshName();
  const store = await PgvectorStore.open(sharing(embedded), { dimension: DIMENSION, name, vectorIndex: HNSW });
  const rows = randomRows(2000);
  await store.upsert(rows);
  await store.finishWriting();
  const { queries, recall } = await store.measureRecall(50, 10);
  assert.is(queries, 50);
  assert.ok(recall >= 0.95, `${recall}`);
  await embedded.query(`analyze ${name}_chunks`);
  const plan = await embedded.query<Record<string, string>>(
    `explain select chunk from ${name}_chunks order by vector <#> $1::vector limit 40`,
    [JSON.stringify([...rows[0]!.vector])],
  );
  assert.match(JSON.stringify(plan), /Index Scan using t[0-9a-f]+_hnsw/);
  const query = rows[7]!.vector;
  const score = (row: VectorRow) => row.vector.reduce((sum, value, index) => sum + value * query[index]!, 0);
  const rare = rows.filter((_, index) => index % 200 === 0).sort((left, right) => score(right) - score(left));
  assert.equal(
    (await store.search(query, { k: 10, filter: { field: 'rare', equals: true } })).map(({ document }) => document),
    rare.map(({ document }) => document),
  );
});

test('means are exact over the documents that the graph finds first, of which there are more until no other can come in', async () => {
  const name = freshName();
  const statements: string[] = [];
  const listening: SqlDriver = {
    ...sharing(embedded),
    query: (statement, parameters, signal) => {
      if (statement.includes('row_number')) statements.push(statement);
      return embedded.query(statement, parameters, signal);
    },
  };
  const store = await PgvectorStore.open(listening, { dimension: DIMENSION, name, vectorIndex: HNSW });
  const [high, low, good] = [0, 1, 2].map((axis) => {
    const vector = new Float32Array(DIMENSION);
    vector[0] = [1, -1, 0.9][axis]!;
    vector[1] = Math.sqrt(1 - vector[0] ** 2);
    return vector;
  }) as [Float32Array, Float32Array, Float32Array];
  // Of 400 documents a passage is as good as can be, and the other as bad; both of the wanted one are good.
  const rows: VectorRow[] = [];
  for (let number = 0; number < 400; number++)
    for (const [passage, vector] of [high, low].entries())
      rows.push({ document: `decoy ${number}`, chunk: number, passage, vector, fingerprint: '' });
  for (const passage of [0, 1]) rows.push({ document: 'wanted', chunk: 999, passage, vector: good, fingerprint: '' });
  await store.upsert(rows);
  // And many that are nothing special, among which the graph has to find its way.
  const many = randomRows(3000).map((row, index) => ({
    ...row,
    document: `document ${Math.floor(index / 3)}`,
    chunk: 1000 + Math.floor(index / 3),
    passage: index % 3,
  }));
  await store.upsert(many);
  await store.finishWriting();
  const mean = { kind: 'mean', best: 2 } as const;
  const [best] = await store.search(high, { k: 1, scoring: mean });
  assert.equal([best!.document, best!.chunk, best!.passage], ['wanted', 999, 0]);
  assert.ok(Math.abs(best!.score - 0.9) < 1e-6);
  assert.ok(statements.length > 1, 'there were more candidates');

  // Elsewhere a few candidates do, and are told by their ids.
  const exact = await PgvectorStore.open(sharing(embedded), { dimension: DIMENSION, name, vectorIndex: { kind: 'none' } });
  await exact.finishWriting();
  const [wanted, found]: [string[][], string[][]] = [[], []];
  const queries = many.slice(0, 300).filter((_, index) => index % 10 === 0);
  for (const { vector } of queries)
    wanted.push((await exact.search(vector, { k: 10, scoring: mean })).map(({ document }) => document));
  const again = await PgvectorStore.open(listening, { dimension: DIMENSION, name, vectorIndex: HNSW });
  await again.finishWriting();
  statements.length = 0;
  for (const { vector } of queries)
    found.push((await again.search(vector, { k: 10, scoring: mean })).map(({ document }) => document));
  const recall = recallAgainst(wanted, found);
  assert.ok(recall >= 0.95, `${recall}`);
  assert.ok(
    statements.every((statement) => statement.includes('sha256')),
    'no mean was taken of all documents',
  );
});

test('one that cannot be built is refused before the store is made', async () => {
  const refused: [number, 'single' | 'half', VectorIndexInput][] = [
    [2001, 'single', HNSW],
    [4001, 'half', HNSW],
    [8, 'single', { kind: 'hnsw', m: 1 }],
    [8, 'single', { kind: 'hnsw', m: 40 }],
  ];
  const name = freshName();
  for (const [dimension, precision, vectorIndex] of refused) {
    try {
      await PgvectorStore.open(sharing(embedded), { dimension, precision, name, vectorIndex });
      assert.unreachable();
    } catch (error) {
      assert.is((error as CemError).code, 'VECTOR_INDEX');
    }
  }
  assert.equal(await embedded.query('select 1 from pg_tables where tablename like $1', [`${name}%`]), []);
});

/** Fitted on some of the texts, which is quicker and gives vectors of the same kind. */
const FITTED_ON = 4000;
const DOCUMENTS = 20_000;
const QUERIES = 200;

async function techdocsVectors(): Promise<{ ids: string[]; documents: Vectors; queries: Vectors }> {
  const data = await readBeir(techdocs, 'train');
  const [ids, texts]: [string[], string[]] = [[], []];
  for await (const document of data.documents()) {
    if (ids.length === DOCUMENTS) break;
    ids.push(document.id);
    texts.push(documentText(document));
  }
  const embedder = await LsaEmbedder.fit(texts.slice(0, FITTED_ON), lsaConfig.parse({ kind: 'lsa', dimension: 128 }));
  const queries = await embedder.embedQueries([...data.queries.values()].slice(0, QUERIES));
  return { ids, documents: await embedder.embedDocuments(texts), queries };
}

if (server === undefined || !existsSync(techdocs)) {
  console.log(`skipped: HNSW recall on ${DOCUMENTS} LSA vectors (needs CEM_TEST_DATABASE_URL and ${techdocs})`);
} else {
  test(`recall@10 on ${DOCUMENTS} LSA vectors in PostgreSQL`, async () => {
    const { ids, documents, queries } = await techdocsVectors();
    const row = ({ data, dimension }: Vectors, index: number) => data.subarray(index * dimension, (index + 1) * dimension);
    const name = freshName();
    const store = await PgvectorStore.open(sharing(server), { dimension: documents.dimension, name, vectorIndex: HNSW });
    try {
      await store.upsert(
        ids.map((document, chunk) => ({ document, chunk, passage: 0, vector: row(documents, chunk), fingerprint: '' })),
      );
      const search = async (): Promise<{ found: string[][]; milliseconds: string }> => {
        const start = performance.now();
        const found: string[][] = [];
        for (let query = 0; query < queries.rows; query++) {
          found.push((await store.search(row(queries, query), { k: 10 })).map(({ document }) => document));
        }
        return { found, milliseconds: (performance.now() - start).toFixed(0) };
      };
      const exact = await search();
      await store.finishWriting();
      const approximate = await search();
      const recall = recallAgainst(exact.found, approximate.found);
      console.log(
        `HNSW: recall@10 ${recall.toFixed(4)}; ${QUERIES} searches in ${approximate.milliseconds} ms, exact ones in ${exact.milliseconds} ms`,
      );
      assert.ok(recall >= 0.95, `${recall}`);
    } finally {
      await server.query(`drop table ${name}_chunks, ${name}_metadata`);
    }
  });
}

test.after(async () => {
  await embedded.close();
  await server?.close();
});

test.run();
