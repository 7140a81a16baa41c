import { randomBytes } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CemError } from '../../../base/errors.ts';
import { RandomNumbers } from '../../../base/random.ts';
import { ExactStore } from '../../../search/exact/index.ts';
import type { VectorRow } from '../../../search/index.ts';
import { openPglite } from '../../../search/postgres/pglite-driver.ts';
import type { PgvectorOptions } from '../../../search/postgres/pgvector-options.ts';
import { PgvectorStore } from '../../../search/postgres/pgvector-store.ts';
import { openPostgres } from '../../../search/postgres/postgres-driver.ts';
import type { SqlDriver } from '../../../search/postgres/sql-driver.ts';
import { recallAgainst } from '../../../search/recall.ts';
import { vectorStoreContract } from '../../contracts/vector-store.ts';

const serverUrl = process.env['CEM_TEST_DATABASE_URL'];
const databases: [string, SqlDriver][] = [['PGlite', await openPglite()]];
if (serverUrl === undefined)
  console.log('skipped: precisions int8 and binary on PostgreSQL (set CEM_TEST_DATABASE_URL to a database with pgvector)');
else databases.push(['PostgreSQL', await openPostgres(serverUrl)]);

const freshName = (): string => `t${randomBytes(6).toString('hex')}`;
const MEMORY = 2 ** 20;
/** Half a step of largest / 127 in each of 8 values, times a query's sum of magnitudes, at most sqrt(8): 0.5 / 127 * 2.83 (as in tests/search/exact/exact-store.test.ts). */
const TOLERANCE = 0.012;
/** More than the contract has rows: with all of them ranked, what is approximate must be exact but for the rounding of the integers, and keep the whole contract. */
const ALL = 100_000;

/** A driver whose closing drops the tables. */
const dropping = (driver: SqlDriver, name: string): SqlDriver => ({
  ...driver,
  close: async () => {
    await driver.query(`drop table if exists ${name}_chunks, ${name}_metadata`);
  },
});

/** Room for 20 hot rows of 8 values, and fewer codes than the contract has rows. */
const HOT = 1300;

const KINDS: readonly (readonly [string, Omit<PgvectorOptions, 'dimension'>])[] = [
  ['int8', { precision: 'int8' }],
  ['binary, scanned in the database', { precision: 'binary', candidates: ALL }],
  ['binary, codes in memory', { precision: 'binary', candidates: ALL, codesMemory: MEMORY }],
  ['binary, few candidates for a filter', { precision: 'binary', candidates: ALL / 4, codesMemory: MEMORY }],
  [
    'binary, HNSW',
    { precision: 'binary', candidates: ALL, vectorIndex: { kind: 'hnsw', m: 32, efConstruction: 200, efSearch: 1000 } },
  ],
  ['binary, tiers', { precision: 'binary', candidates: ALL, codesMemory: HOT, tiers: {} }],
  [
    'binary, tiers over HNSW',
    {
      precision: 'binary',
      candidates: ALL,
      codesMemory: HOT,
      tiers: {},
      vectorIndex: { kind: 'hnsw', m: 32, efConstruction: 200, efSearch: 1000 },
    },
  ],
];

for (const [database, driver] of databases) {
  for (const [kind, options] of KINDS) {
    vectorStoreContract(`${database}, ${kind}`, {
      async open(dimension) {
        const name = freshName();
        const store = await PgvectorStore.open(dropping(driver, name), { ...options, dimension, name });
        await store.finishWriting();
        return store;
      },
      tolerance: TOLERANCE,
    });
  }
}

const DIMENSION = 256;

const centreNumbers = new RandomNumbers(1, 'centres');
const CENTRES = Array.from({ length: 20 }, () => Float32Array.from({ length: DIMENSION }, () => centreNumbers.normal()));

/** Unit vectors around centres, as those of texts lie: neighbours are nearer than chance. */
function clustered(numbers: RandomNumbers, count: number): VectorRow[] {
  return Array.from({ length: count }, (_, chunk) => {
    const vector = CENTRES[numbers.integer(CENTRES.length)]!.map((value) => value + numbers.normal());
    const norm = Math.hypot(...vector);
    return {
      document: `document ${Math.floor(chunk / 2)}`,
      chunk,
      passage: 0,
      vector: vector.map((value) => value / norm),
      fingerprint: `${chunk}`,
      metadata: { chunk, rare: chunk % 100 === 0, half: chunk % 2 === 0 },
    };
  });
}

