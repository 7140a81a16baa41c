/**
 * `node --import tsx bench/cases/store-search-program.ts INPUT`: fills a store with vectors, searches it query by query, and prints as JSON a `StoreSearch`. INPUT is a
 * `StoreSearchInput` as JSON.
 */
import { readFile } from 'node:fs/promises';
import { openPglite, openPostgres, PgvectorStore } from '../../search/postgres/index.ts';
import type { StoreSearch, StoreSearchInput } from './store-search.ts';

const input = JSON.parse(process.argv[2]!) as StoreSearchInput;
const { dimension, k, rows } = input;
/** Rows of one upsert. */
const BATCH = 5000;
/** Searches before those that count: statements are planned, and codes read. */
const WARM_UP = 20;

async function vectorsOf(path: string): Promise<Float32Array> {
  const file = await readFile(path);
  return new Float32Array(file.buffer, file.byteOffset, file.byteLength / 4);
}

const megabytes = (bytes: number): number => Math.round(bytes / 1e6);

const queries = await vectorsOf(input.queries);
const driver = input.database === undefined ? await openPglite(input.folder) : await openPostgres(input.database);
const store = await PgvectorStore.open(driver, {
  dimension,
  name: input.name,
  precision: input.precision,
  candidates: input.candidates,
  partitions: input.partitions,
  ...(input.hnsw && { vectorIndex: { kind: 'hnsw' } }),
});
const start = performance.now();
const there = (await store.count()).passages;
if (there < rows) {
  const vectors = await vectorsOf(input.vectors);
  for (let first = there; first < rows; first += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, rows - first) }, (_, index) => {
      const row = first + index;
      return {
        document: `document-${row}`,
        chunk: row,
        passage: 0,
        vector: vectors.subarray(row * dimension, (row + 1) * dimension),
        // As long as those of an index are.
        fingerprint: row.toString(16).padStart(32, '0'),
      };
    });
    await store.upsert(batch);
    if ((first / BATCH) % 20 === 0)
      process.stderr.write(`${first} of ${rows} rows, ${((performance.now() - start) / 1000).toFixed(0)} s\n`);
  }
}
const filled = performance.now();
await store.finishWriting();
const built = performance.now();
// Tables are looked at anew after a large change, as autovacuum does on a server.
await driver.query(`vacuum analyze ${input.name}_chunks`);
// Those of a partitioned table have all of its bytes, and none are its own.
const [size] = await driver.query<{ bytes: number }>(
  `select sum(pg_total_relation_size(oid))::float8 as bytes from pg_class where oid = $1::regclass
    or oid in (select inhrelid from pg_inherits where inhparent = $1::regclass)`,
  [`${input.name}_chunks`],
);
const before = process.memoryUsage.rss();
const searched = input.codesMemory
  ? await PgvectorStore.open(driver, { dimension, name: input.name, candidates: input.candidates, codesMemory: 2 ** 30 })
  : store;
const count = queries.length / dimension;
const times: number[] = [];
const found: number[][] = [];
const firstStart = performance.now();
await searched.search(queries.subarray(0, dimension), { k });
const firstSearchSeconds = (performance.now() - firstStart) / 1000;
let processor = process.cpuUsage();
for (let query = -WARM_UP; query < count; query++) {
  const vector = queries.subarray(Math.abs(query) * dimension, (Math.abs(query) + 1) * dimension);
  if (query === 0) processor = process.cpuUsage();
  const began = performance.now();
  const hits = await searched.search(vector, { k });
  if (query < 0) continue;
  times.push(performance.now() - began);
  found.push(hits.map(({ chunk }) => chunk));
}
const { user, system } = process.cpuUsage(processor);
const result: StoreSearch = {
  times,
  processorMilliseconds: (user + system) / 1000 / count,
  found,
  fillSeconds: (filled - start) / 1000,
  buildSeconds: (built - filled) / 1000,
  firstSearchSeconds,
  databaseMegabytes: megabytes(size!.bytes),
  searchMegabytes: megabytes(process.memoryUsage.rss() - before),
  residentMegabytes: megabytes(process.memoryUsage.rss()),
};
await store.close();
process.stdout.write(`${JSON.stringify(result)}\n`);
