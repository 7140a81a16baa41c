import assert from 'node:assert/strict';
import { CemError, UsageError } from '../../base/index.ts';
import type { Filter } from '../filter.ts';
import { checkFilter } from '../filter-schema.ts';
import { assertResultCount } from '../rank-order.ts';
import { recallAgainst } from '../recall.ts';
import type { SearchOptions } from '../retriever.ts';
import { scoredPassages } from '../scoring.ts';
import { parseVectorIndex, type VectorIndex, type VectorIndexInput } from '../vector-index.ts';
import { checkDimension, lastRowsByKey, metadataJson, whyUnsearchable } from '../vector-row.ts';
import type { MetadataRow, StoredRow, StoreHit, VectorCount, VectorRow, VectorStore } from '../vector-store.ts';
import { CodesInMemory } from './codes-in-memory.ts';
import { type CodeSearch, sampleCopies, searchAllCopies, searchByCodes } from './copy-search.ts';
import { databaseErrorCode } from './database-error.ts';
import { buildHnsw, checkHnsw } from './hnsw.ts';
import { type PlainTable, sampleVectors, searchByHnsw, searchExactly, type VectorQuery } from './pgvector-search.ts';
import { countRows, deleteRowsOf, documentsAfter, insertRows, rowsOf, updateRowMetadata } from './row-statements.ts';
import type { SqlDriver, SqlQuery } from './sql-driver.ts';
import {
  createTables,
  layoutOf,
  migrateTables,
  readSettings,
  type StoreTables,
  storeTables,
  writeSetting,
} from './store-tables.ts';
import { VECTOR_FORMS, VECTOR_PRECISIONS, type VectorForm, type VectorPrecision } from './vector-form.ts';
import { LAYOUT, type Layout, type VectorTable } from './vector-table.ts';

export interface PgvectorOptions {
  /** Length of the vectors. */
  readonly dimension: number;
  /** Prefix of the store's tables: several stores share a database under different names. A lower-case letter, then letters, digits, `_`; at most 40. */
  readonly name?: string;
  /** Precision of a new store, `single` unless given; one that is there keeps its own. */
  readonly precision?: VectorPrecision;
  /** What `finishWriting` builds; unless given, what the store has (a new one: none, exact search). */
  readonly vectorIndex?: VectorIndexInput;
  /** Of `binary` vectors: how many rows, found by their codes, are ranked by their integers in a search, unless k wants more; 300 unless given. More find more of the exact results. */
  readonly candidates?: number;
  /**
   * Of `binary` vectors without a vector index: how many bytes of this process's memory their codes may take (56 a row of 384 values). As long as they fit, searches go by
   * them instead of by the database's own scan. 0, none, unless given.
   */
  readonly codesMemory?: number;
  /** Whether to make the store where there is none (default) or to refuse. */
  readonly create?: boolean;
  /** Whether tables that an earlier version made are brought to today's layout (default), or read as they are, in which case nothing can be written. */
  readonly migrate?: boolean;
}

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