for (const [database, driver] of databases) {
  const test = suite(`precisions int8 and binary: ${database}`);
  const open = (name: string, options: Partial<PgvectorOptions> = {}) =>
    PgvectorStore.open({ ...driver, close: async () => {} }, { dimension: DIMENSION, name, precision: 'binary', ...options });
  const drop = (name: string) => driver.query(`drop table ${name}_chunks, ${name}_metadata`);
  const documents = (hits: readonly { readonly document: string }[]): string[] => hits.map(({ document }) => document);

  test('binary codes find most of the exact results among few candidates, whoever scans them', async () => {
    const numbers = new RandomNumbers(1, 'recall');
    const rows = clustered(numbers, 3000);
    const [name, exact] = [freshName(), new ExactStore(DIMENSION)];
    await exact.upsert(rows);
    const scan = await open(name, { candidates: 100 });
    await scan.upsert(rows);
    const memory = await open(name, { candidates: 100, codesMemory: MEMORY });
    assert.is(scan.searchesBy, 'codes');
    assert.is(memory.searchesBy, 'codes in memory');
    const queries = clustered(numbers, 40).map(({ vector }) => vector);
    const wanted: string[][] = [];
    for (const query of queries) wanted.push(documents(await exact.search(query, { k: 10 })));
    for (const store of [scan, memory]) {
      for (const filter of [undefined, { field: 'half', equals: true }, { field: 'rare', equals: true }] as const) {
        const [best, found]: [string[][], string[][]] = [[], []];
        for (const query of queries) {
          best.push(documents(await exact.search(query, { k: 10, filter })));
          found.push(documents(await store.search(query, { k: 10, filter })));
        }
        const recall = recallAgainst(best, found);
        assert.ok(recall >= 0.9, `${recall} of ${store === scan ? 'a scan' : 'codes in memory'}, ${JSON.stringify(filter)}`);
      }
    }
    const { recall, queries: asked } = await memory.measureRecall(30, 10);
    assert.is(asked, 30);
    assert.ok(recall >= 0.9, `${recall}`);
    assert.is((await (await open(name, { candidates: 3000, codesMemory: MEMORY })).measureRecall(30, 10)).recall, 1);
    await drop(name);
  });

  test('codes in memory keep in step with what this store and others write', async () => {
    const numbers = new RandomNumbers(1, 'in step');
    const name = freshName();
    const [exact, store, other] = [
      new ExactStore(DIMENSION, { storage: 'int8' }),
      await open(name, { candidates: 5000, codesMemory: MEMORY }),
      await open(name, { candidates: 5000, codesMemory: MEMORY }),
    ];
    const rows = clustered(numbers, 600);
    for (let step = 0; step < 40; step++) {
      const some = Array.from({ length: 1 + numbers.integer(20) }, () => rows[numbers.integer(rows.length)]!);
      const [writer, reader] = step % 2 === 0 ? [store, other] : [other, store];
      if (numbers.integer(3) === 0) {
        for (const into of [exact, writer]) await into.deleteDocuments(documents(some));
      } else {
        // A row that is there gets another vector.
        const changed = some.map((row) => ({ ...row, vector: rows[numbers.integer(rows.length)]!.vector }));
        for (const into of [exact, writer]) await into.upsert(changed);
      }
      for (const searched of [reader, writer]) {
        const query = rows[numbers.integer(rows.length)]!.vector;
        for (const filter of [undefined, { field: 'half', equals: true }] as const) {
          const [hits, expected] = [await searched.search(query, { k: 5, filter }), await exact.search(query, { k: 5, filter })];
          assert.equal(
            hits.map(({ score }) => score.toFixed(5)),
            expected.map(({ score }) => score.toFixed(5)),
            `step ${step}`,
          );
        }
      }
    }
    await drop(name);
  });

  test('codes are kept in memory where they fit, and only those of binary vectors without an index', async () => {
    const name = freshName();
    const store = await open(name);
    await store.upsert(clustered(new RandomNumbers(1, 'fit'), 100));
    // 32 bytes of code and 8 of key.
    assert.is((await open(name, { codesMemory: 3999 })).searchesBy, 'codes');
    assert.is((await open(name, { codesMemory: 4000 })).searchesBy, 'codes in memory');
    const growing = await open(name, { codesMemory: 4000 });
    await growing.upsert(clustered(new RandomNumbers(1, 'grow'), 101));
    const query = clustered(new RandomNumbers(1, 'query'), 1)[0]!.vector;
    assert.is((await growing.search(query, { k: 5 })).length, 5);
    assert.is(growing.searchesBy, 'codes');
    const indexed = await open(name, { codesMemory: 4000, vectorIndex: { kind: 'hnsw' } });
    await indexed.finishWriting();
    assert.is(indexed.searchesBy, 'hnsw');
    await drop(name);
    const int8 = await open(name, { precision: 'int8', codesMemory: MEMORY });
    assert.is(int8.searchesBy, 'vectors');
    await drop(name);
  });

  test('a vector of 384 values takes at most 450 bytes as binary and 400 as int8', async () => {
    for (const [precision, columns, most] of [
      ['binary', ['code', 'copy', 'scale'], 450],
      ['int8', ['copy', 'scale'], 400],
    ] as const) {
      const name = freshName();
      const store = await open(name, { precision, dimension: 384 });
      const vector = Float32Array.from({ length: 384 }, (_, index) => Math.sin(index) / 14);
      await store.upsert([{ document: 'a', chunk: 0, passage: 0, vector, fingerprint: '' }]);
      const [size] = await driver.query<{ bytes: number }>(
        `select (${columns.map((column) => `pg_column_size(${column})`).join(' + ')})::integer as bytes from ${name}_chunks`,
      );
      assert.ok(size!.bytes <= most, `${precision}: ${size!.bytes}`);
      await drop(name);
    }
  });

  test('no graph is built over int8 vectors', async () => {
    await open(freshName(), { precision: 'int8', vectorIndex: { kind: 'hnsw' } }).then(
      () => assert.unreachable(),
      (error: CemError) => assert.is(error.code, 'VECTOR_INDEX'),
    );
  });

  test.after(() => driver.close());
  test.run();
}
