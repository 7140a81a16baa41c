import { addPostings, ByteList, eachPosting } from './posting-bytes.ts';
import type { SqlDriver, SqlQuery } from './sql-driver.ts';
import type { StoreTables } from './store-tables.ts';
import { eachLogged } from './term-log.ts';
import { readState, type TermState, termTables, writeState } from './term-tables.ts';
import { eachUnit, encodeUnits, type Unit } from './unit-bytes.ts';
import { base64 } from './write-terms.ts';

/** When batches are merged. */
interface MergePolicy {
  /** Batches that have more postings together are not merged: a merge has some bytes of each in memory. */
  readonly mostPostings: number;
  /** So many logged postings are merged as soon as they are there. */
  readonly mergedAtOnce: number;
  /** What stays in the log at the end of writing, which a search reads as a whole when it begins. */
  readonly loggedPostings: number;
  readonly loggedBatches: number;
  /** Part of a merged batch's units that may be gone before it is written anew. */
  readonly goneShare: number;
}

const MERGE_POLICY: MergePolicy = {
  mostPostings: 2 ** 23,
  mergedAtOnce: 2 ** 22,
  loggedPostings: 2 ** 18,
  loggedBatches: 64,
  goneShare: 0.2,
};
/** Rows of one statement. */
const INSERT_ROWS = 4_000;
const READ_ROWS = 20_000;

interface Batch {
  readonly batch: number;
  readonly first: number;
  readonly count: number;
  readonly postings: number;
}

/** Whether the log has become so long that it is merged in the midst of writing. */
export const isLogFull = ({ loggedPostings }: TermState, policy = MERGE_POLICY): boolean => loggedPostings >= policy.mergedAtOnce;

/** Merges the log, in a transaction that has locked the rows. */
export async function mergeLog(query: SqlQuery, tables: StoreTables, policy = MERGE_POLICY): Promise<void> {
  const state = await readState(query, tables);
  if (state.logged === 0) return;
  const batches = await readBatches(query, tables);
  let begin = batches.length - state.logged;
  let postings = state.loggedPostings;
  // Small ones go with those that are as large: the number of batches grows with the logarithm of what is written.
  for (; begin > 0; begin--) {
    const before = batches[begin - 1]!.postings;
    if (before > postings || before + postings > policy.mostPostings) break;
    postings += before;
  }
  await mergeBatches(query, tables, state, batches.slice(begin));
}

/**
 * Puts the index in order at the end of writing: merges a log that is no longer short, and writes batches anew of which much is gone.
 *
 * @param lock locks the rows
 */
export async function finishTerms(
  driver: SqlDriver,
  tables: StoreTables,
  lock: (query: SqlQuery) => Promise<void>,
  policy = MERGE_POLICY,
): Promise<void> {
  await driver.transaction(async (query) => {
    await lock(query);
    const { logged, loggedPostings } = await readState(query, tables);
    if (logged > policy.loggedBatches || loggedPostings > policy.loggedPostings) await mergeLog(query, tables, policy);
    const { logs, gone } = termTables(tables);
    const inLog = new Set((await query<{ batch: number }>(`select batch from ${logs}`)).map(({ batch }) => batch));
    for (const batch of await readBatches(query, tables)) {
      if (inLog.has(batch.batch)) continue;
      const [counted] = await query<{ gone: number }>(
        `select count(*)::integer as gone from ${gone} where unit >= $1 and unit < $2`,
        [batch.first, batch.first + batch.count],
      );
      if (counted!.gone > policy.goneShare * batch.count)
        await mergeBatches(query, tables, await readState(query, tables), [batch]);
    }
  });
}

function readBatches(query: SqlQuery, tables: StoreTables): Promise<Batch[]> {
  return query<Batch>(`select batch, first, count, postings from ${termTables(tables).units} order by batch`);
}

