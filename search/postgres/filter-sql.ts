import type { Filter, FilterRange } from '../filter.ts';
import type { SqlParameter } from './sql-driver.ts';

/**
 * The key by which a document's rows are found: of one size however long the id (a B-tree takes 2,704 bytes a key, an id may have 65,535). The bytes of the
 * text, whose backslashes would otherwise be read as escapes; every function in it is immutable, as an index wants.
 */
export const documentKey = (text: string): string => `sha256(decode(replace(${text}, chr(92), chr(92) || chr(92)), 'escape'))`;

/** Labels of access of a row, as an index has them. Rows without labels have the empty one, which everybody holds and no row can be given. */
export const ACCESS_LABELS = `(coalesce(nullif(metadata -> 'labels', '[]'::jsonb), '[""]'::jsonb))`;

/** What the ids of a group of documents have in common: all before a number behind the last hyphen. */
export const GROUP = `(coalesce(substring(document from '^(.*)-[0-9]+$'), document) collate "C")`;

/** The beginning of such a name, which an index has: short enough for any (a B-tree takes 2,704 bytes a key, a character has 4 at most), and of two names that of the lesser is not the greater. */
export const groupStart = (name: string): string => `left(${name}, ${START_CHARACTERS})`;
export const START_CHARACTERS = 256;

/** The keys of a path as a jsonpath. It is itself a parameter of the query. */
const jsonPath = (field: string): string =>
  `$${field
    .split('.')
    .map((key) => `.${JSON.stringify(key)}`)
    .join('')}`;

const RANGE_OPERATORS = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

/** A predicate of jsonpath and the variables in it. */
interface Predicate {
  readonly path: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

function rangePredicate(path: string, range: FilterRange): Predicate {
  const given = Object.entries(range).filter(([, bound]) => bound !== undefined);
  const conditions = given.map(([name]) => `@ ${RANGE_OPERATORS[name as keyof FilterRange]} $${name}`);
  const type = typeof given[0]?.[1];
  // The type is asked for, since a comparison would open an array within the array.
  return {
    path: `exists(${path} ? (@.type() == "${type}" && ${conditions.join(' && ')}))`,
    variables: Object.fromEntries(given),
  };
}

function predicateOf(filter: Extract<Filter, { field: string }>): Predicate {
  const path = jsonPath(filter.field);
  if ('in' in filter) return { path: `${path} == $values[*]`, variables: { values: filter.in } };
  if ('range' in filter) return rangePredicate(path, filter.range);
  if (filter.equals === null) return { path: `!exists(${path}) || ${path} == null`, variables: {} };
  return { path: `${path} == $value`, variables: { value: filter.equals } };
}

/**
 * The filter as an SQL condition, true or false of every row and never null; all of its values are parameters.
 *
 * @param parameters of the statement so far; the filter's are added
 */
export function filterCondition(filter: Filter, parameters: SqlParameter[]): string {
  const parameter = (value: SqlParameter): string => `$${parameters.push(value)}`;
  const all = (filters: readonly Filter[], operator: 'and' | 'or', none: 'true' | 'false'): string =>
    filters.length === 0 ? none : `(${filters.map((inner) => filterCondition(inner, parameters)).join(` ${operator} `)})`;
  if ('documents' in filter) {
    const wanted = `select ${documentKey('wanted.id')} from unnest(${parameter([...filter.documents])}::text[]) as wanted (id)`;
    return `(${documentKey('document')} = any(array(${wanted})))`;
  }
  if ('access' in filter) return `(${ACCESS_LABELS} ?| ${parameter(['', ...filter.access])}::text[])`;
  if ('and' in filter) return all(filter.and, 'and', 'true');
  if ('or' in filter) return all(filter.or, 'or', 'false');
  if ('not' in filter) return `(not ${filterCondition(filter.not, parameters)})`;
  const { path, variables } = predicateOf(filter);
  const [predicate, values] = [parameter(path), parameter(JSON.stringify(variables))];
  return `coalesce(jsonb_path_match(metadata, ${predicate}::jsonpath, ${values}::jsonb, true), false)`;
}

/** Whether a filter lets rows of some named documents pass only. */
export function namesDocuments(filter: Filter | undefined): boolean {
  if (filter === undefined) return false;
  return 'documents' in filter || ('and' in filter && filter.and.some(namesDocuments));
}
