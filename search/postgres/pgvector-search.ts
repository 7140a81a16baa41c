import type { Hit } from '../retriever.ts';
import type { HnswIndex } from '../vector-index.ts';
import type { VectorFilter } from '../vector-store.ts';
import { tuneHnsw } from './hnsw.ts';
import type { SqlDriver, SqlParameter, SqlQuery } from './sql-driver.ts';
import type { VectorTable } from './vector-table.ts';

/** Best chunks fetched for each document wanted, at first: documents mostly have few chunks, and where one fills the list it is widened. */
const CHUNKS_PER_DOCUMENT = 4;

/** A vector as pgvector reads it. */
export const vectorText = (vector: Float32Array): string => `[${vector.join(',')}]`;

/** Compiles a filter to SQL, its values as parameters after those already in the list. */
export function whereClause(filter: VectorFilter | undefined, parameters: SqlParameter[]): string {
  const conditions: string[] = [];
  if (filter?.documentIds !== undefined) conditions.push(`document = any($${parameters.push([...filter.documentIds])}::text[])`);
  if (filter?.metadata !== undefined) conditions.push(`metadata @> $${parameters.push(JSON.stringify(filter.metadata))}::jsonb`);
  return conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
}

/** The first row of each document in rows that come best first. */
function bestPerDocument(rows: readonly { document: string; chunk: number; score: number }[], k: number): Hit[] {
  const hits = new Map<string, Hit>();
  for (const row of rows) {
    if (hits.size === k) break;
    if (!hits.has(row.document)) hits.set(row.document, { id: row.document, score: row.score, chunk: row.chunk });
  }
  return [...hits.values()];
}

/** Fetches best chunks until they are of k documents, or there are no more. */
async function widen(
  query: SqlQuery,
  k: number,
  parameters: readonly SqlParameter[],
  statementFor: (limit: number) => string | Promise<string>,
): Promise<Hit[]> {
  for (let limit = k * CHUNKS_PER_DOCUMENT; ; limit *= CHUNKS_PER_DOCUMENT) {
    const statement = await statementFor(limit);
    const rows = await query<{ document: string; chunk: number; score: number }>(statement, [...parameters, limit]);
    const hits = bestPerDocument(rows, k);
    if (hits.length === k || rows.length < limit) return hits;
  }
}

/** The best k documents by a scan over all rows that pass the filter. */
export async function searchExactly(
  driver: SqlDriver,
  { name, type }: VectorTable,
  vector: Float32Array,
  k: number,
  filter?: VectorFilter,
): Promise<Hit[]> {
  const parameters: SqlParameter[] = [vectorText(vector)];
  const where = whereClause(filter, parameters);
  // The order by document and chunk keeps an HNSW index out of it.
  const statement = `select document, chunk, -distance as score
    from (select document, chunk, vector <#> $1::${type} as distance from ${name} ${where}) as candidates
    order by distance, document desc, chunk limit $${parameters.length + 1}`;
  return widen(driver.query, k, parameters, () => statement);
}

/** The best k documents that the HNSW index finds; may be fewer where a filter passes few rows. */
export async function searchByHnsw(
  driver: SqlDriver,
  { name, type }: VectorTable,
  index: HnswIndex,
  vector: Float32Array,
  k: number,
  filter?: VectorFilter,
): Promise<Hit[]> {
  const parameters: SqlParameter[] = [vectorText(vector)];
  const where = whereClause(filter, parameters);
  // Only rows ordered by the distance alone come from the index.
  const statement = `select document, chunk, -distance as score
    from (select document, chunk, vector <#> $1::${type} as distance from ${name} ${where}
      order by vector <#> $1::${type} limit $${parameters.length + 1}) as candidates
    order by distance, document desc, chunk`;
  return driver.transaction((query) =>
    widen(query, k, parameters, async (limit) => {
      await tuneHnsw(query, index, limit);
      return statement;
    }),
  );
}