/** Makes one batch of several that follow each other, without what is gone. Where one of them is in the log, all of the log must be among them. */
async function mergeBatches(query: SqlQuery, tables: StoreTables, state: TermState, batches: readonly Batch[]): Promise<void> {
  const { units, logs, postings, gone } = termTables(tables);
  const numbers = batches.map(({ batch }) => batch);
  const [first, last] = [batches[0]!, batches.at(-1)!];
  const range = [first.first, last.first + last.count];
  const goneUnits = new Set(
    (await query<{ unit: number }>(`select unit from ${gone} where unit >= $1 and unit < $2`, range)).map(({ unit }) => unit),
  );
  const lists = await readLists(query, tables, numbers);
  const mergedUnits = await readUnits(query, tables, numbers, goneUnits);
  await query(`delete from ${postings} where batch = any($1::integer[])`, [numbers]);
  let kept = 0;
  let [terms, data]: [string[], string[]] = [[], []];
  const insert = async (): Promise<void> => {
    await query(
      `insert into ${postings} select term, $1, decode(data, 'base64') from unnest($2::text[], $3::text[]) as rows (term, data)`,
      [last.batch, terms, data],
    );
    [terms, data] = [[], []];
  };
  // In their order, so that rows are appended to the index of the table rather than strewn over it.
  for (const term of [...lists.keys()].sort()) {
    const { bytes, count } = joined(lists.get(term)!, goneUnits);
    lists.delete(term);
    if (count === 0) continue;
    kept += count;
    terms.push(term);
    data.push(base64(bytes));
    if (terms.length === INSERT_ROWS) await insert();
  }
  if (terms.length > 0) await insert();
  await query(`delete from ${units} where batch = any($1::integer[])`, [numbers]);
  await query(`insert into ${units} values ($1, $2, $3, $4, decode($5, 'base64'))`, [
    last.batch,
    first.first,
    mergedUnits.length,
    kept,
    base64(encodeUnits(mergedUnits, first.first)),
  ]);
  await query(`delete from ${gone} where unit >= $1 and unit < $2`, range);
  const logged = await query<{ batch: number }>(`select batch from ${logs}`);
  const hadLog = logged.some(({ batch }) => numbers.includes(batch));
  if (hadLog) await query(`truncate ${logs}`);
  await writeState(query, tables, {
    ...state,
    version: state.version + 1,
    epoch: state.epoch + 1,
    ...(hadLog && { logged: 0, loggedPostings: 0 }),
  });
}

/** The postings of each term in some batches, by ascending units. */
async function readLists(query: SqlQuery, tables: StoreTables, numbers: readonly number[]): Promise<Map<string, Uint8Array[]>> {
  const { logs, postings } = termTables(tables);
  const lists = new Map<string, Uint8Array[]>();
  const add = (term: string, bytes: Uint8Array): void => {
    const list = lists.get(term);
    if (list === undefined) lists.set(term, [bytes]);
    else list.push(bytes);
  };
  for (const number of numbers) {
    for (let after = ''; ; ) {
      const rows = await query<{ term: string; data: string }>(
        `select term, encode(data, 'base64') as data from ${postings} where batch = $1 and term > $2 order by term limit ${READ_ROWS}`,
        [number, after],
      );
      for (const { term, data } of rows) add(term, Buffer.from(data, 'base64'));
      if (rows.length < READ_ROWS) break;
      after = rows.at(-1)!.term;
    }
    const [log] = await query<{ data: string }>(`select encode(data, 'base64') as data from ${logs} where batch = $1`, [number]);
    if (log !== undefined) eachLogged(Buffer.from(log.data, 'base64'), add);
  }
  return lists;
}

async function readUnits(
  query: SqlQuery,
  tables: StoreTables,
  numbers: readonly number[],
  gone: ReadonlySet<number>,
): Promise<(Unit | undefined)[]> {
  const rows = await query<{ first: number; count: number; data: string }>(
    `select first, count, encode(data, 'base64') as data from ${termTables(tables).units} where batch = any($1::integer[]) order by batch`,
    [numbers],
  );
  const units: (Unit | undefined)[] = [];
  for (const { first, count, data } of rows) {
    eachUnit(Buffer.from(data, 'base64'), first, count, (unit, owner, length) => {
      units.push(length === undefined || gone.has(unit) ? undefined : { owner, length });
    });
  }
  return units;
}

function joined(lists: readonly Uint8Array[], gone: ReadonlySet<number>): { bytes: Uint8Array; count: number } {
  const [only] = lists;
  const units: number[] = [];
  const counts: number[] = [];
  for (const list of lists) {
    eachPosting(list, (unit, count) => {
      if (gone.size > 0 && gone.has(unit)) return;
      units.push(unit);
      counts.push(count);
    });
  }
  if (lists.length === 1 && gone.size === 0) return { bytes: only!, count: units.length };
  const bytes = new ByteList();
  addPostings(bytes, units, counts);
  return { bytes: bytes.bytes, count: units.length };
}
