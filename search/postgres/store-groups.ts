import type { StoredGroup, VectorRow } from '../vector-store.ts';
import { documentKey } from './filter-sql.ts';
import type { SqlDriver, SqlQuery } from './sql-driver.ts';
import { type StoreTables, writeSetting } from './store-tables.ts';
import type { VectorTable } from './vector-table.ts';

/** Key of a store's settings: there where its rows have columns for vector groups. */
const GROUPS_KEY = 'groups';
const GROUPS_VERSION = '1';

/** Columns of a row's vector group, as search/rerank/GROUPS.md has them. */
export const GROUP_COLUMNS = [
  { name: 'vector_group', type: 'bytea' },
  { name: 'group_words', type: 'text' },
] as const;

/** A row's group as the text of each column. */
export function groupValues({ group }: Pick<VectorRow, 'group'>): readonly (string | null)[] {
  if (group === undefined) return GROUP_COLUMNS.map(() => null);
  return [`\\x${Buffer.from(group.bytes).toString('hex')}`, group.words === undefined ? null : JSON.stringify(group.words)];
}

/**
 * Whether a store keeps vector groups from now on: where it does, or is asked to. The columns are made then; rows that are there have none.
 *
 * @param stored the store's settings
 */
export async function prepareGroups(
  driver: SqlDriver,
  tables: StoreTables,
  wanted: boolean | undefined,
  stored: ReadonlyMap<string, string>,
): Promise<boolean> {
  if (stored.has(GROUPS_KEY)) return true;
  if (wanted !== true) return false;
  await driver.transaction(async (query) => {
    for (const { name, type } of GROUP_COLUMNS)
      await query(`alter table ${tables.chunks} add column if not exists ${name} ${type}`);
    // Vectors do not shrink: the server need not try.
    await query(`alter table ${tables.chunks} alter column vector_group set storage external`);
    await writeSetting(query, tables, GROUPS_KEY, GROUPS_VERSION);
  });
  return true;
}

type GroupKey = Pick<VectorRow, 'document' | 'chunk' | 'passage'>;

/**
 * The groups of rows by their keys, in one statement.
 *
 * @returns [keys.length]; undefined for a row without one, or that is not there
 */
export async function groupsAt(
  query: SqlQuery,
  { name }: Pick<VectorTable, 'name'>,
  keys: readonly GroupKey[],
  { words = false, signal }: { readonly words?: boolean | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<(StoredGroup | undefined)[]> {
  const groups = new Array<StoredGroup | undefined>(keys.length).fill(undefined);
  if (keys.length === 0) return groups;
  // All bytes in one text, as in `rowsStatement`.
  const [answer] = await query<{ rows: readonly [number, number, string | null][] | null; bytes: string | null }>(
    `select json_agg(json_build_array(place, octet_length(vector_group), ${words ? 'group_words' : 'null'}) order by place) as rows,
      encode(string_agg(vector_group, '' order by place), 'base64') as bytes
      from (
        select place, vector_group${words ? ', group_words' : ''}
        from unnest($1::text[], $2::integer[], $3::integer[]) with ordinality as wanted (document, chunk, passage, place)
        join ${name} as stored on ${documentKey('stored.document')} = ${documentKey('wanted.document')}
          and stored.chunk = wanted.chunk and stored.passage = wanted.passage
        where vector_group is not null
      ) as found`,
    [keys.map(({ document }) => document), keys.map(({ chunk }) => chunk), keys.map(({ passage }) => passage)],
    signal,
  );
  const bytes = Buffer.from(answer?.bytes ?? '', 'base64');
  let start = 0;
  for (const [place, length, text] of answer?.rows ?? []) {
    groups[place - 1] = {
      bytes: bytes.subarray(start, start + length),
      ...(text !== null && { words: JSON.parse(text) as string[] }),
    };
    start += length;
  }
  return groups;
}
