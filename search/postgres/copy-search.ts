import { DocumentScores } from '../document-scores.ts';
import type { Filter } from '../filter.ts';
import type { HnswIndex } from '../vector-index.ts';
import type { StoreHit } from '../vector-store.ts';
import type { CodesInMemory } from './codes-in-memory.ts';
import { type CopyRow, readRows, rowsStatement } from './copy-rows.ts';
import { filterCondition } from './filter-sql.ts';
import { tuneHnsw } from './hnsw.ts';
import type { HotTier } from './hot-tier.ts';
import { meansOfCandidates, type VectorQuery } from './pgvector-search.ts';
import type { SqlDriver, SqlParameter, SqlQuery } from './sql-driver.ts';
import { type Comparison, scoreOfCopy, vectorOfCopy } from './vector-form.ts';
import { directed, type VectorTable } from './vector-table.ts';

/** Searches over rows that keep their vectors as integers, which are compared in this process. */

/** Rows that are read at once when all of them are. */
const PAGE_ROWS = 2_000;
/** Rows that are ranked for each document wanted, where that is more than the store's own number. */
const ROWS_PER_DOCUMENT = 4;
/** How much more rows are ranked where those so far were of too few documents. */
const MORE = 4;
/** Rows by their Hamming distance that are ranked for each one by codes in memory, whose order is better: there the query's own values count, in the database their signs. */
const HAMMING_ROWS = 4;
/** How many times the rows of a search may be read again from codes in memory because of a filter, before the database is asked. */
const MOST_FILTERED = 8;

/** Rows that may be among the best, and whether they are all that pass. */
interface Candidates {
  readonly rows: readonly CopyRow[];
  readonly all: boolean;
}

function condition(table: VectorTable, filter: Filter | undefined, parameters: SqlParameter[]): string {
  return filter === undefined ? directed(table) : `${directed(table)} and ${filterCondition(filter, parameters)}`;
}

/** Rows that pass the filter, page by page, as they were when the reading began. */
async function readCopies(
  driver: SqlDriver,
  table: VectorTable,
  { filter, signal }: Pick<VectorQuery, 'filter' | 'signal'>,
  onPage: (rows: readonly CopyRow[]) => void,
): Promise<void> {
  await driver.transaction(async (query) => {
    await query('set transaction isolation level repeatable read');
    const parameters: SqlParameter[] = [0];
    const where = condition(table, filter, parameters);
    while (true) {
      const rows = await readRows(
        query,
        rowsStatement(`${table.name} where number > $1::bigint and ${where} order by number limit ${PAGE_ROWS}`),
        parameters,
        signal,
      );
      onPage(rows);
      if (rows.length < PAGE_ROWS) return;
      parameters[0] = rows.at(-1)!.number;
    }
  });
}

function pushAll(
  scores: DocumentScores,
  rows: readonly CopyRow[],
  vector: Float32Array,
  bonus: (row: CopyRow) => number = () => 0,
): void {
  for (const row of rows) {
    const { document, chunk, passage } = row;
    scores.push({ document, chunk, passage, score: scoreOfCopy(row, vector) + bonus(row) });
  }
}

/** The best k documents for each of some vectors by a look at every row that passes the filter. */
export async function searchAllCopies(
  driver: SqlDriver,
  table: VectorTable,
  vectors: readonly Float32Array[],
  { k, best, ...wanted }: Omit<VectorQuery, 'vector'>,
): Promise<StoreHit[][]> {
  const scores = vectors.map(() => new DocumentScores(k, best));
  await readCopies(driver, table, wanted, (rows) => {
    vectors.forEach((vector, query) => {
      pushAll(scores[query]!, rows, vector);
    });
  });
  return scores.map((ofQuery) => ofQuery.sorted());
}

/** Vectors of some rows, in an order that has nothing to do with their content. */
export async function sampleCopies(query: SqlQuery, table: VectorTable, most: number): Promise<Float32Array[]> {
  const rows = await readRows(
    query,
    rowsStatement(`${table.name} where number = any(array(select number from ${table.name} where ${directed(table)}
      order by hashtext(document || ' ' || chunk || ' ' || passage), document, chunk, passage limit $1))`),
    [most],
  );
  return rows.map(vectorOfCopy);
}

/** Where candidates come from, and how many are ranked at first. */
export interface CodeSearch {
  readonly comparison: Comparison;
  readonly candidates: number;
  readonly index: HnswIndex | undefined;
  readonly memory: CodesInMemory | undefined;
  /** The most used rows, searched beside the database. */
  readonly hot?: HotTier | undefined;
  /** Whether what is found counts as used. */
  readonly counted?: boolean;
}

