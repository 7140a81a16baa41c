/** Ranking and text joined: an index is kept (index-store/), filled from compressed chunks (indexing/), and searched (retrieval/), which alone decompresses. */
export { corpusIdentity } from './index-store/corpus-identity.ts';
export { IndexFolder, type IndexFolderOptions } from './index-store/index-folder.ts';
export type { IndexMakers, IndexManifest } from './index-store/index-manifest.ts';
export { type IndexingResult, type IndexSource, synchroniseIndex } from './indexing/indexing.ts';
export type { QueryEncoderChoice } from './retrieval/query-encoder.ts';
export { type NotedResults, searchWithNote } from './retrieval/search-with-note.ts';
export {
  type IndexDescription,
  MAXIMUM_QUERY_LENGTH,
  MAXIMUM_RESULTS,
  type OpenSearcherOptions,
  type ResultUnit,
  Searcher,
  type SearcherSearchOptions,
  type SearchResult,
} from './retrieval/searcher.ts';
