import { recallAgainst } from '../recall.ts';
import type { VectorIndex } from '../vector-index.ts';
import type { StoreHit, TierCounts } from '../vector-store.ts';
import { CodesInMemory } from './codes-in-memory.ts';
import { type CodeSearch, sampleCopies, searchAllCopies, searchByCodes } from './copy-search.ts';
import { namesDocuments } from './filter-sql.ts';
import { HotTier } from './hot-tier.ts';
import type { PgvectorOptions } from './pgvector-options.ts';
import { type PlainTable, sampleVectors, searchByHnsw, searchExactly, type VectorQuery } from './pgvector-search.ts';
import type { SqlDriver } from './sql-driver.ts';
import type { VectorTable } from './vector-table.ts';

/**
 * What a search looks through. `vectors`: all of them, exact. `codes`: the binary codes of all, in the database; `codes in memory`: in this process. `hnsw`: a graph of vectors or codes.
 */
export type SearchedBy = 'vectors' | 'codes' | 'codes in memory' | 'hnsw';

/** What an approximate index finds of the exact results. */
export interface VectorIndexRecall {
  readonly queries: number;
  /** Results of a query. */
  readonly k: number;
  /** 0 to 1 */
  readonly recall: number;
}

/** Rows that are ranked in a search over binary codes: bench/RESULTS.md has what is found of the exact results with other numbers. */
const CANDIDATES = 300;

interface SearchParts {
  readonly candidates: number;
  readonly memory?: CodesInMemory | undefined;
  readonly hot?: HotTier | undefined;
}

/** How a store finds the nearest of its rows: which of the ways there are is taken, by what its vectors are, what index is built and what a filter names. */
export class StoreSearch {
  readonly #driver: SqlDriver;
  readonly #table: VectorTable;
  readonly #parts: SearchParts;

  private constructor(driver: SqlDriver, table: VectorTable, parts: SearchParts) {
    this.#driver = driver;
    this.#table = table;
    this.#parts = parts;
  }

  static async open(
    driver: SqlDriver,
    table: VectorTable,
    { candidates = CANDIDATES, codesMemory = 0, tiers }: Pick<PgvectorOptions, 'candidates' | 'codesMemory' | 'tiers'>,
  ): Promise<StoreSearch> {
    if (table.form.precision !== 'binary') return new StoreSearch(driver, table, { candidates });
    const memory = await CodesInMemory.within(codesMemory, driver, table);
    const hot = tiers && new HotTier(driver, table, codesMemory, tiers);
    return new StoreSearch(driver, table, { candidates, memory, hot });
  }

  /** The same as a transaction sees the rows, by what the database has alone. */
  within(driver: SqlDriver): StoreSearch {
    return new StoreSearch(driver, this.#table, { candidates: this.#parts.candidates });
  }

  /** What became of hot rows; undefined where there are no tiers. */
  get tiers(): TierCounts | undefined {
    return this.#parts.hot?.counts;
  }

  /** What a search looks through. */
  looksThrough(index: VectorIndex): SearchedBy {
    if (index.kind === 'hnsw') return 'hnsw';
    if (this.#table.form.precision !== 'binary') return 'vectors';
    return this.#parts.memory?.fits ? 'codes in memory' : 'codes';
  }

  /** The table where PostgreSQL compares its vectors, undefined where this process does. */
  get #plainTable(): PlainTable | undefined {
    const { form } = this.#table;
    return form.kind === 'plain' ? { ...this.#table, form } : undefined;
  }

  /**
   * The nearest rows.
   *
   * @param index that is built
   * @param counted whether its results count as use, by which rows become hot
   */
  async nearest(index: VectorIndex, wanted: VectorQuery, counted = true): Promise<StoreHit[]> {
    const table = this.#plainTable;
    if (table === undefined) {
      const { comparison } = this.#table.form;
      // Few documents' rows are all read.
      if (comparison === undefined || namesDocuments(wanted.filter)) return this.#searchAll(wanted);
      return searchByCodes(this.#driver, this.#table, { ...this.#codeSearch(index), comparison, counted }, wanted);
    }
    // Few documents are found faster by their key.
    if (index.kind === 'none' || namesDocuments(wanted.filter)) return searchExactly(this.#driver, table, wanted);
    const hits = await searchByHnsw(this.#driver, table, index, wanted);
    // The graph's scan gives up after a while, with a rare filter before it has k.
    return hits.length === wanted.k ? hits : searchExactly(this.#driver, table, wanted);
  }

  async #searchAll(wanted: VectorQuery): Promise<StoreHit[]> {
    const [hits] = await searchAllCopies(this.#driver, this.#table, [wanted.vector], wanted);
    return hits!;
  }

  #codeSearch(index: VectorIndex): Omit<CodeSearch, 'comparison'> {
    const { candidates, hot } = this.#parts;
    const memory = index.kind === 'none' ? this.#parts.memory : undefined;
    return {
      candidates,
      index: index.kind === 'none' ? undefined : index,
      memory,
      hot: memory?.fits === true ? undefined : hot,
    };
  }

  /** What `nearest` finds of the exact results, over vectors of the store itself taken as queries: `queries` of them at most, in an order that has nothing to do with their content. */
  async recall(index: VectorIndex, queries: number, k: number): Promise<VectorIndexRecall> {
    const table = this.#plainTable;
    const vectors = await (table === undefined
      ? sampleCopies(this.#driver.query, this.#table, queries)
      : sampleVectors(this.#driver.query, table, queries));
    const exact: StoreHit[][] = table === undefined ? await searchAllCopies(this.#driver, this.#table, vectors, { k }) : [];
    const found: StoreHit[][] = [];
    for (const vector of vectors) {
      if (table !== undefined) exact.push(await searchExactly(this.#driver, table, { vector, k }));
      found.push(await this.nearest(index, { vector, k }, false));
    }
    const documents = (hits: readonly StoreHit[]): string[] => hits.map(({ document }) => document);
    return { queries: vectors.length, k, recall: recallAgainst(exact.map(documents), found.map(documents)) };
  }

  /** Keeps what was learned of hot rows. */
  async close(): Promise<void> {
    await this.#parts.hot?.save();
  }
}
