import type { Filter } from '../filter.ts';
import { checkFilter } from '../filter-schema.ts';
import { compareIds } from '../rank-order.ts';
import { filterCondition, GROUP, groupStart, START_CHARACTERS } from './filter-sql.ts';
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

/** Rows that are read at once at first, for each group wanted and at least; and how much more each time that they are of too few groups. */
const ROWS_PER_GROUP = 4;
const LEAST_ROWS = 256;
const MORE_ROWS = 2;

/** Rows that were looked at. */
interface GroupsPage {
  readonly read: number;
  /** Document of the last of them. */
  readonly last: string | null;
  /** Those that pass the filter. */
  readonly documents: readonly string[] | null;
}

/** As `GROUP` has it. */
const groupOf = (document: string): string => /^([\s\S]*)-[0-9]+$/.exec(document)?.[1] ?? document;

/** As `groupStart` has it. */
const startOf = (name: string): string =>
  Array.from(name.slice(0, 2 * START_CHARACTERS))
    .slice(0, START_CHARACTERS)
    .join('');

/** Different documents by their groups, in the order of the names. */
function grouped(documents: readonly string[]): DocumentGroup[] {
  const groups = new Map<string, string[]>();
  for (const document of documents) {
    const name = groupOf(document);
    const known = groups.get(name);
    if (known === undefined) groups.set(name, [document]);
    else known.push(document);
  }
  return Array.from(groups, ([name, own]) => ({ name, documents: own.length, example: own.sort(compareIds)[0]! })).sort(
    (left, right) => compareIds(left.name, right.name),
  );
}

/** The lists of a store's documents. */
export class StoreListing {
  readonly #query: SqlQuery;
  readonly #table: string;

  constructor(query: SqlQuery, { name }: Pick<VectorTable, 'name'>) {
    this.#query = query;
    this.#table = name;
  }

  /**
   * The groups that have documents which pass the filter, in the order of their names. Rows are read by an index that has them in that order: those of the page's own groups, and those that the filter keeps from it on the way.
   *
   * @throws UsageError `SEARCH_FILTER`
   */
  async groups({ filter, after, limit }: GroupsWanted): Promise<DocumentGroup[]> {
    checkFilter(filter);
    const groups: DocumentGroup[] = [];
    let from = after === undefined ? '' : startOf(after);
    let rows = Math.max(LEAST_ROWS, limit * ROWS_PER_GROUP);
    for (;;) {
      const { read, last, documents } = await this.#page(from, rows, filter);
      const isEnd = read < rows;
      // There may be more rows of the groups whose names begin as the last one's.
      const end = isEnd || last === null ? undefined : startOf(groupOf(last));
      for (const group of grouped(documents ?? [])) {
        if (after !== undefined && compareIds(group.name, after) <= 0) continue;
        if (end === undefined || startOf(group.name) !== end) groups.push(group);
      }
      if (isEnd || groups.length >= limit) return groups.slice(0, limit);
      from = end!;
      rows *= MORE_ROWS;
    }
  }

  /** The documents of so many rows that pass the filter, from those on whose groups' names begin so. The filter comes after the limit: before it, it would be a reason to read all rows in another order. */
  async #page(from: string, rows: number, filter: Filter | undefined): Promise<GroupsPage> {
    const parameters: SqlParameter[] = [from, rows];
    const passes = filter === undefined ? 'true' : filterCondition(filter, parameters);
    const start = groupStart(GROUP);
    const [page] = await this.#query<GroupsPage>(
      `with page as materialized (
          select document, metadata from ${this.#table} where ${start} >= $1::text collate "C" order by ${start} limit $2::integer
        )
        select (select count(*)::integer from page) as read, (select (array_agg(document))[count(*)] from page) as last,
          (select json_agg(distinct document) from page where ${passes}) as documents`,
      parameters,
    );
    return page!;
  }

  /**
   * The chunks of these documents, those of which a passage passes the filter, in the order of the ids (as bytes of UTF-8) and the chunks; unknown ids are passed over.
   *
   * @throws UsageError `SEARCH_FILTER`
   */
  async chunks(documents: readonly string[], filter?: Filter): Promise<DocumentChunk[]> {
    checkFilter(filter);
    if (documents.length === 0) return [];
    const parameters: SqlParameter[] = [];
    const conditions = [{ documents }, ...(filter === undefined ? [] : [filter])].map((part) =>
      filterCondition(part, parameters),
    );
    return this.#query<DocumentChunk>(
      `select distinct document, chunk from ${this.#table} where ${conditions.join(' and ')} order by document, chunk`,
      parameters,
    );
  }
}
