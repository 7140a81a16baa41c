import { randomUUID } from 'node:crypto';
import type { SqlDriver, SqlQuery } from './sql-driver.ts';
import { type StoreTables, writeSetting } from './store-tables.ts';

/** Seconds after which the server ends the place of a writer that it hears nothing of: its machine is gone, or cut off. */
const LEASE_SECONDS = 60;
/** The same within a transaction that commits a change. */
const COMPUTING_SECONDS = 600;
/** How often a writer says that it is there. */
const HEARTBEAT_MS = 10_000;
/** Key of the setting that names the writer whose turn it is. */
const WRITER_KEY = 'writer';

/** A writer's place at the head of the line. */
export interface WriterTurn {
  /** Names it; no other turn has the name. */
  readonly id: string;
  /** Lets the next one in. */
  leave(): Promise<void>;
}

/**
 * Writers of one store, in whatever process, one after the other. The line is an advisory lock of a transaction, so that it works behind a pooler as well, and ends with its connection. Whoever was
 * cut off meanwhile cannot commit any more: the store knows whose turn it is.
 */
export class WriterLine {
  readonly #driver: SqlDriver;
  readonly #tables: StoreTables;

  constructor(driver: SqlDriver, tables: StoreTables) {
    this.#driver = driver;
    this.#tables = tables;
  }

  /** Waits for the turn, which takes a connection until it is over. The signal's reason where it is aborted before. */
  async enter(signal?: AbortSignal): Promise<WriterTurn> {
    const id = randomUUID();
    const { leave } = await this.#lock(signal);
    try {
      await this.#driver.transaction(async (query) => {
        await this.#guard(query);
        await writeSetting(query, this.#tables, WRITER_KEY, id);
      });
      return { id, leave };
    } catch (error) {
      await leave();
      throw error;
    }
  }

  #lock(signal: AbortSignal | undefined): Promise<Pick<WriterTurn, 'leave'>> {
    return new Promise((resolve, reject) => {
      let end = (): void => undefined;
      const left = new Promise<void>((done) => {
        end = done;
      });
      const held = this.#driver.transaction(async (query) => {
        await query(`set local idle_in_transaction_session_timeout = '${LEASE_SECONDS}s'`);
        await query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`${this.#tables.settings} line`], signal);
        // That the lock was lost shows when the writer commits.
        const heartbeat = setInterval(() => void query('select 1').catch(() => undefined), HEARTBEAT_MS);
        const leave = async (): Promise<void> => {
          end();
          await held.catch(() => undefined);
        };
        resolve({ leave });
        await left.finally(() => clearInterval(heartbeat));
      });
      // After it was entered, this says nothing any more.
      held.catch(reject);
    });
  }

  /** In a transaction, before anything that counts: whether it is still the turn of this writer. Until the transaction ends no other turn begins. */
  async isTurnOf(id: string): Promise<boolean> {
    // A writer may compute for a while between two statements.
    await this.#driver.query(`set local idle_in_transaction_session_timeout = '${COMPUTING_SECONDS}s'`);
    await this.#guard(this.#driver.query);
    const [row] = await this.#driver.query<{ value: string }>(`select value from ${this.#tables.settings} where key = $1`, [
      WRITER_KEY,
    ]);
    return row?.value === id;
  }

  /** In a transaction: waits until nobody commits, and lets nobody before its end. For what is written without a turn. */
  async still(): Promise<void> {
    await this.#guard(this.#driver.query);
  }

  /** Statements on other tables of the database, which count together with the rows when they are made in the store's transaction. */
  get besides(): SqlQuery {
    return this.#driver.query;
  }

  /** Seconds since 1970 on the database's clock. */
  async now(): Promise<number> {
    const [row] = await this.#driver.query<{ now: number }>('select extract(epoch from clock_timestamp())::float8 as now');
    return row!.now;
  }

  async #guard(query: SqlQuery): Promise<void> {
    await query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`${this.#tables.settings} turn`]);
  }
}
