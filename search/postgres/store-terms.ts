import { assertSameAnalyzer, isSameAnalyzer } from '../lexical/analysis/analyzer.ts';
import { type Bm25Parameters, bm25Parameters } from '../lexical/bm25-formula.ts';
import type { StoredAnalyzer } from '../vector-store.ts';
import { finishTerms, isLogFull, mergeLog } from './merge-terms.ts';
import type { SqlDriver, SqlQuery } from './sql-driver.ts';
import { LAYOUT_KEY, type StoreTables, writeSetting } from './store-tables.ts';
import { type TermHits, type TermQuery, TermSearch } from './term-search.ts';
import { createTermTables, readState, resetTerms, STATE_KEY, type TermSettings, termSettingsOf } from './term-tables.ts';
import { LAYOUT_WITH_TERMS, type Layout } from './vector-table.ts';

/** That a store keeps the terms of its rows, for search by words. */
export interface TermOptions {
  /** What cuts them; a store that is there must have been made with the same one. */
  readonly analyzer: StoredAnalyzer;
  /** What searches rank by unless they say otherwise: 0.9 and 0.4 of a new store. */
  readonly k1?: number;
  readonly b?: number;
  /** Whether terms of another analyzer are dropped, so that those of this one can be written in their place; by default they are refused. */
  readonly replace?: boolean;
}

/** How the terms of a store are kept and searched. */
export interface StoreTermOptions {
  readonly terms?: TermOptions | 'none' | undefined;
  /** Bytes of this process's memory that postings may take which searches have read. */
  readonly termsMemory?: number | undefined;
}

/** 64 MiB: all terms of some 200,000 passages of Chinese law. */
const TERMS_MEMORY = 64 * 2 ** 20;

/** The terms of one store. */
export class StoreTerms {
  readonly settings: TermSettings;
  readonly #driver: SqlDriver;
  readonly #tables: StoreTables;
  readonly #search: TermSearch;

  constructor(driver: SqlDriver, tables: StoreTables, settings: TermSettings, memory = TERMS_MEMORY) {
    this.settings = settings;
    this.#driver = driver;
    this.#tables = tables;
    this.#search = new TermSearch(driver, tables, memory);
  }

  /** The same terms as a transaction sees them. */
  within(driver: SqlDriver): StoreTerms {
    return new StoreTerms(driver, this.#tables, this.settings);
  }

  /** The best k documents by BM25; undefined: nothing in the store has any of the terms. */
  search(wanted: TermQuery, parameters: Partial<Bm25Parameters> = {}): Promise<TermHits> {
    return this.#search.search(wanted, { ...this.settings.parameters, ...parameters });
  }

  /** To be called in a transaction after a write. */
  async afterWrite(query: SqlQuery): Promise<void> {
    if (isLogFull(await readState(query, this.#tables))) await mergeLog(query, this.#tables);
  }

  /** To be called after a run of writes. */
  finish(): Promise<void> {
    return finishTerms(this.#driver, this.#tables, (query) => lockRows(query, this.#tables));
  }
}

/** Other writers wait until the transaction ends. */
export async function lockRows(query: SqlQuery, { chunks }: StoreTables): Promise<void> {
  await query(`lock table ${chunks} in share row exclusive mode`);
}

/** Whether a row's terms are kept, as a condition over the rows' table. */
export const termsKept = ({ settings }: StoreTables): string =>
  `unit >= (select (value::jsonb ->> 'firstUnit')::integer from ${settings} where key = '${STATE_KEY}')`;

/**
 * The terms that a store keeps from now on: those that it has, or as it is asked for.
 *
 * @param stored the store's settings
 * @param layout as its tables are, and their partitions
 * @returns its layout as it is then, and undefined where it keeps none
 * @throws CemError `SEARCH_ANALYZER_OTHER`
 */
export async function prepareTerms(
  driver: SqlDriver,
  tables: StoreTables,
  { terms: wanted, termsMemory }: StoreTermOptions,
  stored: ReadonlyMap<string, string>,
  { layout, partitions }: { readonly layout: Layout; readonly partitions: number | undefined },
): Promise<{ readonly layout: Layout; readonly terms: StoreTerms | undefined }> {
  const made = termSettingsOf(stored);
  const opened = (settings: TermSettings | undefined) => settings && new StoreTerms(driver, tables, settings, termsMemory);
  if (wanted === undefined || (wanted === 'none' && made === undefined)) return { layout, terms: opened(made) };
  const settings =
    wanted === 'none'
      ? undefined
      : { analyzer: wanted.analyzer, parameters: bm25Parameters({ ...made?.parameters, ...givenParameters(wanted) }) };
  if (made !== undefined && settings !== undefined && isSameAnalyzer(made.analyzer, settings.analyzer))
    return { layout, terms: opened(settings) };
  if (made !== undefined && wanted !== 'none' && wanted.replace !== true)
    assertSameAnalyzer(made.analyzer, { settings: wanted.analyzer });
  await driver.transaction(async (query) => {
    await lockRows(query, tables);
    if (layout !== LAYOUT_WITH_TERMS) {
      await createTermTables(query, tables, partitions);
      await writeSetting(query, tables, LAYOUT_KEY, String(LAYOUT_WITH_TERMS));
    }
    await resetTerms(query, tables, settings);
  });
  return { layout: LAYOUT_WITH_TERMS, terms: opened(settings) };
}

const givenParameters = ({ k1, b }: TermOptions): Partial<Bm25Parameters> => ({
  ...(k1 !== undefined && { k1 }),
  ...(b !== undefined && { b }),
});
