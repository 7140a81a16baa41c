import type { Filter } from '../filter.ts';
import type { Hit, Retriever, SearchOptions } from '../retriever.ts';

/** The filter that a query states itself; undefined where it states none. */
export type SelfQuery = (query: string) => Filter | undefined | Promise<Filter | undefined>;

export interface SelfQueryRetrieverOptions {
  /** The other retriever's name unless given. */
  readonly name?: string;
  /** Searches a query again without its own filter when nothing passes it; on unless false. */
  readonly fallback?: boolean;
}

/**
 * A retriever that reads a filter out of each query, and has another search with it, beside the search's own filter: it is part of that one's query (invariant 7). Queries that state nothing are
 * searched as they are.
 */
export class SelfQueryRetriever implements Retriever {
  readonly name: string;
  readonly #inner: Retriever;
  readonly #selfQuery: SelfQuery;
  readonly #fallback: boolean;

  constructor(inner: Retriever, selfQuery: SelfQuery, { name = inner.name, fallback = true }: SelfQueryRetrieverOptions = {}) {
    this.name = name;
    this.#inner = inner;
    this.#selfQuery = selfQuery;
    this.#fallback = fallback;
  }

  async search(queries: readonly string[], options: SearchOptions): Promise<Hit[][]> {
    const filters = await Promise.all(queries.map((query) => this.#selfQuery(query)));
    const results: Hit[][] = queries.map(() => []);
    const search = async (places: readonly number[], own: Filter | undefined, last: boolean): Promise<void> => {
      const found = await this.#inner.search(
        places.map((place) => queries[place]!),
        {
          ...options,
          filter: withSelfQuery(options.filter, own),
          // What nothing is found for is told of once, by the search that is the last.
          onUnsearchable: last ? (query, reason) => options.onUnsearchable?.(places[query]!, reason) : undefined,
        },
      );
      for (const [index, place] of places.entries()) results[place] = named(found[index]!, this.name);
    };
    for (const [own, places] of byFilter(filters)) {
      const again = own !== undefined && this.#fallback;
      await search(places, own, !again);
      const empty = again ? places.filter((place) => results[place]!.length === 0) : [];
      if (empty.length > 0) await search(empty, undefined, true);
    }
    return results;
  }
}

/** A query's own conditions beside those of the search. */
export function withSelfQuery(filter: Filter | undefined, own: Filter | undefined): Filter | undefined {
  if (filter === undefined || own === undefined) return filter ?? own;
  return { and: [filter, own] };
}

/** Places of the queries that have the same filter, so that they are searched together. */
function byFilter(filters: readonly (Filter | undefined)[]): Map<Filter | undefined, number[]> {
  const groups = new Map<string, { filter: Filter | undefined; places: number[] }>();
  filters.forEach((filter, place) => {
    const key = JSON.stringify(filter) ?? '';
    const group = groups.get(key) ?? { filter, places: [] };
    group.places.push(place);
    groups.set(key, group);
  });
  return new Map(Array.from(groups.values(), ({ filter, places }) => [filter, places]));
}

function named(hits: readonly Hit[], name: string): Hit[] {
  return hits.map((hit) => (hit.retriever === name ? hit : { ...hit, retriever: name }));
}
