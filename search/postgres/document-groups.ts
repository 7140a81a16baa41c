import type { Filter } from '../filter.ts';
import { filterCondition } from './filter-sql.ts';
import type { SqlParameter, SqlQuery } from './sql-driver.ts';
import type { VectorTable } from './vector-table.ts';

/** Documents whose ids differ in a number behind their last hyphen only: `manual-0`, `manual-1`. A document whose id has none is a group of its own. */
export interface DocumentGroup {
  /** What the ids have in common. */
  readonly name: string;
  /** How many of its documents pass the filter: one at least. */
  readonly documents: number;
  /** One of those. */
  readonly example: string;
}

/** A chunk of a document. */
export interface DocumentChunk {
  readonly document: string;
  readonly chunk: number;
}

/** Which groups are wanted. */
export interface GroupsWanted {
  readonly filter?: Filter | undefined;
  /** Only those whose names come after it, as bytes of UTF-8. */
  readonly after?: string | undefined;
  readonly limit: number;
}

const GROUP = `coalesce(substring(document from '^(.*)-[0-9]+$'), document) collate "C"`;

/** The groups that have documents which pass the filter, in the order of their names. */
export async function groupsOf(
  query: SqlQuery,
  { name }: VectorTable,
  { filter, after, limit }: GroupsWanted,
): Promise<DocumentGroup[]> {
  const parameters: SqlParameter[] = [limit];
  const conditions = filter === undefined ? [] : [filterCondition(filter, parameters)];
  if (after !== undefined) conditions.push(`${GROUP} > $${parameters.push(after)}::text`);
  return query<DocumentGroup>(
    `select name, count(distinct document)::integer as documents, min(document) as example from (
        select ${GROUP} as name, document from ${name} ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''}
      ) as passing group by name order by name limit $1::integer`,
    parameters,
  );
}

/** The chunks of documents, those of which a passage passes the filter, in the order of the ids (as bytes of UTF-8) and the chunks. */
export async function chunksOf(
  query: SqlQuery,
  { name }: VectorTable,
  documents: readonly string[],
  filter: Filter | undefined,
): Promise<DocumentChunk[]> {
  const parameters: SqlParameter[] = [];
  const conditions = [{ documents }, ...(filter === undefined ? [] : [filter])].map((part) => filterCondition(part, parameters));
  return query<DocumentChunk>(
    `select distinct document, chunk from ${name} where ${conditions.join(' and ')} order by document, chunk`,
    parameters,
  );
}
