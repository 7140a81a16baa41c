import type { TermCounts } from '../../base/index.ts';
import type { VectorRow } from '../vector-store.ts';
import { documentKey, filterCondition } from './filter-sql.ts';
import type { SqlParameter, SqlQuery } from './sql-driver.ts';
import type { StoreTables } from './store-tables.ts';
import { encodeLog } from './term-log.ts';
import { readState, type TermState, termTables, writeState } from './term-tables.ts';
import { encodeUnits } from './unit-bytes.ts';

/** A row's number among all that have terms, and its document's. */
export interface RowUnit {
  readonly unit: number;
  readonly owner: number;
}

type Key = Pick<VectorRow, 'document' | 'chunk' | 'passage'>;
type KnownRow = Key & { readonly unit: number | null; readonly owner: number | null };

const keyOf = ({ document, chunk, passage }: Key): string => `${chunk} ${passage} ${document}`;

/**
 * Writes the terms of rows into the log, as one batch, and takes those out that the rows had; in the transaction that writes the rows, with the rows' table locked.
 *
 * @param rows of different keys; those without terms only lose what they had
 * @param onlyKnown passes over rows that are not there
 * @returns the unit of each row; undefined: it has none
 */
export async function writeTerms(
  query: SqlQuery,
  tables: StoreTables,
  rows: readonly (Key & { readonly terms?: TermCounts | undefined })[],
  onlyKnown = false,
): Promise<(RowUnit | undefined)[]> {
  const { units, logs } = termTables(tables);
  const state = await readState(query, tables);
  const known = await knownRows(query, tables, state, [...new Set(rows.map(({ document }) => document))]);
  const byKey = new Map(known.map((row) => [keyOf(row), row]));
  const owners = new Map<string, number>();
  for (const { document, owner } of known) if (owner !== null) owners.set(document, owner);
  await addGone(
    query,
    tables,
    rows.flatMap((row) => byKey.get(keyOf(row))?.unit ?? []),
  );
  let next = state.nextUnit;
  const written: { number: number; owner: number; terms: TermCounts }[] = [];
  const assigned = rows.map((row): RowUnit | undefined => {
    if (row.terms === undefined || (onlyKnown && !byKey.has(keyOf(row)))) return undefined;
    const unit = next++;
    const owner = owners.get(row.document) ?? unit;
    owners.set(row.document, owner);
    written.push({ number: unit, owner, terms: row.terms });
    return { unit, owner };
  });
  const log = encodeLog(written);
  if (written.length > 0) {
    const data = encodeUnits(
      written.map(({ owner, terms }) => ({ owner, length: terms.counts.reduce((sum, count) => sum + count, 0) })),
      state.nextUnit,
    );
    await query(`insert into ${units} values ($1, $2, $3, $4, decode($5, 'base64'))`, [
      state.nextBatch,
      state.nextUnit,
      written.length,
      log.postings,
      base64(data),
    ]);
    await query(`insert into ${logs} values ($1, decode($2, 'base64'))`, [state.nextBatch, base64(log.bytes)]);
  }
  await writeState(query, tables, {
    ...state,
    version: state.version + 1,
    nextUnit: next,
    nextBatch: state.nextBatch + (written.length > 0 ? 1 : 0),
    logged: state.logged + (written.length > 0 ? 1 : 0),
    loggedPostings: state.loggedPostings + log.postings,
  });
  return assigned;
}

/** Takes the terms of rows out that are going. */
export async function removeTerms(query: SqlQuery, tables: StoreTables, documents: readonly string[]): Promise<void> {
  const state = await readState(query, tables);
  const known = await knownRows(query, tables, state, documents);
  await addGone(
    query,
    tables,
    known.flatMap(({ unit }) => unit ?? []),
  );
  await writeState(query, tables, { ...state, version: state.version + 1 });
}

/** Sets the units of rows that are there. */
export async function setUnits(
  query: SqlQuery,
  { chunks }: StoreTables,
  rows: readonly Key[],
  units: readonly (RowUnit | undefined)[],
): Promise<void> {
  await query(
    `update ${chunks} as stored set unit = changed.unit, owner = changed.owner
      from unnest($1::text[], $2::integer[], $3::integer[], $4::integer[], $5::integer[]) as changed (document, chunk, passage, unit, owner)
      where ${documentKey('stored.document')} = ${documentKey('changed.document')} and stored.chunk = changed.chunk and stored.passage = changed.passage`,
    [
      rows.map((row) => row.document),
      rows.map((row) => row.chunk),
      rows.map((row) => row.passage),
      units.map((unit) => (unit === undefined ? null : String(unit.unit))),
      units.map((unit) => (unit === undefined ? null : String(unit.owner))),
    ],
  );
}

/** Rows of these documents; units that have no terms any more are null. */
async function knownRows(
  query: SqlQuery,
  { chunks }: StoreTables,
  { firstUnit }: TermState,
  documents: readonly string[],
): Promise<KnownRow[]> {
  const parameters: SqlParameter[] = [firstUnit];
  const where = filterCondition({ documents }, parameters);
  return query<KnownRow>(
    `select document, chunk, passage, case when unit >= $1 then unit end as unit, case when unit >= $1 then owner end as owner from ${chunks} where ${where}`,
    parameters,
  );
}

async function addGone(query: SqlQuery, tables: StoreTables, units: readonly number[]): Promise<void> {
  if (units.length === 0) return;
  await query(`insert into ${termTables(tables).gone} (unit) select unnest($1::integer[])`, [units]);
}

export const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
