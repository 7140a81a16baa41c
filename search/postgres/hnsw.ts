import { CemError } from '../../base/index.ts';
import type { HnswIndex } from '../vector-index.ts';
import { databaseErrorCode } from './database-error.ts';
import { partitionName } from './partitions.ts';
import type { SqlDriver, SqlQuery } from './sql-driver.ts';
import { VECTOR_FORMS } from './vector-form.ts';
import type { VectorTable } from './vector-table.ts';

/** The first pgvector with iterative scans, without which a filter could leave a search empty-handed. */
const LEAST_VERSION = [0, 8] as const;
/** PostgreSQL's own setting, and the most that is asked of a server, in MB: a graph that outgrows it is built many times slower. */
const LEAST_MEMORY = 64;
const MOST_MEMORY = 2048;
/** Bytes that a node takes in memory beside its vector: a neighbour with its distance (2 m on the lowest layer, about m above it), and the rest. */
const BYTES_PER_NEIGHBOUR = 16;
const BYTES_PER_NODE = 200;
/** "Disk full": what PostgreSQL says when /dev/shm is too small for workers that build together (64 MB in a container, unless said otherwise). */
const DISK_FULL = '53100';

export interface HnswTarget {
  /** Name of the index to be. */
  readonly name: string;
  readonly table: VectorTable;
}

/** @throws CemError `VECTOR_INDEX` where the vectors are too long for it */
export function checkHnsw({ form, dimension }: Pick<VectorTable, 'form' | 'dimension'>): void {
  const { type } = form;
  if (form.hnsw === undefined) {
    throw new CemError(
      'VECTOR_INDEX',
      `no HNSW index can be built over ${form.precision} vectors; use another precision, or leave the vector index out`,
      { details: { precision: form.precision } },
    );
  }
  const most = form.hnsw.maximumDimension;
  if (dimension <= most) return;
  const other =
    form.precision === 'single' && dimension <= VECTOR_FORMS.half.hnsw.maximumDimension
      ? 'use half precision, or leave'
      : 'leave';
  throw new CemError(
    'VECTOR_INDEX',
    `an HNSW index takes ${type} of at most ${most} values, not of ${dimension}; ${other} the vector index out`,
    {
      details: { dimension, most, type },
    },
  );
}

async function checkVersion(driver: SqlDriver): Promise<void> {
  const [extension] = await driver.query<{ version: string }>(
    "select extversion as version from pg_extension where extname = 'vector'",
  );
  const [major = 0, minor = 0] = (extension?.version ?? '').split('.').map(Number);
  if (major > LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor >= LEAST_VERSION[1])) return;
  throw new CemError(
    'VECTOR_EXTENSION',
    `${driver.location} has pgvector ${extension?.version}, and an HNSW index needs ${LEAST_VERSION.join('.')}; ` +
      'update it on the server, or leave the vector index out',
    { details: { location: driver.location, version: extension?.version } },
  );
}

/** MB that the graph over so many rows takes while it is built. */
function buildMemory(rows: number, { form, dimension }: VectorTable, m: number): number {
  const row = (form.hnsw?.bytes(dimension) ?? 0) + 3 * m * BYTES_PER_NEIGHBOUR + BYTES_PER_NODE;
  return Math.ceil(Math.min(Math.max((rows * row) / 2 ** 20, LEAST_MEMORY), MOST_MEMORY));
}

/** What follows `on <table>` in the statement that makes it. */
export const hnswMethod = (
  { form }: Pick<VectorTable, 'form'>,
  { m, efConstruction }: Omit<HnswIndex, 'kind' | 'efSearch'>,
): string => `using hnsw (${form.hnsw?.target}) with (m = ${m}, ef_construction = ${efConstruction})`;

/**
 * Builds the index over the rows that are there, in place of one of the same name, and runs `finish` in the same transaction. Rows that come later are
 * added to it one by one.
 *
 * @throws CemError `VECTOR_INDEX`, `VECTOR_EXTENSION` for a pgvector that is too old
 */
export async function buildHnsw(
  driver: SqlDriver,
  { name, table }: HnswTarget,
  { m, efConstruction }: HnswIndex,
  finish: (query: SqlQuery) => Promise<void>,
): Promise<void> {
  checkHnsw(table);
  await checkVersion(driver);
  const method = hnswMethod(table, { m, efConstruction });
  const { connections = 1 } = driver;
  if (table.partitions !== undefined && connections > 1) await buildByPartition(driver, { name, table }, m, method);
  const build = (parallel: boolean): Promise<void> =>
    driver.transaction(async (query) => {
      const [count] = await query<{ rows: number }>(`select count(*)::integer as rows from ${table.name}`);
      await query("select set_config('maintenance_work_mem', $1, true)", [`${buildMemory(count?.rows ?? 0, table, m)}MB`]);
      if (!parallel) await query("select set_config('max_parallel_maintenance_workers', '0', true)");
      await query(`drop index if exists ${name}`);
      await query(`create index ${name} on ${table.name} ${method}`);
      await finish(query);
    });
  try {
    await build(true);
  } catch (error) {
    if (!(error instanceof CemError) || databaseErrorCode(error.cause) !== DISK_FULL) throw error;
    await build(false);
  }
}

/**
 * Builds the index of each partition by itself, as many at once as there are connections. The whole table's index, made afterwards, takes them over, since they are defined alike; until then
 * searches do without one. One that a process left which was killed is made anew.
 */
async function buildByPartition(driver: SqlDriver, { name, table }: HnswTarget, m: number, method: string): Promise<void> {
  const { partitions = 0, ...whole } = table;
  await driver.query(`drop index if exists ${name}`);
  const places = Array.from({ length: partitions }, (_, place) => place);
  const workers = Array.from({ length: Math.min(driver.connections ?? 1, partitions) }, async () => {
    for (let place = places.shift(); place !== undefined; place = places.shift()) {
      const part = partitionName(table.name, place);
      const index = partitionName(name, place);
      await driver.transaction(async (query) => {
        const [count] = await query<{ rows: number }>(`select count(*)::integer as rows from ${part}`);
        await query("select set_config('maintenance_work_mem', $1, true)", [`${buildMemory(count?.rows ?? 0, whole, m)}MB`]);
        // Those beside it use the other processors.
        await query("select set_config('max_parallel_maintenance_workers', '0', true)");
        await query(`drop index if exists ${index}`);
        await query(`create index ${index} on ${part} ${method}`);
      });
    }
  });
  const built = await Promise.allSettled(workers);
  const failed = built.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Largest `hnsw.ef_search` that pgvector takes. */
const MOST_CANDIDATES = 1000;
/** How many times its even part of the rows a partition is asked for at once. */
const PART_OF_LIMIT = 2;

/** Settings of one transaction's searches: at least `limit` candidates, and further ones as long as a filter or the limit wants them. */
export async function tuneHnsw(
  query: SqlQuery,
  { efSearch }: HnswIndex,
  limit: number,
  partitions: number | undefined,
): Promise<void> {
  // Of many partitions each has about its part of the nearest rows; one that has more goes on looking.
  const wanted = partitions === undefined ? limit : Math.ceil((PART_OF_LIMIT * limit) / partitions);
  await query("select set_config('hnsw.ef_search', $1, true), set_config('hnsw.iterative_scan', 'relaxed_order', true)", [
    String(Math.min(Math.max(efSearch, wanted), MOST_CANDIDATES)),
  ]);
}