/** The best k documents among the rows whose codes are nearest to the query's. */
export async function searchByCodes(
  driver: SqlDriver,
  table: VectorTable,
  codes: CodeSearch,
  wanted: VectorQuery,
): Promise<StoreHit[]> {
  if (wanted.best === undefined || wanted.best === 1) {
    const { hits, rows } = await rankCandidates(driver, table, codes, wanted, codes.hot?.bonus);
    if (codes.counted !== false) codes.hot?.used(rowsOfHits(rows, hits));
    return hits;
  }
  return meansOfCandidates(
    wanted,
    async (count) => ({
      candidates: (await rankCandidates(driver, table, codes, { ...wanted, k: count })).hits,
      all: true,
    }),
    async (filter) => (await searchAllCopies(driver, table, [wanted.vector], { ...wanted, filter }))[0]!,
  );
}

/** The best k documents by their best passages. More candidates are ranked until they are of k documents. */
async function rankCandidates(
  driver: SqlDriver,
  table: VectorTable,
  codes: CodeSearch,
  wanted: VectorQuery,
  bonus = 0,
): Promise<{ readonly hits: StoreHit[]; readonly rows: readonly CopyRow[] }> {
  const { hot } = codes;
  const bonusOf = bonus === 0 || hot === undefined ? undefined : ({ number }: CopyRow) => (hot.has(number) ? bonus : 0);
  for (let count = Math.max(codes.candidates, ROWS_PER_DOCUMENT * wanted.k); ; count *= MORE) {
    const { rows, all } = await nearest(driver, table, codes, wanted, count);
    const scores = new DocumentScores(wanted.k);
    pushAll(scores, rows, wanted.vector, bonusOf);
    const hits = scores.sorted();
    if (all || hits.length === wanted.k) return { hits, rows };
  }
}

const keyOf = ({ document, chunk, passage }: Omit<StoreHit, 'score'>): string => `${chunk} ${passage} ${document}`;

/** The rows that are results, in their order. */
function rowsOfHits(rows: readonly CopyRow[], hits: readonly StoreHit[]): CopyRow[] {
  const wanted = new Set(hits.map(keyOf));
  const byKey = new Map(rows.map((row): [string, CopyRow] => [keyOf(row), row]).filter(([key]) => wanted.has(key)));
  return hits.map((hit) => byKey.get(keyOf(hit))!);
}

async function nearest(
  driver: SqlDriver,
  table: VectorTable,
  codes: CodeSearch,
  wanted: VectorQuery,
  count: number,
): Promise<Candidates> {
  const { memory, hot, candidates } = codes;
  const remembered = memory && (await nearestInMemory(driver, table, memory, wanted, count));
  if (remembered !== undefined) return remembered;
  if (hot === undefined) return nearestInStore(driver, table, codes, wanted, count * HAMMING_ROWS);
  const part = (hot.coldCandidates ?? candidates) / candidates;
  const [ofHot, ofStore] = await Promise.all([
    nearestHot(driver, table, hot, wanted, count),
    nearestInStore(driver, table, codes, wanted, Math.ceil(count * HAMMING_ROWS * part)),
  ]);
  const known = new Set(ofStore.rows.map(({ number }) => number));
  return { rows: [...ofStore.rows, ...ofHot.filter(({ number }) => !known.has(number))], all: ofStore.all };
}

/** The nearest hot rows that pass the filter. */
async function nearestHot(
  driver: SqlDriver,
  table: VectorTable,
  hot: HotTier,
  wanted: VectorQuery,
  count: number,
): Promise<readonly CopyRow[]> {
  const numbers = await hot.nearest(wanted.vector, count);
  if (numbers.length === 0) return [];
  const rows = await passingRows(driver, table, numbers, wanted);
  // Those that a filter keeps back are not looked for: gone ones are forgotten when there is none.
  if (wanted.filter === undefined && rows.length < numbers.length) {
    const there = new Set(rows.map(({ number }) => number));
    hot.forget(numbers.filter((number) => !there.has(number)));
  }
  return rows;
}

