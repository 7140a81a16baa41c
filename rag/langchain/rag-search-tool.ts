import { DynamicStructuredTool, type StructuredToolInterface } from '@langchain/core/tools';
import { z } from 'zod';
import { UsageError } from '../../base/index.ts';
import type { Filter } from '../../search/index.ts';
import { MAXIMUM_QUERY_LENGTH, type SearchResult } from '../retrieval/searcher.ts';
import { type CemDocumentMetadata, filterWithLabels, type LangChainSearcher, langChainDocument } from './result-document.ts';

/** What a name of a database leads to. */
export interface RagDatabase {
  readonly searcher: LangChainSearcher;
  /** The same, opened with `steps: { expansion: 'hyde', chat }`: a passage that could answer the query is written first, for the vectors alone. */
  readonly hyde?: LangChainSearcher | undefined;
}

export interface RagSearchToolOptions {
  /** By name. */
  readonly databases: Readonly<Record<string, RagDatabase>>;
  /** Part of every search. */
  readonly filter?: Filter | undefined;
  /** Labels of access of whom the results are for; without it, access is not asked about. */
  readonly labels?: readonly string[] | undefined;
}

const MAXIMUM_RESULTS = 20;
const DEFAULT_RESULTS = 5;

function schemaOf(names: readonly string[]) {
  const [first] = names;
  const name = z.string().describe(`Which database: ${names.join(', ')}.`);
  return z.object({
    query: z.string().min(1).max(MAXIMUM_QUERY_LENGTH).describe('What is looked for.'),
    topk: z.int().min(1).max(MAXIMUM_RESULTS).default(DEFAULT_RESULTS).describe('Results wanted, 1 to 20.'),
    db_name: names.length === 1 && first !== undefined ? name.default(first) : name,
    is_hyde: z.boolean().default(false).describe('Whether a passage that could answer is written first, and searched by too.'),
  });
}

/**
 * The tool `rag_search` for agents: passages with the places that they stand in, as text; the results themselves are its artifact.
 *
 * @throws UsageError `RAG_SEARCH_DATABASE` without any database. Called, the tool throws that code for a database that is not there, and `RAG_SEARCH_HYDE` for one that has no HyDE
 */
export function createRagSearchTool({ databases, filter, labels }: RagSearchToolOptions): StructuredToolInterface {
  const names = Object.keys(databases);
  if (names.length === 0)
    throw new UsageError('RAG_SEARCH_DATABASE', 'rag_search needs a database to search in: give one by name');
  const all = filterWithLabels(filter, labels);
  const schema = schemaOf(names);
  return new DynamicStructuredTool({
    name: 'rag_search',
    description: 'Searches a collection of documents and gives the passages that fit a query best, each with its source.',
    schema,
    responseFormat: 'content_and_artifact',
    func: async ({ query, topk, db_name, is_hyde }: z.output<typeof schema>): Promise<[string, SearchResult[]]> => {
      const database = Object.hasOwn(databases, db_name) ? databases[db_name] : undefined;
      if (database === undefined)
        throw new UsageError(
          'RAG_SEARCH_DATABASE',
          `there is no database ${JSON.stringify(db_name)}; there are ${names.join(', ')}`,
        );
      const searcher = is_hyde ? database.hyde : database.searcher;
      if (searcher === undefined)
        throw new UsageError('RAG_SEARCH_HYDE', `the database ${db_name} was opened without HyDE; search with is_hyde false`);
      const results = await searcher.search(query, { k: topk, filter: all });
      return [resultsText(results), results];
    },
  });
}

/** Results as a language model reads them: a number, the text, and a line with its source and the headings above it. */
function resultsText(results: readonly SearchResult[]): string {
  if (results.length === 0) return 'Nothing was found.';
  return results
    .map((result, index) => {
      const { pageContent, metadata } = langChainDocument(result);
      return `[${index + 1}] ${pageContent.trim()}\n${sourceLine(metadata)}`;
    })
    .join('\n\n');
}

/** `source=laws/criminal.md | Criminal Law | Chapter 2 | Article 10`, with what of it is known. */
function sourceLine({ id, source = id, title, headings = [], pages }: CemDocumentMetadata): string {
  const page = pages && (pages.first === pages.last ? `page ${pages.first}` : `pages ${pages.first}-${pages.last}`);
  const places = [title, ...headings, page].filter((place) => place !== undefined && place !== '');
  return [`source=${source}`, ...new Set(places)].join(' | ');
}
