import type { SqlQuery } from './sql-driver.ts';
import type { StoreTables } from './store-tables.ts';

/** An entry of the log that a store's owner keeps beside the rows. */
export interface LogEntry {
  /** From 1, each one more than the one before. */
  readonly number: number;
  readonly text: string;
}

/** The log of a store's owner. The table is made with the first entry. */
export class StoreLog {
  readonly #query: SqlQuery;
  readonly #table: string;

  constructor(query: SqlQuery, { log }: Pick<StoreTables, 'log'>) {
    this.#query = query;
    this.#table = log;
  }

  /**
   * Adds a text, in the transaction where there is one. Two must not do so at the same time.
   *
   * @returns its number: 1, and one more with each
   */
  async append(text: string): Promise<number> {
    const table = this.#table;
    if (!(await hasLog(this.#query, table)))
      await this.#query(`create table if not exists ${table} (number integer primary key, entry text not null)`);
    const [row] = await this.#query<{ number: number }>(
      `insert into ${table} select coalesce(max(number), 0) + 1, $1::text from ${table} returning number`,
      [text],
    );
    return row!.number;
  }

  /** The last entries, the newest first; of numbers below `before`, where that is given. */
  async last({
    before = Number.MAX_SAFE_INTEGER,
    limit,
  }: {
    readonly before?: number | undefined;
    readonly limit: number;
  }): Promise<LogEntry[]> {
    if (!(await hasLog(this.#query, this.#table))) return [];
    return this.#query<LogEntry>(
      `select number, entry as text from ${this.#table} where number < $1::bigint order by number desc limit $2::integer`,
      [before, limit],
    );
  }
}

export async function dropLog(query: SqlQuery, { log }: StoreTables): Promise<void> {
  if (await hasLog(query, log)) await query(`drop table ${log}`);
}

async function hasLog(query: SqlQuery, log: string): Promise<boolean> {
  const [table] = await query<{ name: string | null }>('select to_regclass($1)::text as name', [log]);
  return table?.name != null;
}
