/** What a filter compares with. */
export type FilterScalar = string | number | boolean;

/** Bounds of a range, at least one, all of one type. Numbers compare by value, strings by code points (so that ISO dates compare by time). */
export interface FilterRange {
  readonly gt?: number | string | undefined;
  readonly gte?: number | string | undefined;
  readonly lt?: number | string | undefined;
  readonly lte?: number | string | undefined;
}

/**
 * Which chunks a search may find. It means the same in every retriever.
 *
 * `field` is a dotted path into a chunk's metadata, a JSON object: `language`, `pages.first`, `fields.year`. A key that itself has a dot cannot be reached.
 * Arrays on the way and at the end are opened, one level each: a condition holds when any element satisfies it. Values of different types are never equal, nor
 * before or after each other. A field that is not there satisfies nothing, except that `equals: null` holds for a field that is null or not there.
 *
 * `access` holds the labels that the asker has. A chunk with labels of access (its metadata's `labels`) passes when the asker has at least one of them; a
 * chunk without labels passes. What callers let users write must not reach this clause: put it around the user's filter with `withAccess`. The schema that
 * reads filters from outside (`filterSchema`) has no `access`.
 */
export type Filter =
  | { readonly documents: readonly string[] }
  | { readonly field: string; readonly equals: FilterScalar | null }
  | { readonly field: string; readonly in: readonly FilterScalar[] }
  | { readonly field: string; readonly range: FilterRange }
  | { readonly access: readonly string[] }
  | { readonly and: readonly Filter[] }
  | { readonly or: readonly Filter[] }
  | { readonly not: Filter };

/** The filter, and on top of it the asker's labels of access: whatever the filter says, nothing passes that these labels do not open. */
export function withAccess(filter: Filter | undefined, labels: readonly string[]): Filter {
  return { and: [{ access: labels }, ...(filter === undefined ? [] : [filter])] };
}
