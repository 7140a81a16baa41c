import type { Searcher, SearcherSearchOptions, SearchUnits } from '../../rag/index.ts';

/** A searcher's search as answers need it: each result with its whole unit. Whatever else the search is asked for stays as given, rules of access in its filter above all. */
export function searchUnits(
  searcher: Pick<Searcher, 'search'>,
  options: Omit<SearcherSearchOptions, 'k' | 'units' | 'signal' | 'filter'> = {},
): SearchUnits {
  return (query, { k, filter, signal }) => searcher.search(query, { ...options, k, filter, signal, units: true });
}
