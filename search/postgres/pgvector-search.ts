import type { Filter } from '../filter.ts';
import type { HnswIndex } from '../vector-index.ts';
import type { StoreHit } from '../vector-store.ts';
import { filterCondition } from './filter-sql.ts';
import { tuneHnsw } from './hnsw.ts';
import type { SqlDriver, SqlParameter, SqlQuery } from './sql-driver.ts';
import type { VectorTable } from './vector-table.ts';
import { vectorToSql } from './vector-text.ts';

/** Best chunks fetched for each document wanted, at first: documents mostly have few chunks, and where one fills the list it is widened. */
const CHUNKS_PER_DOCUMENT = 4;

/** What one search looks for. */
export interface VectorQuery {
  readonly vector: Float32Array;
  readonly k: number;
  readonly filter?: Filter | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The rows that a search may find: those with a direction that pass the filter, whose values are added to the parameters. */
function findable({ emptyIsNull }: VectorTable, filter: Filter | undefined, parameters: SqlParameter[]): string {
  const directed = emptyIsNull ? 'vector is not null' : 'vector <#> vector < 0';
  return filter === undefined ? directed : `${directed} and ${filterCondition(filter, parameters)}`;
}

/** The first row of each document in rows that come best first. */
function bestPerDocument(rows: readonly StoreHit[], k: number): StoreHit[] {
  const hits = new Map<string, StoreHit>();
  for (const { document, chunk, score } of rows) {
    if (hits.size === k) break;
    if (!hits.has(document)) hits.set(document, { document, chunk, score });
  }
  return [...hits.values()];
}

/** Fetches best chunks until they are of k documents, or there are no more. */
async function widen(
  query: SqlQuery,
  { k, signal }: VectorQuery,
  parameters: readonly SqlParameter[],
  statementFor: (limit: number) => string | Promise<string>,
): Promise<StoreHit[]> {
  for (let limit = k * CHUNKS_PER_DOCUMENT; ; limit *= CHUNKS_PER_DOCUMENT) {
    const statement = await statementFor(limit);
    const rows = await query<StoreHit>(statement, [...parameters, limit], signal);
    const hits = bestPerDocument(rows, k);
    if (hits.length === k || rows.length < limit) return hits;
  }
}

/** The best k documents by a scan over all rows that pass the filter. */
export async function searchExactly(driver: SqlDriver, table: VectorTable, wanted: VectorQuery): Promise<StoreHit[]> {
  const parameters: SqlParameter[] = [vectorToSql(wanted.vector)];
  const where = findable(table, wanted.filter, parameters);
  // The order by document and chunk keeps an HNSW index out of it.
  const statement = `select document, chunk, -distance as score
    from (select document, chunk, vector <#> $1::${table.type} as distance from ${table.name} where ${where}) as candidates
    order by distance, document desc, chunk limit $${parameters.length + 1}`;
  return widen(driver.query, wanted, parameters, () => statement);
}

/** The best k documents that the HNSW index finds; may be fewer where a filter passes few rows. */
export async function searchByHnsw(
  driver: SqlDriver,
  table: VectorTable,
  index: HnswIndex,
  wanted: VectorQuery,
): Promise<StoreHit[]> {
  const parameters: SqlParameter[] = [vectorToSql(wanted.vector)];
  const where = findable(table, wanted.filter, parameters);
  // Only rows ordered by the distance alone come from the index.
  const statement = `select document, chunk, -distance as score
    from (select document, chunk, vector <#> $1::${table.type} as distance from ${table.name} where ${where}
      order by vector <#> $1::${table.type} limit $${parameters.length + 1}) as candidates
    order by distance, document desc, chunk`;
  return driver.transaction((query) =>
    widen(query, wanted, parameters, async (limit) => {
      await tuneHnsw(query, index, limit);
      return statement;
    }),
  );
}
