/**
 * `node --import tsx bench/cases/search-memory-program.ts ROWS DIMENSION STORAGE`: fills an exact index with so many vectors, searches it, and prints as JSON a
 * `SearchMemory`.
 */
import { selectBackend } from '../../model/backend/index.ts';
import { ExactIndex, tensorInnerProducts, type VectorStorage } from '../../search/exact/index.ts';
import type { SearchMemory } from './search-memory.ts';
import { SyntheticVectors } from './synthetic-vectors.ts';

const [rows, dimension, storage] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4] as VectorStorage];
const POOL_ROWS = 10_000;
const QUERIES = 100;
const RESULTS = 10;

await selectBackend('auto');
const start = performance.now();
const index = new ExactIndex(dimension, { storage, innerProducts: tensorInnerProducts });
const pool = new SyntheticVectors(dimension, 1, 'memory').take(POOL_ROWS);
const batch = new Float32Array(pool.data.length);
let queries = new Float32Array(0);
for (let first = 0; first < rows; first += POOL_ROWS) {
  // Each batch is the pool with its values moved on by one place more: other vectors, at the price of a copy.
  const moved = (first / POOL_ROWS) % dimension;
  for (let row = 0; row < POOL_ROWS; row++) {
    const values = pool.data.subarray(row * dimension, (row + 1) * dimension);
    batch.set(values.subarray(moved), row * dimension);
    batch.set(values.subarray(0, moved), row * dimension + dimension - moved);
  }
  const count = Math.min(POOL_ROWS, rows - first);
  queries = batch.slice(0, QUERIES * dimension);
  index.add(
    { rows: count, dimension, data: batch.subarray(0, count * dimension) },
    Int32Array.from({ length: count }, (_, row) => first + row),
  );
}
const filled = performance.now();
const found = await index.search({ rows: QUERIES, dimension, data: queries }, RESULTS, {
  compareTies: (left, right) => left - right,
});
const searched = performance.now();
const lastBatch = Math.floor((rows - 1) / POOL_ROWS) * POOL_ROWS;
const memory: SearchMemory = {
  rows: index.rows,
  // maxRSS is in KiB.
  peakMegabytes: Math.round((process.resourceUsage().maxRSS * 1024) / 1e6),
  residentMegabytes: Math.round(process.memoryUsage.rss() / 1e6),
  fillSeconds: (filled - start) / 1000,
  searchSeconds: (searched - filled) / 1000,
  queries: QUERIES,
  // Queries are rows of the last batch: each must find itself.
  selfFound: found.filter((best, query) => best[0]?.item === lastBatch + query).length,
};
process.stdout.write(`${JSON.stringify(memory)}\n`);
