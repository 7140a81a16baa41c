import { codeBytes, MemoryCodes, memoryCodesBytes } from '../codes/index.ts';
import type { SqlDriver } from './sql-driver.ts';
import type { VectorTable } from './vector-table.ts';

/** Rows whose codes come in one answer: a few megabytes. */
const PAGE_ROWS = 20_000;
const NUMBER_BYTES = 8;
/** `bit_send` says the number of bits first. */
const BIT_COUNT_BYTES = 4;

/**
 * A table's binary codes in this process, kept in step with it. Whoever writes a row gives it a number that is larger than all before, also in place of one that is there, and
 * writers wait for each other: so what is new is what has a larger number than the last one here, whoever wrote it. What went is found out when its row is asked for, and forgotten.
 */
export class CodesInMemory {
  readonly #driver: SqlDriver;
  readonly #table: VectorTable;
  readonly #limit: number;
  /** Undefined once there were too many. */
  #codes: MemoryCodes | undefined;
  #reading: Promise<unknown> = Promise.resolve();

  private constructor(driver: SqlDriver, table: VectorTable, limit: number) {
    this.#driver = driver;
    this.#table = table;
    this.#limit = limit;
    this.#codes = new MemoryCodes(table.dimension);
  }

  /**
   * Codes of a table that has so few rows now that they fit; they are read when they are first asked for.
   *
   * @param limit bytes
   * @returns undefined where they do not
   */
  static async within(limit: number, driver: SqlDriver, table: VectorTable): Promise<CodesInMemory | undefined> {
    if (limit <= 0) return undefined;
    const [counted] = await driver.query<{ rows: number }>(`select count(*)::float8 as rows from ${table.name}`);
    return memoryCodesBytes(counted?.rows ?? 0, table.dimension) <= limit ? new CodesInMemory(driver, table, limit) : undefined;
  }

  /** Whether they fit into their limit so far. */
  get fits(): boolean {
    return this.#codes !== undefined;
  }

  /** The codes of the rows that are there now, and perhaps of some that are not any more; undefined where they have become too many. One reads at a time. */
  async upToDate(signal: AbortSignal | undefined): Promise<MemoryCodes | undefined> {
    const read = this.#reading.then(() => this.#read(signal));
    this.#reading = read.catch(() => {});
    await read;
    return this.#codes;
  }

  /** Drops codes whose rows are gone. */
  forget(numbers: readonly number[]): void {
    for (const number of numbers) this.#codes?.remove(number);
  }

  async #read(signal: AbortSignal | undefined): Promise<void> {
    const code = codeBytes(this.#table.dimension);
    const record = NUMBER_BYTES + BIT_COUNT_BYTES + code;
    while (this.#codes !== undefined) {
      const codes = this.#codes;
      const [page] = await this.#driver.query<{ rows: string | null }>(
        `select encode(string_agg(int8send(number) || bit_send(code), '' order by number), 'base64') as rows
          from (select number, code from ${this.#table.name} where number > $1::bigint and code is not null order by number limit ${PAGE_ROWS}) as page`,
        [codes.lastKey ?? 0],
        signal,
      );
      const rows = Buffer.from(page?.rows ?? '', 'base64');
      for (let at = 0; at < rows.length; at += record)
        codes.add(Number(rows.readBigInt64BE(at)), rows.subarray(at + record - code, at + record));
      // Nothing of them is of use if not all are here.
      if (memoryCodesBytes(codes.size, this.#table.dimension) > this.#limit) this.#codes = undefined;
      if (rows.length < PAGE_ROWS * record) return;
    }
  }
}
