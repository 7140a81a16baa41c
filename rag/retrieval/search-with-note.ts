import type { Searcher, SearcherSearchOptions, SearchResult } from './searcher.ts';

/** The results of a query, and why there are none, should there be none. */
export interface NotedResults {
  readonly results: readonly SearchResult[];
  readonly note: string;
}

/** Searches, and says in words for people why nothing was found where nothing was. */
export async function searchWithNote(
  searcher: Pick<Searcher, 'search' | 'description'>,
  query: string,
  options: Omit<SearcherSearchOptions, 'onUnsearchable'>,
): Promise<NotedResults> {
  let note = 'the index has nothing that can be ranked';
  if (searcher.description.chunks === 0) note = 'the index is empty';
  else if (options.filter !== undefined) note = 'nothing that can be ranked passes the filter';
  const onUnsearchable = (_: number, reason: string) => {
    note = reason;
  };
  const results = await searcher.search(query, { ...options, onUnsearchable });
  return { results, note };
}
