import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatStoragePlan } from '../../../cli/text/storage-plan-text.ts';
import { planStorage } from '../../../recipes/plan/index.ts';
import { storeBytes } from '../../../recipes/plan/store-bytes.ts';
import { VECTOR_PRECISIONS } from '../../../search/postgres/index.ts';
import { openPglite } from '../../../search/postgres/pglite-driver.ts';
import { PgvectorStore } from '../../../search/postgres/pgvector-store.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';

const test = suite('plans of storage');

const SHAPE = { dimension: 384, m: 16, metadataBytes: 16, idBytes: 12 };
const near = (value: number, measured: number, what: string): void =>
  assert.ok(Math.abs(value / measured - 1) <= 0.2, `${what}: ${value}, measured ${measured}`);

test('a row takes what was measured at 100,000 and at a million (bench/RESULTS.md, search)', () => {
  for (const [precision, index, bytes] of [
    ['single', 'none', 2142],
    ['binary', 'none', 701],
    ['half', 'hnsw', 2174],
    ['binary', 'hnsw', 1050],
    // 100,000 rows in the embedded database: 216 MB and 65.0 MB.
    ['single', 'none', 2160],
    ['int8', 'none', 650],
  ] as const) {
    const { row, graph } = storeBytes({ ...SHAPE, precision, index });
    near(row + graph, bytes, `${precision}, ${index}`);
  }
});

test('and what each precision takes here at 6,000 rows', async () => {
  // Of fewer rows the pages that every table and index begins with are a good part.
  const [rows, dimension] = [6000, 96];
  const driver = await openPglite();
  try {
    for (const precision of VECTOR_PRECISIONS) {
      const store = await PgvectorStore.open(driver, { dimension, name: precision, precision, create: true });
      await store.upsert(
        Array.from({ length: rows }, (_, row) => ({
          document: `document-${row}`.padEnd(SHAPE.idBytes + 1, 'x').slice(0, SHAPE.idBytes + 1),
          chunk: row,
          passage: 0,
          vector: Float32Array.from({ length: dimension }, (__, place) => Math.sin(row * 7 + place)),
          fingerprint: row.toString(16).padStart(32, '0'),
        })),
      );
      await driver.query(`vacuum analyze ${precision}_chunks`);
      const [size] = await driver.query<{ bytes: number }>(
        `select pg_total_relation_size('${precision}_chunks'::regclass)::float8 as bytes`,
      );
      near(rows * storeBytes({ ...SHAPE, dimension, precision, index: 'none' }).row, size!.bytes, precision);
    }
  } finally {
    await driver.close();
  }
});

test('a billion passages, computed by hand', () => {
  const plan = planStorage({
    documents: 1e9,
    passageBytes: 1000,
    termsShare: 0,
    saving: 0.7,
    rate: 100,
    deadline: 100,
    cores: 2,
  });
  assert.is(plan.text, 1e12);
  assert.ok(Math.abs(plan.plan.object / 3e11 - 1) < 1e-9);
  assert.is(plan.usual.object, 1e12);
  // 384 bits and a key of 8 bytes.
  assert.is(plan.plan.memory, 56e9);
  // 1,024 floats, and 32 neighbours of 4 bytes with a sixteenth above.
  assert.is(plan.usual.memory, 1e9 * (4096 + 136));
  // 1e9 / 100 s = 2,777.8 hours of a core; in 100 hours 14 workers of two cores.
  assert.is(Math.round(plan.workers.coreHours), 2778);
  assert.is(plan.workers.count, 14);
  assert.ok(plan.plan.dollarsMonth < plan.usual.dollarsMonth / 10);
  const text = formatStoragePlan(plan);
  assert.match(text, /^1,000,000,000 documents, 1,000,000,000 passages, /);
  assert.match(text, /14 workers of 2 cores take 99\.2 h/);
});

test('numbers that cannot be', async () => {
  const message = async (options: object) => (await errorOf(async () => planStorage({ documents: 10, ...options }))).message;
  assert.match(await message({ documents: 0 }), /documents is 0: give a number above 0/);
  assert.match(await message({ saving: 1 }), /saving is 1/);
  assert.match(await message({ prices: { disk: -1 } }), /disk is -1/);
  assert.match(await message({ deadline: Number.NaN }), /deadline is NaN/);
  assert.match(await message({ precision: 'int8', vectorIndex: 'hnsw' }), /no graph is built over int8/);
});

test.run();
