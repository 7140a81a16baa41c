import { UsageError } from '../../base/index.ts';
import { openStoredAnalyzer } from '../../search/lexical/index.ts';
import { PostgresBm25Retriever } from '../../search/postgres/index.ts';
import type { IndexFolder } from '../index-store/index-folder.ts';

/**
 * Ranks the passages of an index by their words.
 *
 * @throws UsageError `INDEX_NO_TERMS` for an index that keeps no terms; as `openStoredAnalyzer`
 */
export async function openLexicalRetriever({ path, terms }: Pick<IndexFolder, 'path' | 'terms'>): Promise<PostgresBm25Retriever> {
  if (terms === undefined) {
    throw new UsageError(
      'INDEX_NO_TERMS',
      `the index ${path} keeps no terms to search by words: search by vectors, or pack its corpus with --terms words and bring the index up to date with \`cem index\``,
      { details: { index: path } },
    );
  }
  return new PostgresBm25Retriever(terms, await openStoredAnalyzer(terms.settings.analyzer));
}
