import { CemError, UsageError } from '../../base/index.ts';
import { recallAgainst } from '../recall.ts';
import type { Hit } from '../retriever.ts';
import { parseVectorIndex, type VectorIndex, type VectorIndexInput } from '../vector-index.ts';
import { checkVector, lastRowsByKey } from '../vector-row.ts';
import type { StoredChunk, VectorCount, VectorFilter, VectorRow, VectorStore } from '../vector-store.ts';
import { databaseErrorCode } from './database-error.ts';
import { buildHnsw, checkHnsw } from './hnsw.ts';
import { searchByHnsw, searchExactly, vectorText, whereClause } from './pgvector-search.ts';
import type { SqlDriver, SqlParameter, SqlQuery } from './sql-driver.ts';
import type { VectorTable } from './vector-table.ts';

/** Element type of the stored vectors: `single` is pgvector's `vector` (4 bytes), `half` its `halfvec` (2 bytes; cosines to about 3 digits; from 0.7). */
export type VectorPrecision = 'single' | 'half';

export interface PgvectorOptions {
  /** Length of the vectors. */
  readonly dimension: number;
  /** Prefix of the store's tables: several stores share a database under different names. A lower-case letter, then letters, digits, `_`; at most 40. */
  readonly name?: string;
  /** Of a new store `single` unless given; one that is there keeps its own. */
  readonly precision?: VectorPrecision;
  /** What `finishWriting` builds; unless given, what the store has (a new one: none, exact search). */
  readonly vectorIndex?: VectorIndexInput;
  /** Whether to make the store where there is none (default) or to refuse. */
  readonly create?: boolean;
}

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
const SQL_TYPES = { single: 'vector', half: 'halfvec' } as const;
/** Largest dimension of a `vector` column (pgvector, "Vector Type"). */
const MAXIMUM_DIMENSION = 16_000;
/** Rows of one INSERT: large enough that the round trip does not count, small enough that its text stays a few megabytes. */
const INSERT_ROWS = 500;
/** Documents of one page of `documentIds`. */
const PAGE_SIZE = 5_000;
/** Key of the store's metadata that says which vector index is built. */
const VECTOR_INDEX_KEY = 'vector_index';
const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * The vector store on PostgreSQL with pgvector, embedded or remote: the same SQL over either driver.
 *
 * Tables `<name>_chunks` (one row a chunk, key document + chunk) and `<name>_metadata`. Search is by inner product, which is the cosine of normalised vectors:
 * a scan, exact, unless an HNSW index is built. Document ids compare as bytes (collation "C"), whatever the database's locale.
 */
export class PgvectorStore implements VectorStore {
  readonly dimension: number;
  readonly #driver: SqlDriver;
  readonly #name: string;
  readonly #chunks: string;
  readonly #metadata: string;
  #precision: VectorPrecision;
  #built: VectorIndex = { kind: 'none' };
  #wanted: VectorIndex = { kind: 'none' };

  private constructor(driver: SqlDriver, options: { dimension: number; name: string; precision: VectorPrecision }) {
    this.dimension = options.dimension;
    this.#precision = options.precision;
    this.#driver = driver;
    this.#name = options.name;
    this.#chunks = `${options.name}_chunks`;
    this.#metadata = `${options.name}_metadata`;
  }

  get precision(): VectorPrecision {
    return this.#precision;
  }

  /** What searches go by. */
  get vectorIndex(): VectorIndex {
    return this.#built;
  }

  get #type(): VectorTable['type'] {
    return SQL_TYPES[this.#precision];
  }

  get #table(): VectorTable {
    return { name: this.#chunks, type: this.#type, dimension: this.dimension };
  }

