import type { NotedResults } from '../../rag/index.ts';
import type { Principal } from '../access/index.ts';
import type { CollectionSearchOptions, CollectionSummary, LiveUnit } from '../collection-service.ts';
import type { ServerServices } from '../services.ts';

/** A collection as one asker has it: their labels of access are in every query of the store. */
export interface McpCollection {
  readonly name: string;
  /** The best k units, and why there are none, should there be none. */
  search(query: string, options: Pick<CollectionSearchOptions, 'k' | 'filter' | 'signal'>): Promise<NotedResults>;
  /** Undefined for one that is not there, or not for who asks. */
  unit(id: string): Promise<Omit<LiveUnit, 'metadata'> | undefined>;
}

/** What the tools need, for one asker. */
export interface McpCollections {
  list(): Promise<readonly Pick<CollectionSummary, 'name' | 'retrievers'>[]>;
  /** @throws UsageError `COLLECTION_MISSING`, `COLLECTION_NAME` */
  get(name: string): Promise<McpCollection>;
}

/** What of a server's services the tools need. */
export interface McpServices extends Pick<ServerServices, 'searchWithNote'> {
  readonly collections: Pick<ServerServices['collections'], 'list' | 'get'>;
  readonly queue: Pick<ServerServices['queue'], 'run'>;
}

/** A server's collections for somebody who asks. */
export function collectionsFor({ collections, queue, searchWithNote }: McpServices, principal: Principal): McpCollections {
  return {
    list: () => collections.list(),
    async get(name) {
      const collection = await collections.get(name);
      return {
        name: collection.name,
        unit: (id) => collection.unit(id, principal.labels),
        search: (query, options) =>
          queue.run(() => searchWithNote(collection, principal, query, options), options.signal ?? new AbortController().signal),
      };
    },
  };
}
