import { fromSql, toSql } from 'pgvector';
import { z } from 'zod';
import { CemError, parseJson, UsageError } from '../../base/index.ts';
import type { Filter } from '../filter.ts';
import { checkFilter } from '../filter-schema.ts';
import {
  FIGURE_ROWS,
  PICTURE_VECTOR_TYPES,
  type PictureEncoderIdentity,
  type PictureVectorType,
} from '../pictures/vector-type.ts';
import { assertResultCount } from '../rank-order.ts';
import { whyUnsearchable } from '../vector-row.ts';
import type { StoreHit } from '../vector-store.ts';
import { documentKey, filterCondition } from './filter-sql.ts';
import type { SqlParameter, SqlQuery } from './sql-driver.ts';
import { readSettings, type StoreTables, writeSetting } from './store-tables.ts';

/** A picture's vector, beside the row of its figure's description. */
export interface PictureRow {
  /** Of the row that describes the figure. */
  readonly document: string;
  readonly chunk: number;
  /** Of what the vector was made from: a figure whose picture and description are the same keeps it. */
  readonly fingerprint: string;
  readonly vector: Float32Array;
}

/** A figure that the store has a row of. */
export interface FigureRow {
  readonly document: string;
  readonly chunk: number;
  /** Id of its picture. */
  readonly figure: string;
  /** What its vector was made from; undefined where it has none. */
  readonly fingerprint: string | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface PictureSearchOptions {
  readonly k: number;
  readonly filter?: Filter | undefined;
  /** Cosine that a result has at least. */
  readonly threshold?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What the vectors of one type take. */
export interface PictureVectorCount {
  readonly vectors: number;
  /** Bytes of the vectors' numbers. */
  readonly bytes: number;
}

const identitySchema = z.strictObject({
  id: z.string(),
  revision: z.string(),
  dimension: z.number().int().positive(),
  settings: z.record(z.string(), z.unknown()),
});
/** Rows of one INSERT. */
const INSERT_ROWS = 200;
const settingOf = (type: PictureVectorType): string => `pictures.${type}`;

/**
 * The vectors of pictures: rows of a type each, beside the rows of the figures' descriptions, whose metadata and labels of access they share. A search joins both, so that a filter means here what it
 * means everywhere, and a figure that has gone is not found. All vectors of a type are of one encoder, which the store names.
 */
export class PictureVectors {
  readonly #query: SqlQuery;
  readonly #tables: StoreTables;
  readonly #table: string;

  constructor(query: SqlQuery, tables: StoreTables) {
    this.#query = query;
    this.#tables = tables;
    this.#table = `${tables.chunks.replace(/_chunks$/, '')}_pictures`;
  }

  /** Who made the vectors of a type; undefined where there are none. Throws CemError `PICTURES_ENCODER`. */
  async encoder(type: PictureVectorType): Promise<PictureEncoderIdentity | undefined> {
    const text = (await readSettings({ query: this.#query }, this.#tables))?.get(settingOf(type));
    if (text === undefined) return undefined;
    return parseJson(text, identitySchema, 'the database', {
      code: 'PICTURES_ENCODER',
      what: 'the encoder of pictures',
      remedy: 'encode the pictures again',
    });
  }

  /** Types that there are vectors of. */
  async types(): Promise<PictureVectorType[]> {
    const known: PictureVectorType[] = [];
    for (const type of PICTURE_VECTOR_TYPES) if ((await this.encoder(type)) !== undefined) known.push(type);
    return known;
  }

  /** Figures with a row, each with the fingerprint of its vector of that type. */
  async figures(type: PictureVectorType): Promise<FigureRow[]> {
    const parameters: SqlParameter[] = [type];
    const join = (await this.#exists())
      ? `left join ${this.#table} as stored on ${documentKey('stored.document')} = ${documentKey('figures.document')} and stored.chunk = figures.chunk and stored.vector_type = $1`
      : `left join (select null::text as fingerprint, $1::text as vector_type) as stored on false`;
    const rows = await this.#query<Omit<FigureRow, 'fingerprint'> & { fingerprint: string | null }>(
      `select figures.document, figures.chunk, figures.figure, figures.metadata, stored.fingerprint
        from (select document, chunk, metadata, metadata #>> '{fields,figure_id}' as figure from ${this.#tables.chunks}
          where passage = 0 and ${filterCondition(FIGURE_ROWS, parameters)}) as figures ${join}
        where figures.figure is not null order by figures.document, figures.chunk`,
      parameters,
    );
    return rows.map(({ fingerprint, ...row }) => ({ ...row, fingerprint: fingerprint ?? undefined }));
  }

  /** Vectors of a type by what they were made from, those of figures that are gone among them. */
  async known(type: PictureVectorType): Promise<Map<string, Float32Array>> {
    if (!(await this.#exists())) return new Map();
    const rows = await this.#query<{ fingerprint: string; vector: string }>(
      `select distinct on (fingerprint) fingerprint, vector::text as vector from ${this.#table} where vector_type = $1 and vector is not null order by fingerprint`,
      [type],
    );
    return new Map(rows.map(({ fingerprint, vector }) => [fingerprint, Float32Array.from(fromSql(vector) as number[])]));
  }

  /**
   * Makes one encoder that of a type: vectors of another one go. Belongs into the transaction that writes the rows.
   *
   * @returns whether vectors of another encoder were there
   */
  async choose(type: PictureVectorType, { id, revision, dimension, settings }: PictureEncoderIdentity): Promise<boolean> {
    if (!(await this.#exists())) {
      await this.#query(
        `create table ${this.#table} (document text collate "C" not null, chunk integer not null, vector_type text not null, fingerprint text not null, vector vector)`,
      );
      await this.#query(
        `create unique index ${this.#table}_key on ${this.#table} ((${documentKey('document')}), chunk, vector_type)`,
      );
    }
    const text = JSON.stringify({ id, revision, dimension, settings });
    const before = await this.encoder(type);
    const other = before !== undefined && JSON.stringify(before) !== text;
    if (other) await this.#query(`delete from ${this.#table} where vector_type = $1`, [type]);
    await writeSetting(this.#query, this.#tables, settingOf(type), text);
    return other;
  }

  /** Writes rows of a type, over those that are there; those of figures that are gone are removed. @throws CemError `VECTOR_DIMENSION` */
  async write(type: PictureVectorType, rows: readonly PictureRow[]): Promise<void> {
    const encoder = await this.encoder(type);
    for (let start = 0; start < rows.length; start += INSERT_ROWS) {
      const some = rows.slice(start, start + INSERT_ROWS);
      for (const { vector } of some) {
        if (vector.length === encoder?.dimension) continue;
        throw new CemError(
          'VECTOR_DIMENSION',
          `a ${type} vector of ${vector.length} values cannot be stored beside those of ${encoder?.id ?? 'no encoder'} (${encoder?.dimension ?? 0})`,
          { details: { type, dimension: vector.length } },
        );
      }
      await this.#query(
        `insert into ${this.#table} (document, chunk, vector_type, fingerprint, vector)
          select document, chunk, $4, fingerprint, vector::vector from unnest($1::text[], $2::integer[], $3::text[], $5::text[]) as rows (document, chunk, fingerprint, vector)
          on conflict ((${documentKey('document')}), chunk, vector_type) do update set fingerprint = excluded.fingerprint, vector = excluded.vector`,
        [
          some.map(({ document }) => document),
          some.map(({ chunk }) => chunk),
          some.map(({ fingerprint }) => fingerprint),
          type,
          some.map(({ vector }) => (vector.every((value) => value === 0) ? null : (toSql(Array.from(vector)) as string))),
        ],
      );
    }
    await this.#query(
      `delete from ${this.#table} as stored where not exists (select 1 from ${this.#tables.chunks} as figures
        where ${documentKey('figures.document')} = ${documentKey('stored.document')} and figures.chunk = stored.chunk)`,
    );
  }

  /**
   * The figures whose vector of a type is nearest, by cosine, exactly.
   *
   * @param made by whom the query's vector was made
   * @throws UsageError `PICTURES_NONE` where there are no vectors of the type; CemError `PICTURES_OTHER_ENCODER` where another encoder made them
   */
  async search(
    type: PictureVectorType,
    vector: Float32Array,
    made: PictureEncoderIdentity,
    { k, filter, threshold, signal }: PictureSearchOptions,
  ): Promise<StoreHit[]> {
    assertResultCount(k);
    checkFilter(filter);
    await this.assertEncoder(type, made);
    if (whyUnsearchable(vector) !== undefined) return [];
    const parameters: SqlParameter[] = [toSql(Array.from(vector)) as string, type, k];
    const conditions = ['passage = 0', filterCondition(FIGURE_ROWS, parameters)];
    if (filter !== undefined) conditions.push(filterCondition(filter, parameters));
    const least = threshold === undefined ? '' : `and stored.vector <#> $1::vector <= -($${parameters.push(threshold)}::float8)`;
    return this.#query<StoreHit>(
      `select figures.document, figures.chunk, 0 as passage, -(stored.vector <#> $1::vector) as score
        from (select document, chunk from ${this.#tables.chunks} where ${conditions.join(' and ')}) as figures
        join (select document, chunk, vector from ${this.#table} where vector_type = $2 and vector is not null offset 0) as stored
          on ${documentKey('stored.document')} = ${documentKey('figures.document')} and stored.chunk = figures.chunk
        where true ${least} order by stored.vector <#> $1::vector, figures.document desc, figures.chunk limit $3`,
      parameters,
      signal,
    );
  }

  /** @throws as `search` */
  async assertEncoder(type: PictureVectorType, made: PictureEncoderIdentity): Promise<void> {
    const stored = await this.encoder(type);
    if (stored === undefined) {
      throw new UsageError(
        'PICTURES_NONE',
        `there are no ${type} vectors of pictures here: ingest with --images ENCODER to have them`,
        { details: { type } },
      );
    }
    if (stored.id === made.id && stored.revision === made.revision && stored.dimension === made.dimension) return;
    throw new CemError(
      'PICTURES_OTHER_ENCODER',
      `the ${type} vectors here are of ${stored.id} (${stored.revision}), and the query is of ${made.id} (${made.revision}), whose vectors say nothing of these: search with the encoder that made them, or encode the pictures again`,
      { details: { type, stored: stored.id, asked: made.id } },
    );
  }

  async count(type: PictureVectorType): Promise<PictureVectorCount> {
    if (!(await this.#exists())) return { vectors: 0, bytes: 0 };
    const [row] = await this.#query<PictureVectorCount>(
      `select count(*)::integer as vectors, coalesce(sum(pg_column_size(vector)), 0)::integer as bytes from ${this.#table} where vector_type = $1`,
      [type],
    );
    return row!;
  }

  /** Removes all vectors of pictures. */
  async drop(): Promise<void> {
    if (await this.#exists()) await this.#query(`drop table ${this.#table}`);
  }

  async #exists(): Promise<boolean> {
    const [table] = await this.#query<{ name: string | null }>('select to_regclass($1)::text as name', [this.#table]);
    return table?.name != null;
  }
}
