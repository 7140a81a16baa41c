import type { SqlQuery } from './sql-driver.ts';
import type { StoreTables } from './store-tables.ts';

/** Where a picture lies in an object store. */
export interface PictureObject {
  /** Of the picture: SHA-256 of its bytes. */
  readonly id: string;
  /** Key of its object; no other object ever has it. */
  readonly object: string;
  readonly mediaType: string;
  readonly bytes: number;
}

/** The pictures that a store's owner keeps in an object store, as rows that change with those of passages. The table is made with the first picture. */
export class PictureObjects {
  readonly #query: SqlQuery;
  readonly #table: string;

  constructor(query: SqlQuery, { name }: Pick<StoreTables, 'name'>) {
    this.#query = query;
    this.#table = `${name}_figures`;
  }

  /** Those of these ids that there are, by id; all unless some are given. */
  async find(ids?: readonly string[]): Promise<Map<string, PictureObject>> {
    if (!(await this.#exists())) return new Map();
    const rows = await this.#query<PictureObject>(
      `select id, object, media_type as "mediaType", bytes::float8 as bytes from ${this.#table} ${ids === undefined ? '' : 'where id = any($1::text[])'} order by id`,
      ids === undefined ? [] : [ids],
    );
    return new Map(rows.map((row) => [row.id, row]));
  }

  async add(rows: readonly PictureObject[]): Promise<void> {
    if (rows.length === 0) return;
    await this.#query(
      `create table if not exists ${this.#table} (id text primary key, object text not null, media_type text not null, bytes bigint not null)`,
    );
    await this.#query(`insert into ${this.#table} select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[])`, [
      rows.map(({ id }) => id),
      rows.map(({ object }) => object),
      rows.map(({ mediaType }) => mediaType),
      rows.map(({ bytes }) => bytes),
    ]);
  }

  /** Forgets all others. @returns the keys of their objects */
  async retain(ids: ReadonlySet<string>): Promise<string[]> {
    if (!(await this.#exists())) return [];
    const gone = await this.#query<{ object: string }>(
      `delete from ${this.#table} as kept where not exists (select 1 from unnest($1::text[]) as wanted (id) where wanted.id = kept.id) returning object`,
      [[...ids]],
    );
    return gone.map(({ object }) => object);
  }

  async drop(): Promise<void> {
    await this.#query(`drop table if exists ${this.#table}`);
  }

  async #exists(): Promise<boolean> {
    const [table] = await this.#query<{ name: string | null }>('select to_regclass($1)::text as name', [this.#table]);
    return table?.name != null;
  }
}
