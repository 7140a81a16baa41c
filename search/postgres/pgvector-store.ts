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
import { CodesInMemory } from './codes-in-memory.ts';
import { type CodeSearch, sampleCopies, searchAllCopies, searchByCodes } from './copy-search.ts';
import { databaseErrorCode } from './database-error.ts';
import { StoreListing } from './document-groups.ts';
import { namesDocuments } from './filter-sql.ts';
import { buildHnsw, checkHnsw } from './hnsw.ts';
import { HotTier, type TierOptions } from './hot-tier.ts';
import { checkPartitions, PARTITIONS_KEY } from './partitions.ts';
import { type PlainTable, sampleVectors, searchByHnsw, searchExactly, type VectorQuery } from './pgvector-search.ts';
import { PictureVectors } from './picture-vectors.ts';
import { countRows, deleteRowsOf, documentsAfter, insertRows, rowsOf, updateRowMetadata } from './row-statements.ts';
import { type SqlDriver, type SqlQuery, withinTransaction } from './sql-driver.ts';
import { groupsAt, prepareGroups } from './store-groups.ts';
import { dropLog, StoreLog } from './store-log.ts';
import {
  createTables,
  indexGroups,
  layoutOf,
  migrateTables,
  readSettings,
  type StoreTables,
  storeTables,
  writeSetting,
} from './store-tables.ts';
import { lockRows, prepareTerms, type StoreTermOptions, type StoreTerms, termsKept } from './store-terms.ts';
import { termTables } from './term-tables.ts';
import { precisionOf, VECTOR_FORMS, type VectorForm, type VectorPrecision } from './vector-form.ts';
import { isWritable, LAYOUT, LAYOUT_WITH_TERMS, type Layout, type VectorTable } from './vector-table.ts';
import { removeTerms, setUnits, writeTerms } from './write-terms.ts';
import { WriterLine } from './writer-line.ts';

export interface PgvectorOptions extends StoreTermOptions {
  /** Length of the vectors. */
  readonly dimension: number;
  /** Prefix of the store's tables: several stores share a database under different names. A lower-case letter, then letters, digits, `_`; at most 40. */
  readonly name?: string;
  /** Precision of a new store, `single` unless given; one that is there keeps its own. */
  readonly precision?: VectorPrecision;
  /**
   * Of a new store: into how many tables its rows are spread, by a hash of their document, 2 to 1,024; one table unless given. Their indexes are built at the same time, each is as
   * much smaller. One that is there keeps its own, and is not opened where another number is given.
   */
  readonly partitions?: number | undefined;
  /** What `finishWriting` builds; unless given, what the store has (a new one: none, exact search). */
  readonly vectorIndex?: VectorIndexInput;
  /** Of `binary` vectors: how many rows, found by their codes, are ranked by their integers in a search, unless k wants more; 300 unless given. More find more of the exact results. */
  readonly candidates?: number;
  /**
   * Of `binary` vectors without a vector index: how many bytes of this process's memory their codes may take (56 a row of 384 values). As long as they fit, searches go by
   * them instead of by the database's own scan. 0, none, unless given.
   */
  readonly codesMemory?: number;
  /**
   * Of `binary` vectors: where not all codes fit into `codesMemory`, or a vector index is built, the codes of the rows that searches find most are kept there, and searched beside the
   * database, which has all of them. Not done unless given.
   */
  readonly tiers?: TierOptions | undefined;
  /** Whether rows have vector groups from now on, in a store that had none; one that has keeps them. */
  readonly groups?: boolean | undefined;
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
/** Key of what an owner keeps there; apart from the store's own. */
const propertyKey = (name: string): string => `owner.${name}`;
/** Rows that are ranked in a search over binary codes: bench/RESULTS.md has what is found of the exact results with other numbers. */
const CANDIDATES = 300;
const INSUFFICIENT_PRIVILEGE = '42501';

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
  #layout: Layout = LAYOUT;
  #precision: VectorPrecision;
  #built: VectorIndex = { kind: 'none' };
  #wanted: VectorIndex = { kind: 'none' };
  #candidates = CANDIDATES;
  #memory: CodesInMemory | undefined;
  #hot: HotTier | undefined;
  #terms: StoreTerms | undefined;
  #partitions: number | undefined;
  #groups = false;