  /**
   * Opens the store on a connection, which it owns from then on: also when this throws, the connection is closed.
   *
   * @throws UsageError `VECTOR_STORE_NAME`; CemError `VECTOR_EXTENSION` where the database has no pgvector, `VECTOR_STORE_MISSING` where there is no such
   *   store and `create` is false, `VECTOR_DIMENSION` where the one that is there has another dimension or precision, `VECTOR_INDEX` for an index that cannot
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
      return store;
    } catch (error) {
      await driver.close().catch(() => {});
      throw error;
    }
  }

  async #prepare({ precision: wantedPrecision, vectorIndex, create = true }: PgvectorOptions): Promise<void> {
    const [table] = await this.#driver.query<{ name: string | null }>('select to_regclass($1)::text as name', [this.#metadata]);
    if (table?.name == null) {
      if (!create) {
        throw new CemError(
          'VECTOR_STORE_MISSING',
          `${this.#driver.location} has no table ${this.#metadata}: the vectors are gone; make the index again`,
          {
            details: { location: this.#driver.location, table: this.#metadata },
          },
        );
      }
      this.#want(vectorIndex);
      await this.#createExtension();
      await this.#driver.transaction(async (query) => {
        await query(`create table ${this.#chunks} (
          document text collate "C" not null,
          chunk integer not null,
          fingerprint text not null,
          metadata jsonb not null,
          vector ${this.#type}(${this.dimension}) not null,
          primary key (document, chunk)
        )`);
        await query(`create table ${this.#metadata} (key text primary key, value text not null)`);
        await query(`insert into ${this.#metadata} values ('dimension', $1), ('precision', $2)`, [
          String(this.dimension),
          this.#precision,
        ]);
      });
      return;
    }
    const [dimension, precision] = [await this.getMetadata('dimension'), await this.getMetadata('precision')];
    if (dimension !== String(this.dimension) || (precision !== wantedPrecision && wantedPrecision !== undefined)) {
      throw new CemError(
        'VECTOR_DIMENSION',
        `${this.#driver.location} holds vectors of ${dimension} values (${precision}) under this name, not ${this.dimension} (${wantedPrecision ?? precision}); use another index`,
        { details: { stored: dimension, wanted: this.dimension } },
      );
    }
    this.#precision = precision === 'half' ? 'half' : 'single';
    const built = await this.getMetadata(VECTOR_INDEX_KEY);
    if (built !== undefined) this.#built = parseVectorIndex(JSON.parse(built));
    this.#want(vectorIndex);
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
    // One statement must not meet a key twice.
    const all = lastRowsByKey(rows, this.dimension);
    if (all.length === 0) return;
    await this.#driver.transaction(async (query) => {
      for (let first = 0; first < all.length; first += INSERT_ROWS)
        await this.#insert(query, all.slice(first, first + INSERT_ROWS));
    });
  }

  async #insert(query: SqlQuery, rows: readonly VectorRow[]): Promise<void> {
    await query(
      `insert into ${this.#chunks} (document, chunk, fingerprint, metadata, vector)
        select document, chunk, fingerprint, metadata::jsonb, vector::${this.#type}
        from unnest($1::text[], $2::integer[], $3::text[], $4::text[], $5::text[]) as rows (document, chunk, fingerprint, metadata, vector)
        on conflict (document, chunk)
        do update set fingerprint = excluded.fingerprint, metadata = excluded.metadata, vector = excluded.vector`,
      [
        rows.map((row) => row.documentId),
        rows.map((row) => row.chunk),
        rows.map((row) => row.fingerprint),
        rows.map((row) => JSON.stringify(row.metadata ?? {})),
        rows.map((row) => vectorText(row.vector)),
      ],
    );
  }

  async deleteDocuments(documentIds: readonly string[]): Promise<number> {
    const [deleted] = await this.#driver.query<{ rows: number }>(
      `with deleted as (delete from ${this.#chunks} where document = any($1::text[]) returning 1) select count(*)::integer as rows from deleted`,
      [documentIds],
    );
    return deleted?.rows ?? 0;
  }

  async finishWriting(): Promise<void> {
    const [built, wanted] = [this.#built, this.#wanted];
    const name = `${this.#name}_hnsw`;
    const remember = (query: SqlQuery): Promise<void> => this.#writeMetadata(query, VECTOR_INDEX_KEY, JSON.stringify(wanted));
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

  async search(vector: Float32Array, k: number, filter?: VectorFilter): Promise<Hit[]> {
    checkVector(vector, this.dimension, "the query's vector");
    if (k < 1) return [];
    const index = this.#built;
    // Few documents are found faster by their key.
    if (index.kind === 'none' || filter?.documentIds !== undefined)
      return searchExactly(this.#driver, this.#table, vector, k, filter);
    const hits = await searchByHnsw(this.#driver, this.#table, index, vector, k, filter);
    // The graph's scan gives up after a while, with a rare filter before it has k.
    return hits.length === k ? hits : searchExactly(this.#driver, this.#table, vector, k, filter);
  }

  /**
   * What the vector index loses: the part of the exact k best documents that it finds too, over vectors of the store itself taken as queries.
   *
   * @param queries how many vectors are taken at most, in an order that has nothing to do with their content
   */
  async measureRecall(queries: number, k: number): Promise<VectorIndexRecall> {
    const rows = await this.#driver.query<{ vector: string }>(
      `select vector::text as vector from ${this.#chunks} order by hashtext(document || ' ' || chunk), document, chunk limit $1`,
      [queries],
    );
    const [exact, found]: [string[][], string[][]] = [[], []];
    for (const row of rows) {
      const vector = Float32Array.from(JSON.parse(row.vector) as number[]);
      exact.push((await searchExactly(this.#driver, this.#table, vector, k)).map(({ id }) => id));
      found.push((await this.search(vector, k)).map(({ id }) => id));
    }
    return { queries: rows.length, k, recall: recallAgainst(exact, found) };
  }

  async count(filter?: VectorFilter): Promise<VectorCount> {
    const parameters: SqlParameter[] = [];
    const where = whereClause(filter, parameters);
    const [counts] = await this.#driver.query<{ documents: number; chunks: number }>(
      `select count(distinct document)::integer as documents, count(*)::integer as chunks from ${this.#chunks} ${where}`,
      parameters,
    );
    return { documents: counts?.documents ?? 0, chunks: counts?.chunks ?? 0 };
  }

  async has(documentId: string): Promise<boolean> {
    return (await this.#driver.query(`select 1 from ${this.#chunks} where document = $1 limit 1`, [documentId])).length > 0;
  }

  async storedChunks(documentIds: readonly string[]): Promise<StoredChunk[]> {
    return this.#driver.query<{ documentId: string; chunk: number; fingerprint: string }>(
      `select document as "documentId", chunk, fingerprint from ${this.#chunks} where document = any($1::text[]) order by document, chunk`,
      [documentIds],
    );
  }

  async *documentIds(): AsyncIterable<string> {
    let last: string | undefined;
    while (true) {
      const page: { document: string }[] = await this.#driver.query<{ document: string }>(
        `select distinct document from ${this.#chunks} ${last === undefined ? '' : 'where document > $1'} order by document limit ${PAGE_SIZE}`,
        last === undefined ? [] : [last],
      );
      for (const row of page) yield row.document;
      last = page.at(-1)?.document;
      if (page.length < PAGE_SIZE) return;
    }
  }

  async getMetadata(key: string): Promise<string | undefined> {
    const [row] = await this.#driver.query<{ value: string }>(`select value from ${this.#metadata} where key = $1`, [key]);
    return row?.value;
  }

  async setMetadata(key: string, value: string): Promise<void> {
    await this.#writeMetadata(this.#driver.query, key, value);
  }

  async #writeMetadata(query: SqlQuery, key: string, value: string): Promise<void> {
    await query(`insert into ${this.#metadata} values ($1, $2) on conflict (key) do update set value = excluded.value`, [
      key,
      value,
    ]);
  }

  async close(): Promise<void> {
    await this.#driver.close();
  }
}
