import { isCemError, UsageError } from '../../base/index.ts';
import type { SearchResult } from '../../rag/index.ts';
import { describeFilterIssue, type Filter, filterSchema } from '../../search/index.ts';
import type { LiveUnit } from '../collection-service.ts';
import type { McpCollection, McpCollections } from './mcp-collections.ts';
import type { ReadUnitOutput, SearchOutput } from './tool-schemas.ts';

interface SearchArguments {
  readonly query: string;
  readonly collection?: string | undefined;
  readonly k: number;
  readonly filter?: Readonly<Record<string, unknown>> | undefined;
}

/** What the tools do, over the collections of one asker. */
export class CollectionTools {
  readonly #collections: McpCollections;

  constructor(collections: McpCollections) {
    this.#collections = collections;
  }

  /** Names, and no counts: how many documents there are is for those to know who may see all of them. */
  async collections(): Promise<{ name: string; retrievers: string }[]> {
    const summaries = await this.#collections.list();
    return summaries.map(({ name, retrievers }) => ({ name, retrievers }));
  }

  /** @throws UsageError `MCP_COLLECTION`, `SEARCH_FILTER`, and what the collection's search throws */
  async search({ query, collection: name, k, filter }: SearchArguments, signal: AbortSignal): Promise<SearchOutput> {
    const collection = await this.#collection(name);
    const { results, note } = await collection.search(query, { k, filter: checkedFilter(filter), signal });
    return { collection: collection.name, results: results.map(foundUnit), ...(results.length === 0 && { note }) };
  }

  /** @throws UsageError `MCP_COLLECTION`, `MCP_UNIT` for one that is not there, or not for who asks */
  async readUnit(id: string, name: string | undefined): Promise<ReadUnitOutput> {
    const collection = await this.#collection(name);
    const unit = await collection.unit(id);
    if (unit === undefined)
      throw new UsageError(
        'MCP_UNIT',
        `there is no unit ${JSON.stringify(id)} in ${collection.name}; take an id that search gave`,
      );
    return { collection: collection.name, id, document: unit.document, text: unit.text, ...placeOf(unit) };
  }

  async #collection(name: string | undefined): Promise<McpCollection> {
    if (name === undefined) {
      const names = (await this.collections()).map((one) => one.name);
      const [only] = names;
      if (names.length === 1 && only !== undefined) return this.#collections.get(only);
      throw new UsageError(
        'MCP_COLLECTION',
        names.length === 0 ? 'there are no collections yet' : `say which collection: ${names.join(', ')}`,
      );
    }
    try {
      return await this.#collections.get(name);
    } catch (error) {
      if (!isCemError(error, 'COLLECTION_MISSING') && !isCemError(error, 'COLLECTION_NAME')) throw error;
      const names = (await this.collections()).map((one) => one.name);
      throw new UsageError(
        'MCP_COLLECTION',
        `there is no collection ${JSON.stringify(name)}; there are ${names.join(', ') || 'none'}`,
      );
    }
  }
}

function checkedFilter(filter: SearchArguments['filter']): Filter | undefined {
  if (filter === undefined) return undefined;
  const parsed = filterSchema.safeParse(filter);
  if (parsed.success) return parsed.data;
  throw new UsageError('SEARCH_FILTER', describeFilterIssue(parsed.error));
}

function foundUnit({ document: id, score, text, metadata }: SearchResult): SearchOutput['results'][number] {
  // A unit is a document of the corpus; its id is that of the file's document and its number there.
  const dash = id.lastIndexOf('-');
  return { id, document: dash === -1 ? id : id.slice(0, dash), score, text, ...placeOf(metadata ?? {}) };
}

type Place = Pick<LiveUnit, 'title' | 'source' | 'headings' | 'pages'>;

/** Where a text stands; who may see it is left out. */
function placeOf({ title, source, headings, pages }: Place): Pick<ReadUnitOutput, 'title' | 'source' | 'headings' | 'pages'> {
  return {
    ...(title !== undefined && { title }),
    ...(source !== undefined && { source }),
    ...(headings !== undefined && headings.length > 0 && { headings: [...headings] }),
    ...(pages !== undefined && { pages: { ...pages } }),
  };
}
