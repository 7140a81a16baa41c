import { CemError, UsageError } from '../zpkg/errors.ts';
import { databaseErrorCode } from './database-error.ts';
import type { Hit } from './retriever.ts';
import type { SqlDriver, SqlParameter, SqlQuery } from './sql-driver.ts';
import type { StoredChunk, VectorCount, VectorFilter, VectorRow, VectorStore } from './vector-store.ts';

/** Element type of the stored vectors: `single` is pgvector's `vector` (4 bytes), `half` its `halfvec` (2 bytes; cosines to about 3 digits; from 0.7). */
export type VectorPrecision = 'single' | 'half';

export interface PgvectorOptions {
  /** Length of the vectors. */
  readonly dimension: number;
  /** Prefix of the store's tables: several stores share a database under different names. A lower-case letter, then letters, digits, `_`; at most 40. */
  readonly name?: string;
  readonly precision?: VectorPrecision;
  /** Whether to make the store where there is none (default) or to refuse. */
  readonly create?: boolean;
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
/** Best chunks fetched for each document wanted, at first: documents mostly have few chunks, and where one fills the list it is widened. */
const CHUNKS_PER_DOCUMENT = 4;
/** What no PostgreSQL text holds: a zero byte, or half of a surrogate pair (it has no UTF-8). */
const UNSTORABLE_ID = /\0|\p{Surrogate}/u;
const INSUFFICIENT_PRIVILEGE = '42501';

const vectorText = (vector: Float32Array): string => `[${vector.join(',')}]`;

/** Compiles a filter to SQL, its values as parameters after those already in the list. */
function whereClause(filter: VectorFilter | undefined, parameters: SqlParameter[]): string {
  const conditions: string[] = [];
  if (filter?.documentIds !== undefined) conditions.push(`document = any($${parameters.push([...filter.documentIds])}::text[])`);
  if (filter?.metadata !== undefined) conditions.push(`metadata @> $${parameters.push(JSON.stringify(filter.metadata))}::jsonb`);
  return conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
}

/** The first row of each document in rows that come best first. */
function bestPerDocument(rows: readonly { document: string; chunk: number; score: number }[], k: number): Hit[] {
  const hits = new Map<string, Hit>();
  for (const row of rows) {
    if (hits.size === k) break;
    if (!hits.has(row.document)) hits.set(row.document, { id: row.document, score: row.score, chunk: row.chunk });
  }
  return [...hits.values()];
}

/**
 * The vector store on PostgreSQL with pgvector, embedded or remote: the same SQL over either driver.
 *
 * Tables `<name>_chunks` (one row a chunk, key document + chunk) and `<name>_metadata`. Search is exact: a scan by inner product, which is the
 * cosine of normalised vectors. Document ids compare as bytes (collation "C"), whatever the database's locale.
 */
export class PgvectorStore implements VectorStore {
  readonly dimension: number;
  readonly precision: VectorPrecision;
  readonly #driver: SqlDriver;
  readonly #chunks: string;
  readonly #metadata: string;
  readonly #type: string;

  private constructor(driver: SqlDriver, options: { dimension: number; name: string; precision: VectorPrecision }) {
    this.dimension = options.dimension;
    this.precision = options.precision;
    this.#driver = driver;
    this.#chunks = `${options.name}_chunks`;
    this.#metadata = `${options.name}_metadata`;
    this.#type = SQL_TYPES[options.precision];
  }

  /**
   * Opens the store on a connection, which it owns from then on: also when this throws, the connection is closed.
   *
   * @throws UsageError `VECTOR_STORE_NAME`; CemError `VECTOR_EXTENSION` where the database has no pgvector, `VECTOR_STORE_MISSING` where there is no such
   *   store and `create` is false, `VECTOR_DIMENSION` where the one that is there has another dimension or precision
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
      await store.#prepare(options.create ?? true);
      return store;
    } catch (error) {
      await driver.close().catch(() => {});
      throw error;
    }
  }

  async #prepare(create: boolean): Promise<void> {
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
          this.precision,
        ]);
      });
      return;
    }
    const [dimension, precision] = [await this.getMetadata('dimension'), await this.getMetadata('precision')];
    if (dimension !== String(this.dimension) || precision !== this.precision) {
      throw new CemError(
        'VECTOR_DIMENSION',
        `${this.#driver.location} holds vectors of ${dimension} values (${precision}) under this name, not ${this.dimension} (${this.precision}); use another index`,
        { details: { stored: dimension, wanted: this.dimension } },
      );
    }
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

  #checkVector(vector: Float32Array, what: string): void {
    if (vector.length !== this.dimension) {
      throw new CemError(
        'VECTOR_DIMENSION',
        `${what} has ${vector.length} values, and this store holds vectors of ${this.dimension}`,
        {
          details: { got: vector.length, wanted: this.dimension },
        },
      );
    }
    if (!vector.every(Number.isFinite)) throw new CemError('VECTOR_VALUE', `${what} holds a value that is not a finite number`);
  }

  async upsert(rows: readonly VectorRow[]): Promise<void> {
    // One statement must not meet a key twice; the last row of a key counts, as if they had come one by one.
    const unique = new Map<string, VectorRow>();
    for (const row of rows) {
      this.#checkVector(row.vector, `the vector of document "${row.documentId}", chunk ${row.chunk},`);
      if (UNSTORABLE_ID.test(row.documentId)) {
        throw new CemError(
          'VECTOR_STORE_ID',
          `document id ${JSON.stringify(row.documentId)} holds a zero byte or half a surrogate pair, which PostgreSQL cannot store; give it another id`,
          { details: { documentId: row.documentId } },
        );
      }
      unique.set(`${row.chunk} ${row.documentId}`, row);
    }
    const all = [...unique.values()];
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

  async search(vector: Float32Array, k: number, filter?: VectorFilter): Promise<Hit[]> {
    this.#checkVector(vector, "the query's vector");
    if (k < 1) return [];
    const parameters: SqlParameter[] = [vectorText(vector)];
    const where = whereClause(filter, parameters);
    const limitParameter = parameters.length + 1;
    for (let limit = k * CHUNKS_PER_DOCUMENT; ; limit *= CHUNKS_PER_DOCUMENT) {
      const rows = await this.#driver.query<{ document: string; chunk: number; score: number }>(
        `select document, chunk, -distance as score
          from (select document, chunk, vector <#> $1::${this.#type} as distance from ${this.#chunks} ${where}) as candidates
          order by distance, document desc, chunk limit $${limitParameter}`,
        [...parameters, limit],
      );
      const hits = bestPerDocument(rows, k);
      if (hits.length === k || rows.length < limit) return hits;
    }
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
    await this.#driver.query(
      `insert into ${this.#metadata} values ($1, $2) on conflict (key) do update set value = excluded.value`,
      [key, value],
    );
  }

  async close(): Promise<void> {
    await this.#driver.close();
  }
}
