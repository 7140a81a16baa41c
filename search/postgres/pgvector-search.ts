import type { Filter } from '../filter.ts';
import type { HnswIndex } from '../vector-index.ts';
import type { StoreHit } from '../vector-store.ts';
import { filterCondition } from './filter-sql.ts';
import { tuneHnsw } from './hnsw.ts';
import type { SqlDriver, SqlParameter, SqlQuery } from './sql-driver.ts';
import type { PlainForm } from './vector-form.ts';
import { directed, passageColumn, type VectorTable } from './vector-table.ts';

/** A table whose vectors PostgreSQL compares. */
export type PlainTable = VectorTable & { readonly form: PlainForm };

/** Best passages fetched for each document wanted, at first, and how many more the next time: a scan costs the same for any number of them, a graph is walked for each. */
const PASSAGES_PER_DOCUMENT = { scan: 16, graph: 4 } as const;
/** Documents by their best passage whose means are computed for each one wanted, at first, and how many more the next time. */
const CANDIDATES_PER_DOCUMENT = 4;
/** Beyond so many there are no more, but for a first look that wants more. */
const MOST_CANDIDATES = 1000;

/** What one search looks for. */
export interface VectorQuery {
  readonly vector: Float32Array;
  readonly k: number;
  /** How many of a document's best passages its score is the mean of; 1 unless given. */
  readonly best?: number;
  readonly filter?: Filter | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The rows that a search may find: those with a direction that pass the filter, whose values are added to the parameters. */
function findable(table: VectorTable, filter: Filter | undefined, parameters: SqlParameter[]): string {
  return filter === undefined ? directed(table) : `${directed(table)} and ${filterCondition(filter, parameters)}`;
}

/** Rows that may be found, with their distance from the query's vector, which is the first parameter. */
function distances(table: PlainTable, { vector, filter }: VectorQuery): { rows: string; parameters: SqlParameter[] } {
  const parameters: SqlParameter[] = [table.form.comparison.query(vector)];
  const where = findable(table, filter, parameters);
  return {
    rows: `select document, chunk, ${passageColumn(table)}, ${table.form.comparison.distance('$1', table.dimension)} as distance from ${table.name} where ${where}`,
    parameters,
  };
}

/** The first row of each document in rows that come best first. */
function bestPerDocument(rows: readonly StoreHit[], k: number): StoreHit[] {
  const hits = new Map<string, StoreHit>();
  for (const { document, chunk, passage, score } of rows) {
    if (hits.size === k) break;
    if (!hits.has(document)) hits.set(document, { document, chunk, passage, score });
  }
  return [...hits.values()];
}

/** Fetches best passages until they are of k documents, or there are no more. */
async function widen(
  query: SqlQuery,
  { k, signal }: VectorQuery,
  parameters: readonly SqlParameter[],
  perDocument: number,
  statementFor: (limit: number) => string | Promise<string>,
): Promise<StoreHit[]> {
  for (let limit = k * perDocument; ; limit *= perDocument) {
    const statement = await statementFor(limit);
    const rows = await query<StoreHit>(statement, [...parameters, limit], signal);
    const hits = bestPerDocument(rows, k);
    if (hits.length === k || rows.length < limit) return hits;
  }
}

/** The best k documents by a scan over all rows that pass the filter. */
export async function searchExactly(driver: SqlDriver, table: PlainTable, wanted: VectorQuery): Promise<StoreHit[]> {
  const { rows, parameters } = distances(table, wanted);
  if (wanted.best !== undefined && wanted.best > 1) return rankByMeans(driver.query, rows, parameters, wanted);
  // The order by document, chunk and passage keeps an HNSW index out of it.
  const statement = `select document, chunk, passage, -distance as score from (${rows}) as candidates
    order by distance, document desc, chunk, passage limit $${parameters.length + 1}`;
  return widen(driver.query, wanted, parameters, PASSAGES_PER_DOCUMENT.scan, () => statement);
}

/** Means over all of the rows: each document's are numbered from the best on, and the first of them averaged in that order. */
async function rankByMeans(
  query: SqlQuery,
  rows: string,
  parameters: readonly SqlParameter[],
  { k, best = 1, signal }: VectorQuery,
): Promise<StoreHit[]> {
  const [mostBest, limit] = [parameters.length + 1, parameters.length + 2];
  return query<StoreHit>(
    `select document, min(chunk) filter (where place = 1) as chunk, min(passage) filter (where place = 1) as passage, avg(-distance order by place) as score
      from (
        select document, chunk, passage, distance, row_number() over (partition by document order by distance, chunk, passage) as place
        from (${rows}) as candidates
      ) as ranked
      where place <= $${mostBest} group by document order by score desc, document desc limit $${limit}`,
    [...parameters, best, k],
    signal,
  );
}

/** The best k documents that the HNSW index finds; may be fewer where a filter passes few rows. */
export function searchByHnsw(driver: SqlDriver, table: PlainTable, index: HnswIndex, wanted: VectorQuery): Promise<StoreHit[]> {
  const { best = 1 } = wanted;
  return best > 1 ? meansByHnsw(driver, table, index, wanted) : bestByHnsw(driver, table, index, wanted);
}

async function bestByHnsw(driver: SqlDriver, table: PlainTable, index: HnswIndex, wanted: VectorQuery): Promise<StoreHit[]> {
  const { rows, parameters } = distances(table, wanted);
  // Only rows ordered by the distance alone come from the index.
  const statement = `select document, chunk, passage, -distance as score
    from (${rows} order by ${table.form.comparison.distance('$1', table.dimension)} limit $${parameters.length + 1}) as candidates
    order by distance, document desc, chunk, passage`;
  return driver.transaction((query) =>
    widen(query, wanted, parameters, PASSAGES_PER_DOCUMENT.graph, async (limit) => {
      await tuneHnsw(query, index, limit, table.partitions);
      return statement;
    }),
  );
}

async function meansByHnsw(driver: SqlDriver, table: PlainTable, index: HnswIndex, wanted: VectorQuery): Promise<StoreHit[]> {
  return meansOfCandidates(
    wanted,
    async (count) => {
      const candidates = await bestByHnsw(driver, table, index, { ...wanted, k: count });
      return { candidates, all: false };
    },
    (filter) => searchExactly(driver, table, { ...wanted, filter }),
  );
}

/**
 * Means over the documents whose best passages are found first. A mean is at most its best score: as soon as the k-th mean is above the last candidate's best score,
 * no other document can come in. Until then there are more candidates, up to a bound, beyond which the best means of so many are taken.
 *
 * @param findBest the best documents by their best passages, so many of them, and whether fewer are all that can be found
 * @param searchWithin the best means of the documents that pass a filter
 * @returns nothing where fewer documents are found than are asked for, and these are not all
 */
export async function meansOfCandidates(
  { k, filter }: VectorQuery,
  findBest: (count: number) => Promise<{ readonly candidates: readonly StoreHit[]; readonly all: boolean }>,
  searchWithin: (filter: Filter) => Promise<StoreHit[]>,
): Promise<StoreHit[]> {
  for (let count = k * CANDIDATES_PER_DOCUMENT; ; count = Math.min(count * CANDIDATES_PER_DOCUMENT, MOST_CANDIDATES)) {
    const { candidates, all } = await findBest(count);
    if (candidates.length < count && !all) return [];
    const documents: Filter = { documents: candidates.map(({ document }) => document) };
    const means = await searchWithin(filter === undefined ? documents : { and: [documents, filter] });
    if (
      candidates.length < count ||
      means.length < k ||
      means[k - 1]!.score > candidates.at(-1)!.score ||
      count >= MOST_CANDIDATES
    )
      return means;
  }
}

/** Vectors of some rows, in an order that has nothing to do with their content. */
export async function sampleVectors(query: SqlQuery, table: PlainTable, most: number): Promise<Float32Array[]> {
  const rows = await query<{ vector: string }>(
    `select vector from (select document, chunk, ${passageColumn(table)}, ${table.form.text} as vector from ${table.name} where ${directed(table)}) as directed
      order by hashtext(document || ' ' || chunk || ' ' || passage), document, chunk, passage limit $1`,
    [most],
  );
  return rows.map(({ vector }) => table.form.parse(vector));
}
