import {
  filterByRules,
  lawRules,
  parseSelfQueryRules,
  type Retriever,
  SelfQueryRetriever,
  type SelfQueryRule,
} from '../../search/index.ts';
import { FiguresFirstRetriever } from '../../search/pictures/index.ts';
import type { ChatModel } from '../chat/index.ts';
import { ExpandingRetriever, type ExpansionKind, MultiQueryRetriever } from '../queries/index.ts';
import type { SearcherParts } from '../retrieval/searcher.ts';
import type { CollectionSources } from './collection-sources.ts';

/** What is done with a query before it is ranked by. */
export interface QuerySteps {
  /** Whether articles that a query cites are a filter, where the collection has laws, and figures that it asks for come first; on unless false. */
  readonly selfQuery?: boolean | undefined;
  /** What a chat model writes for the vectors beside the query: a passage that could answer it (HyDE), or terms. Off unless given. */
  readonly expansion?: ExpansionKind | undefined;
  /** In how many other ways a chat model puts the query, 1 to 10. Off unless given. */
  readonly rewrites?: number | undefined;
  /** Who writes; needed for the two. */
  readonly chat?: ChatModel | undefined;
  /** Takes a line for each query that the chat model failed at, and that was searched as it is. */
  readonly note?: ((line: string) => void) | undefined;
}

/** How a collection's files say that queries cite them. */
export function rulesOf({ files }: CollectionSources): SelfQueryRule[] {
  return parseSelfQueryRules(lawRules(files.flatMap(({ laws = [] }) => laws)));
}

/**
 * The steps as retrievers around those of a searcher. A query's own filter is read from the query as it was asked, so that it goes around the rewriting; figures that it asks for come first of all that was ranked,
 * anew by vector groups too.
 *
 * @param rules of the collection, as `rulesOf` gives them
 * @param field ranks anew by vector groups; nothing does unless given
 */
export function queryParts(
  { selfQuery = true, expansion, rewrites, chat, note = () => undefined }: QuerySteps,
  rules: readonly SelfQueryRule[],
  field?: (retriever: Retriever) => Retriever,
): Pick<SearcherParts, 'around' | 'aroundVectors'> {
  const around: ((retriever: Retriever) => Retriever)[] = [];
  if (chat !== undefined && rewrites !== undefined)
    around.push((inner) => new MultiQueryRetriever(inner, chat, { rewrites, note }));
  if (selfQuery && rules.length > 0)
    around.push((inner) => new SelfQueryRetriever(inner, (query) => filterByRules(query, rules)));
  if (field !== undefined) around.push(field);
  if (selfQuery) around.push((inner) => new FiguresFirstRetriever(inner));
  return {
    around,
    ...(chat !== undefined &&
      expansion !== undefined && {
        aroundVectors: (inner: Retriever) => new ExpandingRetriever(inner, chat, { kind: expansion, note }),
      }),
  };
}
