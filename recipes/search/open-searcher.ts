import { Searcher } from '../../rag/index.ts';
import { type SearcherOptions, searchingOptions } from './searching-options.ts';

/**
 * Opens an index for questions: `await using searcher = await openSearcher('docs.index')`.
 *
 * @throws as `Searcher.open` of rag/
 */
export async function openSearcher(index: string, options: SearcherOptions = {}): Promise<Searcher> {
  return Searcher.open(index, searchingOptions(options));
}