/** The nearest rows by their codes in the database. */
async function nearestInStore(
  driver: SqlDriver,
  table: VectorTable,
  { comparison, index }: Pick<CodeSearch, 'comparison' | 'index'>,
  wanted: VectorQuery,
  rows: number,
): Promise<Candidates> {
  if (index === undefined) return nearestByScan(driver, table, comparison, wanted, rows);
  const found = await nearestByHnsw(driver, table, comparison, index, wanted, rows);
  // The graph's scan gives up after a while, with a rare filter before it has as many.
  return found.length === rows ? { rows: found, all: false } : nearestByScan(driver, table, comparison, wanted, rows);
}

/** What a statement over the codes' distances needs. */
function distances(
  table: VectorTable,
  comparison: Comparison,
  { vector, filter }: VectorQuery,
  count: number,
): { distance: string; where: string; limit: string; parameters: SqlParameter[] } {
  const parameters: SqlParameter[] = [comparison.query(vector)];
  const where = condition(table, filter, parameters);
  return {
    distance: comparison.distance('$1', table.dimension),
    where,
    limit: `$${parameters.push(count)}`,
    parameters,
  };
}

async function nearestByScan(
  driver: SqlDriver,
  table: VectorTable,
  comparison: Comparison,
  wanted: VectorQuery,
  count: number,
): Promise<Candidates> {
  const { distance, where, limit, parameters } = distances(table, comparison, wanted, count);
  // The order by the number keeps an HNSW index out of it. Numbers are sorted, and the few rows that are wanted read by them: whole rows would be too many for the memory of a sort.
  const rows = await readRows(
    driver.query,
    rowsStatement(`${table.name} where number = any(array(
      select number from ${table.name} where ${where} order by ${distance}, number limit ${limit}))`),
    parameters,
    wanted.signal,
  );
  return { rows, all: rows.length < count };
}

async function nearestByHnsw(
  driver: SqlDriver,
  table: VectorTable,
  comparison: Comparison,
  index: HnswIndex,
  wanted: VectorQuery,
  count: number,
): Promise<CopyRow[]> {
  const { distance, where, limit, parameters } = distances(table, comparison, wanted, count);
  return driver.transaction(async (query) => {
    await tuneHnsw(query, index, count, table.partitions);
    return readRows(
      query,
      rowsStatement(`${table.name} where ${where} order by ${distance} limit ${limit}`),
      parameters,
      wanted.signal,
    );
  });
}

/** The nearest rows by the codes in memory, as far as the database still has them and its query lets them pass; undefined where that are too few for a filter, or codes are too many for the memory. */
async function nearestInMemory(
  driver: SqlDriver,
  table: VectorTable,
  memory: CodesInMemory,
  wanted: VectorQuery,
  count: number,
): Promise<Candidates | undefined> {
  const { vector, filter, signal } = wanted;
  for (let asked = count; ; ) {
    const codes = await memory.upToDate(signal);
    if (codes === undefined) return undefined;
    const numbers = codes.scan(vector, asked);
    const rows = await passingRows(driver, table, numbers, wanted);
    if (rows.length < numbers.length && (await forgetGone(driver, table, memory, numbers, rows)) > 0) continue;
    const all = numbers.length < asked;
    if (filter === undefined || all || 2 * rows.length >= count) return { rows, all };
    if (asked >= MOST_FILTERED * count) return undefined;
    asked = MOST_FILTERED * count;
  }
}

/** Rows of these numbers that are there and pass the filter. */
async function passingRows(
  driver: SqlDriver,
  table: VectorTable,
  numbers: readonly number[],
  { filter, signal }: VectorQuery,
): Promise<CopyRow[]> {
  const parameters: SqlParameter[] = [numbers];
  const passes = filter === undefined ? '' : ` and ${filterCondition(filter, parameters)}`;
  return readRows(driver.query, rowsStatement(`${table.name} where number = any($1::bigint[])${passes}`), parameters, signal);
}

/** Of rows that a query did not give, those that are gone: somebody has changed or removed them since their codes were read. Says how many. */
async function forgetGone(
  driver: SqlDriver,
  table: VectorTable,
  memory: CodesInMemory,
  numbers: readonly number[],
  given: readonly { readonly number: number }[],
): Promise<number> {
  const known = new Set(given.map(({ number }) => number));
  const missing = numbers.filter((number) => !known.has(number));
  const there = await driver.query<{ number: number }>(
    `select number::float8 as number from ${table.name} where number = any($1::bigint[])`,
    [missing],
  );
  for (const { number } of there) known.add(number);
  const gone = missing.filter((number) => !known.has(number));
  memory.forget(gone);
  return gone.length;
}