  private constructor(driver: SqlDriver, options: { dimension: number; tables: StoreTables; precision: VectorPrecision }) {
    this.dimension = options.dimension;
    this.#precision = options.precision;
    this.#driver = driver;
    this.#tables = options.tables;
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

  /** What became of hot rows; undefined where there are no tiers. */
  get tiers(): TierCounts | undefined {
    return this.#hot?.counts;
  }

  /** The terms of its rows, for search by words; undefined where it keeps none. */
  get terms(): StoreTerms | undefined {
    return this.#terms;
  }

  /** Whether its rows have vector groups. */
  get keepsGroups(): boolean {
    return this.#groups;
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
    assert.ok(this.#groups, 'a store that keeps no vector groups was asked for some');
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

  get termAnalyzer(): StoredAnalyzer | undefined {
    return this.#terms?.settings.analyzer;
  }

  get #form(): VectorForm {
    return VECTOR_FORMS[this.#precision];
  }

  get #table(): VectorTable {
    return {
      name: this.#tables.chunks,
      form: this.#form,
      dimension: this.dimension,
      layout: this.#layout,
      termsKept: this.#terms && termsKept(this.#tables),
      partitions: this.#partitions,
      groups: this.#groups,
    };
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
   *   store and `create` is false, `VECTOR_DIMENSION` where the one that is there has another dimension or precision, `SEARCH_ANALYZER_OTHER` where it keeps the terms of another analyzer, `VECTOR_STORE_LAYOUT` where a later version made it, `VECTOR_INDEX` for an index that cannot
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
      const { dimension, precision = 'single' } = options;
      const store = new PgvectorStore(driver, { dimension, tables: storeTables(name), precision });
      await store.#prepare(options);
      await store.#remember(options);
      return store;
    } catch (error) {
      await driver.close().catch(() => {});
      throw error;
    }
  }

  async #prepare(options: PgvectorOptions): Promise<void> {
    const { precision: wantedPrecision, vectorIndex, create = true, migrate = true } = options;
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
      if (options.partitions !== undefined) checkPartitions(options.partitions);
      this.#partitions = options.partitions;
      this.#want(vectorIndex);
      await this.#createExtension();
      await createTables(this.#driver, this.#tables, this.#table, {
        dimension: String(this.dimension),
        precision: this.#precision,
      });
      return this.#prepareTerms(options, new Map());
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
    this.#keepPartitions(settings.get(PARTITIONS_KEY), options.partitions);
    const built = settings.get(VECTOR_INDEX_KEY);
    if (built !== undefined) this.#built = parseVectorIndex(JSON.parse(built));
    this.#want(vectorIndex);
    this.#layout = layoutOf(settings, this.#driver.location);
    if (!isWritable(this.#layout) && migrate) {
      await migrateTables(this.#driver, this.#tables);
      this.#layout = LAYOUT;
    }
    if (migrate) await indexGroups(this.#driver.query, this.#tables);
    await this.#prepareTerms(migrate ? options : { termsMemory: options.termsMemory }, settings);
  }

  /** @throws CemError `VECTOR_PARTITIONS` */
  #keepPartitions(stored: string | undefined, wanted: number | undefined): void {
    this.#partitions = stored === undefined ? undefined : Number(stored);
    if (wanted === undefined || wanted === this.#partitions) return;
    throw new CemError(
      'VECTOR_PARTITIONS',
      `the store in ${this.#driver.location} has ${stored === undefined ? 'one table' : `${stored} partitions`}, not ${wanted}: their number is fixed when it is made; leave it out, or use another index`,
      { details: { stored, wanted } },
    );
  }

  async #prepareTerms(
    options: StoreTermOptions & Pick<PgvectorOptions, 'groups'>,
    settings: ReadonlyMap<string, string>,
  ): Promise<void> {
    const { layout, terms } = await prepareTerms(this.#driver, this.#tables, options, settings, {
      layout: this.#layout,
      partitions: this.#partitions,
    });
    [this.#layout, this.#terms] = [layout, terms];
    this.#groups = await prepareGroups(this.#driver, this.#tables, options.groups, settings);
  }

  async #remember({ candidates, codesMemory = 0, tiers }: PgvectorOptions): Promise<void> {
    if (candidates !== undefined) this.#candidates = candidates;
    if (this.#precision !== 'binary') return;
    this.#memory = await CodesInMemory.within(codesMemory, this.#driver, this.#table);
    if (tiers !== undefined) this.#hot = new HotTier(this.#driver, this.#table, codesMemory, tiers);
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
    if (all.length === 0) return;
    await this.#write(async (query) => {
      const terms = this.#terms;
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
    const terms = this.#terms;
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
      if (this.#form.kind === 'copy' || this.#terms !== undefined) await lockRows(query, this.#tables);
      await write(query);
    });
  }

