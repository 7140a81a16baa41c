import type { Filter } from '../filter.ts';
import { type CheckedRow, isZero } from '../vector-row.ts';
import type { MetadataRow, StoredRow, VectorCount } from '../vector-store.ts';
import { documentKey, filterCondition } from './filter-sql.ts';
import { PART_COLUMN, partOf, withPart } from './partitions.ts';
import type { SqlParameter, SqlQuery } from './sql-driver.ts';
import { GROUP_COLUMNS, groupValues } from './store-groups.ts';
import { directed, LAYOUT_WITH_TERMS, passageColumn, type VectorTable } from './vector-table.ts';
import type { RowUnit } from './write-terms.ts';

/** The statements on a store's rows that are no searches. Those that write want today's layout. */

/** Place of the first parameter of an insertion that belongs to a vector: those before it are the row's other columns. */
const FIRST_OF_VECTOR = 6;
const TERM_COLUMNS = [
  { name: 'unit', type: 'integer' },
  { name: 'owner', type: 'integer' },
] as const;

/**
 * Inserts rows of different keys, or overwrites those of the same.
 *
 * @param units of the rows, in a table with terms
 */
export async function insertRows(
  query: SqlQuery,
  { name, form, dimension, layout, groups, partitions }: VectorTable,
  rows: readonly CheckedRow[],
  units?: readonly (RowUnit | undefined)[],
): Promise<void> {
  const vectorColumns = form.columns(dimension);
  const termColumns = layout === LAYOUT_WITH_TERMS ? TERM_COLUMNS : [];
  const groupColumns = groups === true ? GROUP_COLUMNS : [];
  const columns = [...vectorColumns, ...termColumns, ...groupColumns];
  const names = columns.map((column) => column.name).join(', ');
  const values = rows.map(({ vector }) => (isZero(vector) ? undefined : form.values(vector)));
  const isParted = partitions !== undefined;
  const ownGroups = groups === true ? rows.map(groupValues) : [];
  await query(
    `insert into ${name} (document, chunk, passage, fingerprint, metadata, ${names}${isParted ? `, ${PART_COLUMN}` : ''})
      select document, chunk, passage, fingerprint, metadata::jsonb, ${columns.map((column) => `${column.name}::${column.type}`).join(', ')}${isParted ? `, ${partOf('document')}` : ''}
      from unnest($1::text[], $2::integer[], $3::integer[], $4::text[], $5::text[], ${columns.map((_, place) => `$${FIRST_OF_VECTOR + place}::text[]`).join(', ')})
        as rows (document, chunk, passage, fingerprint, metadata, ${names})
      on conflict (${withPart(`(${documentKey('document')}), chunk, passage`, partitions)}) do update set fingerprint = excluded.fingerprint, metadata = excluded.metadata,
        ${[...columns, ...(form.kind === 'copy' ? [{ name: 'number' }] : [])].map((column) => `${column.name} = excluded.${column.name}`).join(', ')}`,
    [
      rows.map((row) => row.document),
      rows.map((row) => row.chunk),
      rows.map((row) => row.passage),
      rows.map((row) => row.fingerprint),
      rows.map((row) => row.json),
      ...vectorColumns.map((_, place) => values.map((ofRow) => ofRow?.[place] ?? null)),
      ...termColumns.map((column) => rows.map((_, place) => units?.[place]?.[column.name].toString() ?? null)),
      ...groupColumns.map((_, place) => ownGroups.map((ofRow) => ofRow[place] ?? null)),
    ],
  );
}

export async function updateRowMetadata(
  query: SqlQuery,
  { name }: VectorTable,
  rows: readonly (MetadataRow & { readonly json: string })[],
): Promise<void> {
  await query(
    `update ${name} as stored set fingerprint = changed.fingerprint, metadata = changed.metadata::jsonb
      from unnest($1::text[], $2::integer[], $3::integer[], $4::text[], $5::text[]) as changed (document, chunk, passage, fingerprint, metadata)
      where ${documentKey('stored.document')} = ${documentKey('changed.document')} and stored.chunk = changed.chunk and stored.passage = changed.passage`,
    [
      rows.map((row) => row.document),
      rows.map((row) => row.chunk),
      rows.map((row) => row.passage),
      rows.map((row) => row.fingerprint),
      rows.map((row) => row.json),
    ],
  );
}

/** Whether rows' terms are kept, as a column of a select list. */
const termsColumn = ({ termsKept }: VectorTable): string => (termsKept === undefined ? '' : `, ${termsKept} as terms`);

/** @returns how many rows went */
export async function deleteRowsOf(query: SqlQuery, { name }: VectorTable, documents: readonly string[]): Promise<number> {
  const parameters: SqlParameter[] = [];
  const where = filterCondition({ documents }, parameters);
  const [deleted] = await query<{ rows: number }>(
    `with deleted as (delete from ${name} where ${where} returning 1) select count(*)::integer as rows from deleted`,
    parameters,
  );
  return deleted?.rows ?? 0;
}

export async function countRows(query: SqlQuery, table: VectorTable, filter: Filter | undefined): Promise<VectorCount> {
  const parameters: SqlParameter[] = [];
  const where = filter === undefined ? 'true' : filterCondition(filter, parameters);
  const [counts] = await query<VectorCount>(
    `select count(distinct document)::integer as documents, count(*)::integer as chunks,
      coalesce(sum(passages), 0)::integer as passages, coalesce(sum(empty), 0)::integer as empty
      from (
        select document, chunk, count(*) as passages, count(*) filter (where not (${directed(table)})) as empty
        from ${table.name} where ${where} group by document, chunk
      ) as chunks`,
    parameters,
  );
  return counts ?? { documents: 0, chunks: 0, passages: 0, empty: 0 };
}

export async function rowsOf(query: SqlQuery, table: VectorTable, documents: readonly string[]): Promise<StoredRow[]> {
  const parameters: SqlParameter[] = [];
  const where = filterCondition({ documents }, parameters);
  const rows = await query<Omit<StoredRow, 'terms'> & { readonly terms?: boolean | null }>(
    `select document, chunk, ${passageColumn(table)}, fingerprint${termsColumn(table)} from ${table.name} where ${where} order by document, chunk, passage`,
    parameters,
  );
  return rows.map(({ terms, ...row }) => (terms === true ? { ...row, terms } : row));
}

/** A document, and the key by which the next page is found. */
interface PagedDocument {
  readonly document: string;
  readonly key: string;
}

/** Documents after the one with that key, in the order of their keys. */
export async function documentsAfter(
  query: SqlQuery,
  { name }: VectorTable,
  last: string | undefined,
  most: number,
): Promise<PagedDocument[]> {
  const key = documentKey('document');
  return query<PagedDocument>(
    `select distinct on (${key}) document, encode(${key}, 'hex') as key from ${name}
      ${last === undefined ? '' : `where ${key} > decode($1, 'hex')`} order by ${key} limit ${most}`,
    last === undefined ? [] : [last],
  );
}
