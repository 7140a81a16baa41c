import { UsageError } from '../../base/index.ts';
import { AgedUse, binaryCode, codeBytes, HotCodes, hotRowBytes, type UsedRow } from '../codes/index.ts';
import type { TierCounts } from '../vector-store.ts';
import type { CopyRow } from './copy-rows.ts';
import type { SqlDriver } from './sql-driver.ts';
import { vectorOfCopy } from './vector-form.ts';
import type { VectorTable } from './vector-table.ts';

/** Where the use of rows is kept between processes. */
export interface UseRecord {
  /** What was saved last; undefined where nothing was. */
  load(): Promise<Uint8Array | undefined>;
  save(bytes: Uint8Array): Promise<void>;
}

export interface TierOptions {
  /** Days after which a use counts half; 30 unless given. A row is hot from its first use on while there is room, and not any more when it was not used for a half-life. */
  readonly days?: number | undefined;
  /**
   * Added to the scores of hot rows, -1 to 1; 0 unless given. What is asked for often ranks higher then, whatever the question: with 0.2, on cosines, it comes before what answers better (bench/RESULTS.md, `tiers`).
   * Searches within named documents, and those by means, go without it.
   */
  readonly bonus?: number | undefined;
  /** Rows of the store itself that are ranked in a search, where that of binary codes has `candidates`; as many unless given. With fewer a search costs less, and finds less of what is not hot. */
  readonly coldCandidates?: number | undefined;
  readonly record?: UseRecord | undefined;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
}

const DAYS = 30;
const DAY_MS = 86_400_000;
/** How often use is saved while searches come, and rows that nobody uses are looked for. */
const SAVED_EVERY_MS = 600_000;
/** Rows whose codes come in one answer. */
const PAGE_ROWS = 20_000;
const NUMBER_BYTES = 8;
const BIT_COUNT_BYTES = 4;
const RECORD_VERSION = 1;

/** @throws UsageError `VECTOR_TIERS` for numbers that cannot be */
export function checkTiers({ days = DAYS, bonus = 0, coldCandidates }: TierOptions): void {
  if (days >= 1 && days <= 36_500 && Math.abs(bonus) <= 1 && (coldCandidates === undefined || coldCandidates >= 1)) return;
  throw new UsageError(
    'VECTOR_TIERS',
    `tiers of ${days} days, a bonus of ${bonus} and ${coldCandidates} candidates cannot be: give 1 to 36,500 days, a bonus of -1 to 1, and 1 candidate or more`,
    { details: { days, bonus, coldCandidates } },
  );
}

/** The codes of a table's rows that searches find most, in this process's memory, beside the table that has all of them. */
export class HotTier {
  readonly bonus: number;
  readonly coldCandidates: number | undefined;
  readonly #driver: SqlDriver;
  readonly #table: VectorTable;
  readonly #record: UseRecord | undefined;
  readonly #now: () => number;
  /** Milliseconds. */
  readonly #halfLife: number;
  readonly #codes: HotCodes;
  #ready: Promise<void> | undefined;
  #saved: number;
  #saving: Promise<void> = Promise.resolve();
  #hotResults = 0;
  #coldResults = 0;

  /**
   * @param memory bytes that hot rows may take
   * @throws UsageError `VECTOR_TIERS` for numbers that cannot be
   */
  constructor(driver: SqlDriver, table: VectorTable, memory: number, options: TierOptions) {
    checkTiers(options);
    const { days = DAYS, bonus = 0, coldCandidates, record, now = Date.now } = options;
    this.bonus = bonus;
    this.coldCandidates = coldCandidates;
    this.#driver = driver;
    this.#table = table;
    this.#record = record;
    this.#now = now;
    this.#codes = new HotCodes(table.dimension, Math.floor(memory / hotRowBytes(table.dimension)), new AgedUse(days, now));
    this.#saved = now();
    this.#halfLife = days * DAY_MS;
  }