  #assertWritable(): void {
    assert.ok(isWritable(this.#layout), 'the store was opened to be read as it is');
  }

  async deleteDocuments(documents: readonly string[]): Promise<number> {
    this.#assertWritable();
    if (this.#terms === undefined) return deleteRowsOf(this.#driver.query, this.#table, documents);
    let rows = 0;
    await this.#write(async (query) => {
      await removeTerms(query, this.#tables, documents);
      rows = await deleteRowsOf(query, this.#table, documents);
    });
    return rows;
  }

  async finishWriting(): Promise<void> {
    await this.#terms?.finish();
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

  async #search(wanted: VectorQuery, counted = true): Promise<StoreHit[]> {
    const index = this.#built;
    const [table, form] = [this.#plainTable, this.#form];
    if (table === undefined) {
      const [comparison, named] = [form.comparison, namesDocuments(wanted.filter)];
      // Few documents' rows are all read.
      if (comparison === undefined || named) return this.#searchAll(wanted);
      return searchByCodes(this.#driver, this.#table, { ...this.#codeSearch(), comparison, counted }, wanted);
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
    const memory = index.kind === 'none' ? this.#memory : undefined;
    return {
      candidates: this.#candidates,
      index: index.kind === 'none' ? undefined : index,
      memory,
      hot: memory?.fits === true ? undefined : this.#hot,
    };
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
      found.push(await this.#search({ vector, k }, false));
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

  /**
   * Runs the body in one transaction: what it does through the store that it gets counts as a whole when it returns, and not at all when it throws or this process ends. Until then
   * others see the store as it was. This store must not be used meanwhile.
   */
  async transaction<Result>(body: (store: PgvectorStore) => Promise<Result>): Promise<Result> {
    const inner = await this.#driver.transaction(async (query) => {
      const driver = withinTransaction(this.#driver.location, query);
      const store = new PgvectorStore(driver, { dimension: this.dimension, tables: this.#tables, precision: this.#precision });
      store.#layout = this.#layout;
      store.#partitions = this.#partitions;
      store.#built = this.#built;
      store.#wanted = this.#wanted;
      store.#candidates = this.#candidates;
      store.#terms = this.#terms?.within(driver);
      store.#groups = this.#groups;
      return { result: await body(store), built: store.#built };
    });
    this.#built = inner.built;
    return inner.result;
  }

  /** What `setProperty` kept under this name; undefined where nothing was. */
  async property(name: string): Promise<string | undefined> {
    return (await readSettings(this.#driver, this.#tables))?.get(propertyKey(name));
  }

  /** Several properties, as of one moment. */
  async properties<Name extends string>(names: readonly Name[]): Promise<Partial<Record<Name, string>>> {
    const rows = await this.#driver.query<{ key: string; value: string }>(
      `select key, value from ${this.#tables.settings} where key = any($1::text[])`,
      [names.map(propertyKey)],
    );
    const values = new Map(rows.map(({ key, value }) => [key, value]));
    return Object.fromEntries(
      names.flatMap((name) => {
        const value = values.get(propertyKey(name));
        return value === undefined ? [] : [[name, value]];
      }),
    ) as Partial<Record<Name, string>>;
  }

  /** Keeps a text for the store's owner, in the transaction where there is one. */
  async setProperty(name: string, value: string): Promise<void> {
    this.#assertWritable();
    await writeSetting(this.#driver.query, this.#tables, propertyKey(name), value);
  }

  /** Removes the store's tables, and all that is in them. */
  async drop(): Promise<void> {
    await dropLog(this.#driver.query, this.#tables);
    await this.pictures.drop();
    const { chunks, settings } = this.#tables;
    const others = this.#layout === LAYOUT_WITH_TERMS ? Object.values(termTables(this.#tables)) : [];
    await this.#driver.query(`drop table ${[chunks, settings, ...others].join(', ')}`);
  }

  async close(): Promise<void> {
    await this.#hot?.save();
    await this.#driver.close();
  }
}
