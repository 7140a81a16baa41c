import { type Listener, UsageError } from '../../base/index.ts';
import type { Searcher } from '../../rag/index.ts';
import { openCollection, openSearcher } from '../../recipes/index.ts';
import { type AnswerOptions, answerSteps } from './answer-options.ts';

/**
 * Opens what `ask` and `chat` search.
 *
 * @throws UsageError `SEARCH_PLACE` unless one of the two is named
 */
export function openPlace(
  options: AnswerOptions & { readonly backend: string },
  listener: Listener,
  { codesMemory }: { readonly codesMemory: number },
): Promise<Searcher> {
  const { index, collection, database, models, queries, retrievers, backend, hyde, rewrites } = options;
  const common = { database, models, queries, retrievers, backend, codesMemory, listener };
  if (collection !== undefined && index === undefined)
    return openCollection(collection, { ...common, steps: answerSteps(options) });
  if (index !== undefined && collection === undefined) {
    if (hyde || rewrites !== undefined)
      throw new UsageError('SEARCH_PLACE', '--hyde and --rewrites are for collections: name one with --collection');
    return openSearcher(index, common);
  }
  throw new UsageError('SEARCH_PLACE', 'name what is searched: either --collection or --index');
}
