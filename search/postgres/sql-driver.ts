/** A value that goes into a query as a parameter. Arrays become PostgreSQL arrays. */
export type SqlParameter = string | number | readonly string[] | readonly (string | null)[] | readonly number[];

/**
 * Runs one statement with `$1`, `$2`, … and returns its rows.
 *
 * @param signal ends the statement, on the server too where that can be done; the call rejects with its reason
 */
export type SqlQuery = <Row extends object>(
  statement: string,
  parameters?: readonly SqlParameter[],
  signal?: AbortSignal,
) => Promise<Row[]>;

/** The little that the store needs of a PostgreSQL, embedded or remote. */
export interface SqlDriver {
  /** For messages: where the database is, without secrets. */
  readonly location: string;
  readonly query: SqlQuery;
  /** Runs the body in one transaction: committed when it returns, rolled back when it throws. */
  transaction<Result>(body: (query: SqlQuery) => Promise<Result>): Promise<Result>;
  /** Of a database that nobody else can write into while it is open: another number when anything may have changed, from before the change on. */
  readonly changes?: () => number;
  close(): Promise<void>;
  /** Statements that it can run at once; one unless given. */
  readonly connections?: number;
}

/** A statement that only reads: done twice it does nothing more. */
export const READING = /^\s*select\b/i;

/** A driver within a transaction: its own transactions are savepoints of that one. Closing it closes nothing. */
export function withinTransaction(location: string, query: SqlQuery): SqlDriver {
  return {
    location,
    query,
    transaction: async (body) => {
      await query('savepoint part');
      try {
        const result = await body(query);
        await query('release savepoint part');
        return result;
      } catch (error) {
        await query('rollback to savepoint part');
        throw error;
      }
    },
    close: async () => {},
  };
}