  get counts(): TierCounts {
    return { ...this.#codes.counts, hotResults: this.#hotResults, coldResults: this.#coldResults };
  }

  has(number: number): boolean {
    return this.#codes.has(number);
  }

  /** Numbers of the n hot rows that are nearest to a query by their codes. Those that were hot before this process are read when it is first asked. */
  async nearest(vector: Float32Array, n: number): Promise<number[]> {
    this.#ready ??= this.#restore().catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    });
    await this.#ready;
    return this.#codes.scan(vector, n);
  }

  /** Counts the results of a search, best first. */
  used(rows: readonly CopyRow[]): void {
    for (const row of rows) {
      if (this.#codes.has(row.number)) this.#hotResults++;
      else this.#coldResults++;
      this.#codes.used(row.number, () => binaryCode(vectorOfCopy(row)));
    }
    if (this.#now() - this.#saved >= SAVED_EVERY_MS) void this.save();
  }

  forget(numbers: readonly number[]): void {
    this.#codes.forget(numbers);
  }

  /** Demotes what is not used any more, and saves which rows are hot. One that cannot be saved is no failure: it is learned again. */
  save(): Promise<void> {
    this.#codes.demoteUnused();
    const now = this.#now();
    this.#saved = now;
    const record = this.#record;
    // Before the first search nothing is known that is better than what was saved.
    if (record === undefined || this.#ready === undefined) return this.#saving;
    const numbers = Float64Array.from([[RECORD_VERSION, now], ...this.#codes.hot()].flat());
    this.#saving = this.#saving.then(() => record.save(new Uint8Array(numbers.buffer))).catch(() => undefined);
    return this.#saving;
  }

  async #restore(): Promise<void> {
    const bytes = await this.#record?.load().catch(() => undefined);
    const saved = bytes && savedUse(bytes);
    if (saved === undefined) return;
    // What came after it counts more: time has gone on.
    const left = 2 ** (Math.min(0, saved.at - this.#now()) / this.#halfLife);
    const uses = new Map(saved.rows.slice(0, this.#codes.counts.room).map(([number, use]) => [number, use * left]));
    const numbers = [...uses.keys()];
    const code = codeBytes(this.#table.dimension);
    const size = NUMBER_BYTES + BIT_COUNT_BYTES + code;
    for (let first = 0; first < numbers.length; first += PAGE_ROWS) {
      const [page] = await this.#driver.query<{ rows: string | null }>(
        `select encode(string_agg(int8send(number) || bit_send(code), ''), 'base64') as rows
          from ${this.#table.name} where number = any($1::bigint[]) and code is not null`,
        [numbers.slice(first, first + PAGE_ROWS)],
      );
      const rows = Buffer.from(page?.rows ?? '', 'base64');
      for (let at = 0; at < rows.length; at += size) {
        const number = Number(rows.readBigInt64BE(at));
        this.#codes.restore([number, uses.get(number)!], rows.subarray(at + size - code, at + size));
      }
    }
    this.#codes.demoteUnused();
  }
}

/** Undefined for what another version saved, or nobody. */
function savedUse(bytes: Uint8Array): { readonly at: number; readonly rows: readonly UsedRow[] } | undefined {
  if (bytes.length % 16 !== 0 || bytes.length === 0) return undefined;
  const numbers = new Float64Array(bytes.slice().buffer);
  const [version, at] = numbers;
  if (version !== RECORD_VERSION || at === undefined) return undefined;
  const rows: UsedRow[] = [];
  for (let place = 2; place < numbers.length; place += 2) {
    const [number, use] = [numbers[place]!, numbers[place + 1]!];
    if (!Number.isSafeInteger(number) || !(use > 0 && use < Number.POSITIVE_INFINITY)) return undefined;
    rows.push([number, use]);
  }
  return { at, rows: rows.sort(([, left], [, right]) => right - left) };
}