/** PostgreSQL cuts names at 63 bytes; the suffixes need some of them. */
const NAME_PATTERN = /^[a-z][a-z0-9_]{0,39}$/;
/** Largest dimension of a `vector` column (pgvector, "Vector Type"). */
const MAXIMUM_DIMENSION = 16_000;
/** Rows of one INSERT: large enough that the round trip does not count, small enough that its text stays a few megabytes. */
const INSERT_ROWS = 500;
/** Documents of one page of `documents`. */
const PAGE_SIZE = 5_000;
/** Key of the store's metadata that says which vector index is built. */
const VECTOR_INDEX_KEY = 'vector_index';
/** Rows that are ranked in a search over binary codes: bench/RESULTS.md has what is found of the exact results with other numbers. */
const CANDIDATES = 300;
const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * The vector store on PostgreSQL with pgvector, embedded or remote: the same SQL over either driver.
 *
 * Tables `<name>_chunks` (one row a passage, key: a digest of the document's id, the chunk and the passage) and `<name>_metadata`, what the store says of itself. Search is by
 * inner product, which is the cosine of normalised vectors: a scan, exact, unless an HNSW index is built. Document ids compare as bytes (collation "C"), whatever
 * the database's locale.
 */
export class PgvectorStore implements VectorStore {
  readonly dimension: number;
  readonly #driver: SqlDriver;
  readonly #tables: StoreTables;
  #layout: Layout = LAYOUT;
  #precision: VectorPrecision;
  #built: VectorIndex = { kind: 'none' };
  #wanted: VectorIndex = { kind: 'none' };
  #candidates = CANDIDATES;
  #memory: CodesInMemory | undefined;

  private constructor(driver: SqlDriver, options: { dimension: number; name: string; precision: VectorPrecision }) {
    this.dimension = options.dimension;
    this.#precision = options.precision;
    this.#driver = driver;
    this.#tables = storeTables(options.name);
  }

  get precision(): VectorPrecision {
    return this.#precision;
  }

  /** What searches go by. */
  get vectorIndex(): VectorIndex {
    return this.#built;
  }

  /** What a search looks through. */
  get searchesBy(): SearchedBy {
    if (this.#built.kind === 'hnsw') return 'hnsw';
    if (this.#precision !== 'binary') return 'vectors';
    return this.#memory?.fits ? 'codes in memory' : 'codes';
  }

  get #form(): VectorForm {
    return VECTOR_FORMS[this.#precision];
  }

  get #table(): VectorTable {
    return { name: this.#tables.chunks, form: this.#form, dimension: this.dimension, layout: this.#layout };
  }

  /** The table where PostgreSQL compares its vectors, undefined where this process does. */
  get #plainTable(): PlainTable | undefined {
    const form = this.#form;
    return form.kind === 'plain' ? { ...this.#table, form } : undefined;
  }

  /**
   * Opens the store on a connection, which it owns from then on: also when this throws, the connection is closed.
   *
   * @throws UsageError `VECTOR_STORE_NAME`; CemError `VECTOR_EXTENSION` where the database has no pgvector, `VECTOR_STORE_MISSING` where there is no such
   *   store and `create` is false, `VECTOR_DIMENSION` where the one that is there has another dimension or precision, `VECTOR_STORE_LAYOUT` where a later version made it, `VECTOR_INDEX` for an index that cannot
   *   be built over such vectors
   */
  static async open(driver: SqlDriver, options: PgvectorOptions): Promise<PgvectorStore> {
    const name = options.name ?? 'cem';
    try {
      if (!NAME_PATTERN.test(name)) {
        throw new UsageError(
          'VECTOR_STORE_NAME',
          `"${name}" cannot name a store: use a lower-case letter, then letters, digits or _, at most 40 in all`,
          {
            details: { name },
          },
        );
      }
      if (!Number.isInteger(options.dimension) || options.dimension < 1 || options.dimension > MAXIMUM_DIMENSION) {
        throw new CemError(
          'VECTOR_DIMENSION',
          `vectors of ${options.dimension} values cannot be stored: use 1 to ${MAXIMUM_DIMENSION}`,
          {
            details: { dimension: options.dimension },
          },
        );
      }
      const store = new PgvectorStore(driver, { dimension: options.dimension, name, precision: options.precision ?? 'single' });
      await store.#prepare(options);
      await store.#remember(options);
      return store;
    } catch (error) {
      await driver.close().catch(() => {});
      throw error;
    }
  }

  async #prepare({ precision: wantedPrecision, vectorIndex, create = true, migrate = true }: PgvectorOptions): Promise<void> {
    const settings = await readSettings(this.#driver, this.#tables);
    if (settings === undefined) {
      if (!create) {
        throw new CemError(
          'VECTOR_STORE_MISSING',
          `${this.#driver.location} has no table ${this.#tables.settings}: the vectors are gone; make the index again`,
          {
            details: { location: this.#driver.location, table: this.#tables.settings },
          },
        );
      }
      this.#want(vectorIndex);
      await this.#createExtension();
      await createTables(this.#driver, this.#tables, this.#table, {
        dimension: String(this.dimension),
        precision: this.#precision,
      });
      return;
    }
    const [dimension, precision] = [settings.get('dimension'), settings.get('precision')];
    if (dimension !== String(this.dimension) || (precision !== wantedPrecision && wantedPrecision !== undefined)) {
      throw new CemError(
        'VECTOR_DIMENSION',
        `${this.#driver.location} holds vectors of ${dimension} values (${precision}) under this name, not ${this.dimension} (${wantedPrecision ?? precision}); use another index`,
        { details: { stored: dimension, wanted: this.dimension } },
      );
    }
    this.#precision = precisionOf(precision, this.#driver.location);
    const built = settings.get(VECTOR_INDEX_KEY);
    if (built !== undefined) this.#built = parseVectorIndex(JSON.parse(built));
    this.#want(vectorIndex);
    this.#layout = layoutOf(settings, this.#driver.location);
    if (this.#layout === LAYOUT || !migrate) return;
    await migrateTables(this.#driver, this.#tables);
    this.#layout = LAYOUT;
  }

  async #remember({ candidates, codesMemory = 0 }: PgvectorOptions): Promise<void> {
    if (candidates !== undefined) this.#candidates = candidates;
    if (this.#precision === 'binary') this.#memory = await CodesInMemory.within(codesMemory, this.#driver, this.#table);
  }

  #want(vectorIndex: VectorIndexInput | undefined): void {
    this.#wanted = vectorIndex === undefined ? this.#built : parseVectorIndex(vectorIndex);
    if (this.#wanted.kind === 'hnsw') checkHnsw(this.#table);
  }

  async #createExtension(): Promise<void> {
    try {
      await this.#driver.query('create extension if not exists vector');
    } catch (error) {
      if (!(error instanceof CemError) || error.code !== 'DATABASE_QUERY') throw error;
      const sqlstate = databaseErrorCode(error.cause);
      const advice =
        sqlstate === INSUFFICIENT_PRIVILEGE
          ? 'let an administrator of the database run: create extension vector'
          : 'install it on the server (https://github.com/pgvector/pgvector, or the package postgresql-<version>-pgvector)';
      throw new CemError('VECTOR_EXTENSION', `${this.#driver.location} has no pgvector (${error.message}); ${advice}`, {
        details: { location: this.#driver.location, sqlstate },
        cause: error,
      });
    }
  }

  async upsert(rows: readonly VectorRow[]): Promise<void> {
    this.#assertWritable();
    // One statement must not meet a key twice.
    const all = lastRowsByKey(rows, this.dimension);
    await this.#writeRows(all, (query, some) => insertRows(query, this.#table, some));
  }

  async updateMetadata(rows: readonly MetadataRow[]): Promise<void> {
    this.#assertWritable();
    const all = rows.map((row) => ({ ...row, json: metadataJson(row) }));
    await this.#writeRows(all, (query, some) => updateRowMetadata(query, this.#table, some));
  }

  /** Writes rows in one transaction, some at a time. */
  async #writeRows<Row>(rows: readonly Row[], write: (query: SqlQuery, rows: readonly Row[]) => Promise<void>): Promise<void> {
    if (rows.length === 0) return;
    await this.#driver.transaction(async (query) => {
      // Numbers must come to light in their order: what is new is found by them.
      if (this.#form.kind === 'copy') await query(`lock table ${this.#tables.chunks} in share row exclusive mode`);
      for (let first = 0; first < rows.length; first += INSERT_ROWS) await write(query, rows.slice(first, first + INSERT_ROWS));
    });
  }

  #assertWritable(): void {
    assert.ok(this.#layout === LAYOUT, 'the store was opened to be read as it is');
  }

  async deleteDocuments(documents: readonly string[]): Promise<number> {
    this.#assertWritable();
    return deleteRowsOf(this.#driver.query, this.#table, documents);
  }

  async finishWriting(): Promise<void> {
    const [built, wanted] = [this.#built, this.#wanted];
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
    return this.#search({ vector, k, best, filter, signal });
  }

  async #search(wanted: VectorQuery): Promise<StoreHit[]> {
    const index = this.#built;
    const [table, form] = [this.#plainTable, this.#form];
    if (table === undefined) {
      const [comparison, named] = [form.comparison, namesDocuments(wanted.filter)];
      // Few documents' rows are all read.
      if (comparison === undefined || named) return this.#searchAll(wanted);
      return searchByCodes(this.#driver, this.#table, { ...this.#codeSearch(), comparison }, wanted);
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

  #codeSearch(): Omit<CodeSearch, 'comparison'> {
    const index = this.#built;
    return index.kind === 'none'
      ? { candidates: this.#candidates, index: undefined, memory: this.#memory }
      : { candidates: this.#candidates, index, memory: undefined };
  }

  /**
   * What an approximate search (by a vector index, or by binary codes) loses: the part of the exact k best documents that it finds too, over vectors of the store itself taken as queries.
   *
   * @param queries how many vectors are taken at most, in an order that has nothing to do with their content
   */
  async measureRecall(queries: number, k: number): Promise<VectorIndexRecall> {
    const table = this.#plainTable;
    const vectors = await (table === undefined
      ? sampleCopies(this.#driver.query, this.#table, queries)
      : sampleVectors(this.#driver.query, table, queries));
    const exact: StoreHit[][] = table === undefined ? await searchAllCopies(this.#driver, this.#table, vectors, { k }) : [];
    const found: StoreHit[][] = [];
    for (const vector of vectors) {
      if (table !== undefined) exact.push(await searchExactly(this.#driver, table, { vector, k }));
      found.push(await this.#search({ vector, k }));
    }
    const documents = (hits: readonly StoreHit[]): string[] => hits.map(({ document }) => document);
    return { queries: vectors.length, k, recall: recallAgainst(exact.map(documents), found.map(documents)) };
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

  /** Removes the store's tables, and all that is in them. */
  async drop(): Promise<void> {
    const { chunks, settings } = this.#tables;
    await this.#driver.query(`drop table ${chunks}, ${settings}`);
  }

  async close(): Promise<void> {
    await this.#driver.close();
  }
}

/** @throws CemError `VECTOR_STORE_LAYOUT` for a precision that is not known here */
function precisionOf(stored: string | undefined, location: string): VectorPrecision {
  const known = VECTOR_PRECISIONS.find((precision) => precision === stored);
  if (known !== undefined) return known;
  throw new CemError(
    'VECTOR_STORE_LAYOUT',
    `the tables in ${location} hold ${stored} vectors, which this version does not know: use the version that made them, or a later one`,
    { details: { location, precision: stored } },
  );
}

/** Whether a filter lets rows of some named documents pass only. */
function namesDocuments(filter: Filter | undefined): boolean {
  if (filter === undefined) return false;
  return 'documents' in filter || ('and' in filter && filter.and.some(namesDocuments));
}
