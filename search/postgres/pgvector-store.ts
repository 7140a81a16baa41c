import assert from 'node:assert/strict';
import type { Filter } from '../filter.ts';
import { checkFilter } from '../filter-schema.ts';
import { assertResultCount } from '../rank-order.ts';
import type { SearchOptions } from '../retriever.ts';
import { scoredPassages } from '../scoring.ts';
import type { VectorIndex } from '../vector-index.ts';
import { checkDimension, lastRowsByKey, metadataJson, whyUnsearchable } from '../vector-row.ts';
import type {
  MetadataRow,
  StoredAnalyzer,
  StoredGroup,
  StoredRow,
  StoreHit,
  TermRow,
  TierCounts,
  VectorCount,
  VectorRow,
  VectorStore,
} from '../vector-store.ts';
import { StoreListing } from './document-groups.ts';
import { buildHnsw } from './hnsw.ts';
import { checkNameAndDimension, type PgvectorOptions } from './pgvector-options.ts';
import { PictureObjects } from './picture-objects.ts';
import { PictureVectors } from './picture-vectors.ts';
import { type PreparedStore, prepareStore, VECTOR_INDEX_KEY, vectorTable } from './prepare-store.ts';
import { countRows, deleteRowsOf, documentsAfter, insertRows, rowsOf, updateRowMetadata } from './row-statements.ts';
import { type SqlDriver, type SqlQuery, withinTransaction } from './sql-driver.ts';
import { groupsAt } from './store-groups.ts';
import { dropLog, StoreLog } from './store-log.ts';
import { StoreProperties } from './store-properties.ts';
import { type SearchedBy, StoreSearch, type VectorIndexRecall } from './store-search.ts';
import { type StoreTables, storeTables, writeSetting } from './store-tables.ts';
import { lockRows, type StoreTerms } from './store-terms.ts';
import { termTables } from './term-tables.ts';
import type { VectorPrecision } from './vector-form.ts';
import { isWritable, LAYOUT_WITH_TERMS, type VectorTable } from './vector-table.ts';
import { removeTerms, setUnits, writeTerms } from './write-terms.ts';
import { WriterLine } from './writer-line.ts';

/** Rows of one INSERT: large enough that the round trip does not count, small enough that its text stays a few megabytes. */
const INSERT_ROWS = 500;
/** Documents of one page of `documents`. */
const PAGE_SIZE = 5_000;

/**
 * The vector store on PostgreSQL with pgvector, embedded or remote: the same SQL over either driver.
 *
 * Tables `<name>_chunks` (one row a passage, key: a digest of the document's id, the chunk and the passage), `<name>_metadata`, what the store says of itself, and those of terms where it keeps them. Search is by
 * inner product, which is the cosine of normalised vectors: a scan, exact, unless an HNSW index is built. Document ids compare as bytes (collation "C"), whatever
 * the database's locale.
 */
export class PgvectorStore implements VectorStore {
  readonly dimension: number;
  readonly #driver: SqlDriver;
  readonly #tables: StoreTables;
  readonly #prepared: PreparedStore;
  readonly #table: VectorTable;
  readonly #search: StoreSearch;
  #built: VectorIndex;

  private constructor(
    driver: SqlDriver,
    tables: StoreTables,
    parts: { readonly prepared: PreparedStore; readonly table: VectorTable; readonly search: StoreSearch },
  ) {
    this.dimension = parts.table.dimension;
    this.#driver = driver;
    this.#tables = tables;
    this.#prepared = parts.prepared;
    this.#table = parts.table;
    this.#search = parts.search;
    this.#built = parts.prepared.built;
  }

  get precision(): VectorPrecision {
    return this.#table.form.precision;
  }

  /** What searches go by. */
  get vectorIndex(): VectorIndex {
    return this.#built;
  }

  /** What a search looks through. */
  get searchesBy(): SearchedBy {
    return this.#search.looksThrough(this.#built);
  }

  /** What became of hot rows; undefined where there are no tiers. */
  get tiers(): TierCounts | undefined {
    return this.#search.tiers;
  }

  /** The terms of its rows, for search by words; undefined where it keeps none. */
  get terms(): StoreTerms | undefined {
    return this.#prepared.terms;
  }

