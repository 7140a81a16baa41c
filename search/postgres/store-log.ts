import type { SqlQuery } from './sql-driver.ts';
import type { StoreTables } from './store-tables.ts';

/** An entry of the log that a store's owner keeps beside the rows. */
export interface LogEntry {
  /** From 1, each one more than the one before. */
  readonly number: number;
  readonly text: string;
}

/** Adds an entry, in the transaction where there is one; the table is made with the first. Two must not do so at the same time. */
export async function appendEntry(query: SqlQuery, { log }: StoreTables, text: string): Promise<number> {
  if (!(await hasLog(query, log)))
    await query(`create table if not exists ${log} (number integer primary key, entry text not null)`);
  const [row] = await query<{ number: number }>(
    `insert into ${log} select coalesce(max(number), 0) + 1, $1::text from ${log} returning number`,
    [text],
  );
  return row!.number;
}

/**
 * The last entries, the newest first.
 *
 * @param before only those of smaller numbers
 */
export async function lastEntries(
  query: SqlQuery,
  { log }: StoreTables,
  { before, limit }: { readonly before: number; readonly limit: number },
): Promise<LogEntry[]> {
  if (!(await hasLog(query, log))) return [];
  return query<LogEntry>(
    `select number, entry as text from ${log} where number < $1::integer order by number desc limit $2::integer`,
    [before, limit],
  );
}

export async function dropLog(query: SqlQuery, { log }: StoreTables): Promise<void> {
  if (await hasLog(query, log)) await query(`drop table ${log}`);
}

async function hasLog(query: SqlQuery, log: string): Promise<boolean> {
  const [table] = await query<{ name: string | null }>('select to_regclass($1)::text as name', [log]);
  return table?.name != null;
}