  /** Whether an earlier version made its tables, and nobody brought them to today's: they are read as they are. */
  get isOutdated(): boolean {
    return !isWritable(this.#table.layout);
  }

  /** Whether its rows have vector groups. */
  get keepsGroups(): boolean {
    return this.#prepared.groups;
  }

  /**
   * The vector groups of rows by their keys.
   *
   * @returns [keys.length]; undefined for a row without one, or that is not there
   */
  groupsAt(
    keys: readonly Pick<VectorRow, 'document' | 'chunk' | 'passage'>[],
    options: { readonly words?: boolean | undefined; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<(StoredGroup | undefined)[]> {
    assert.ok(this.keepsGroups, 'a store that keeps no vector groups was asked for some');
    return groupsAt(this.#driver.query, this.#table, keys, options);
  }

  /** Its documents as lists have them. */
  get listing(): StoreListing {
    return new StoreListing(this.#driver.query, this.#table);
  }

  /** The log of its owner. */
  get log(): StoreLog {
    this.#assertWritable();
    return new StoreLog(this.#driver.query, this.#tables);
  }

  /** Its writers, one after the other. */
  get line(): WriterLine {
    return new WriterLine(this.#driver, this.#tables);
  }

  /** Vectors of pictures, beside the rows of the figures' descriptions. */
  get pictures(): PictureVectors {
    return new PictureVectors(this.#driver.query, this.#tables);
  }

  /** Where pictures lie in an object store. */
  get pictureObjects(): PictureObjects {
    return new PictureObjects(this.#driver.query, this.#tables);
  }

  get termAnalyzer(): StoredAnalyzer | undefined {
    return this.terms?.settings.analyzer;
  }

  get #properties(): StoreProperties {
    return new StoreProperties(this.#driver, this.#tables);
  }

  /**
   * Opens the store on a connection, which it owns from then on: also when this throws, the connection is closed.
   *
   * @throws UsageError `VECTOR_STORE_NAME`; CemError `VECTOR_EXTENSION` where the database has no pgvector, `VECTOR_STORE_MISSING` where there is no such
   *   store and `create` is false, `VECTOR_DIMENSION` where the one that is there has another dimension or precision, `SEARCH_ANALYZER_OTHER` where it keeps the terms of another analyzer, `VECTOR_STORE_LAYOUT` where a later version made it, `VECTOR_INDEX` for an index that cannot
   *   be built over such vectors
   */
  static async open(driver: SqlDriver, options: PgvectorOptions): Promise<PgvectorStore> {
    const { dimension, name = 'cem' } = options;
    try {
      checkNameAndDimension(name, dimension);
      const tables = storeTables(name);
      const prepared = await prepareStore(driver, tables, options);
      const table = vectorTable(tables, dimension, prepared);
      return new PgvectorStore(driver, tables, { prepared, table, search: await StoreSearch.open(driver, table, options) });
    } catch (error) {
      await driver.close().catch(() => {});
      throw error;
    }
  }

  async upsert(rows: readonly VectorRow[]): Promise<void> {
    this.#assertWritable();
    // One statement must not meet a key twice.
    const all = lastRowsByKey(rows, this.dimension);
    if (all.length === 0) return;
    await this.#write(async (query) => {
      const { terms } = this;
      const units = terms && (await writeTerms(query, this.#tables, all));
      for (let first = 0; first < all.length; first += INSERT_ROWS) {
        const end = first + INSERT_ROWS;
        await insertRows(query, this.#table, all.slice(first, end), units?.slice(first, end));
      }
      await terms?.afterWrite(query);
    });
  }

  async updateTerms(rows: readonly TermRow[]): Promise<void> {
    this.#assertWritable();
    const { terms } = this;
    assert.ok(terms !== undefined, 'a store that keeps no terms was given some');
    if (rows.length === 0) return;
    await this.#write(async (query) => {
      const units = await writeTerms(query, this.#tables, rows, true);
      await setUnits(query, this.#tables, rows, units);
      await terms.afterWrite(query);
    });
  }

  async updateMetadata(rows: readonly MetadataRow[]): Promise<void> {
    this.#assertWritable();
    const all = rows.map((row) => ({ ...row, json: metadataJson(row) }));
    if (all.length === 0) return;
    await this.#write(async (query) => {
      for (let first = 0; first < all.length; first += INSERT_ROWS)
        await updateRowMetadata(query, this.#table, all.slice(first, first + INSERT_ROWS));
    });
  }

  /** Writes in one transaction. */
  async #write(write: (query: SqlQuery) => Promise<void>): Promise<void> {
    await this.#driver.transaction(async (query) => {
      // Numbers must come to light in their order: what is new is found by them.
      if (this.#table.form.kind === 'copy' || this.terms !== undefined) await lockRows(query, this.#tables);
      await write(query);
    });
  }

  #assertWritable(): void {
    assert.ok(isWritable(this.#table.layout), 'the store was opened to be read as it is');
  }

  async deleteDocuments(documents: readonly string[]): Promise<number> {
    this.#assertWritable();
    if (this.terms === undefined) return deleteRowsOf(this.#driver.query, this.#table, documents);
    let rows = 0;
    await this.#write(async (query) => {
      await removeTerms(query, this.#tables, documents);
      rows = await deleteRowsOf(query, this.#table, documents);
    });
    return rows;
  }

  async finishWriting(): Promise<void> {
    await this.terms?.finish();
    const [built, wanted] = [this.#built, this.#prepared.wanted];
    const name = this.#tables.vectorIndex;
    const remember = (query: SqlQuery): Promise<void> =>
      writeSetting(query, this.#tables, VECTOR_INDEX_KEY, JSON.stringify(wanted));
    if (wanted.kind === 'none') {
      if (built.kind === 'none') return;
      await this.#driver.transaction(async (query) => {
        await query(`drop index if exists ${name}`);
        await remember(query);
      });
    } else if (built.kind === 'none' || built.m !== wanted.m || built.efConstruction !== wanted.efConstruction) {
      await buildHnsw(this.#driver, { name, table: this.#table }, wanted, remember);
    } else if (built.efSearch !== wanted.efSearch) {
      await remember(this.#driver.query);
    }
    this.#built = wanted;
  }

  async search(vector: Float32Array, { k, filter, scoring, signal }: SearchOptions): Promise<StoreHit[]> {
    assertResultCount(k);
    checkDimension(vector, this.dimension, "the query's vector");
    checkFilter(filter);
    const best = scoredPassages(scoring);
    signal?.throwIfAborted();
    if (whyUnsearchable(vector) !== undefined) return [];
    return this.#search.nearest(this.#built, { vector, k, best, filter, signal });
  }

  /**
   * What an approximate search (by a vector index, or by binary codes) loses: the part of the exact k best documents that it finds too, over vectors of the store itself taken as queries.
   *
   * @param queries how many vectors are taken at most, in an order that has nothing to do with their content
   */
  measureRecall(queries: number, k: number): Promise<VectorIndexRecall> {
    return this.#search.recall(this.#built, queries, k);
  }

  async count(filter?: Filter): Promise<VectorCount> {
    checkFilter(filter);
    return countRows(this.#driver.query, this.#table, filter);
  }

  async storedRows(documents: readonly string[]): Promise<StoredRow[]> {
    return rowsOf(this.#driver.query, this.#table, documents);
  }

  /** In the order of their keys, by which a page is found without a look at those before it. */
  async *documents(): AsyncIterable<string> {
    let last: string | undefined;
    while (true) {
      const page = await documentsAfter(this.#driver.query, this.#table, last, PAGE_SIZE);
      for (const row of page) yield row.document;
      last = page.at(-1)?.key;
      if (page.length < PAGE_SIZE) return;
    }
  }

  /**
   * Runs the body in one transaction: what it does through the store that it gets counts as a whole when it returns, and not at all when it throws or this process ends. Until then
   * others see the store as it was. This store must not be used meanwhile.
   */
  async transaction<Result>(body: (store: PgvectorStore) => Promise<Result>): Promise<Result> {
    const inner = await this.#driver.transaction(async (query) => {
      const driver = withinTransaction(this.#driver.location, query);
      const prepared = { ...this.#prepared, built: this.#built, terms: this.terms?.within(driver) };
      const store = new PgvectorStore(driver, this.#tables, {
        prepared,
        table: this.#table,
        search: this.#search.within(driver),
      });
      return { result: await body(store), built: store.#built };
    });
    this.#built = inner.built;
    return inner.result;
  }

  /** What `setProperty` kept under this name; undefined where nothing was. */
  async property(name: string): Promise<string | undefined> {
    return this.#properties.get(name);
  }

  /** Several properties, as of one moment. */
  async properties<Name extends string>(names: readonly Name[]): Promise<Partial<Record<Name, string>>> {
    return this.#properties.several(names);
  }

  /** Keeps a text for the store's owner, in the transaction where there is one. */
  async setProperty(name: string, value: string): Promise<void> {
    this.#assertWritable();
    await this.#properties.set(name, value);
  }

  /** Removes the store's tables, and all that is in them. */
  async drop(): Promise<void> {
    await dropLog(this.#driver.query, this.#tables);
    await this.pictures.drop();
    await this.pictureObjects.drop();
    const { chunks, settings, migrations } = this.#tables;
    const others = this.#table.layout === LAYOUT_WITH_TERMS ? Object.values(termTables(this.#tables)) : [];
    await this.#driver.query(`drop table ${[chunks, settings, ...others].join(', ')}`);
    await this.#driver.query(`drop table if exists ${migrations}`);
  }

  async close(): Promise<void> {
    await this.#search.close();
    await this.#driver.close();
  }
}
