/** Ranking and text joined: an index is kept (index-store/), filled from compressed chunks (indexing/), and searched (retrieval/), which alone decompresses. A collection (collection/) is index, corpus and list of files in one. Queries are written anew (queries/, chat/), results read again (rerank/), ordered and filtered for a reader (context/). */
export {
  CachedChatModel,
  type ChatMessage,
  type ChatModel,
  type ChatOptions,
  OpenAiChatModel,
  type OpenAiChatOptions,
} from './chat/index.ts';
export {
  CollectionFolder,
  type CollectionState,
  type CollectionWritingOptions,
  type NextState,
} from './collection/collection-folder.ts';
export type { CollectionManifest } from './collection/collection-manifest.ts';
export type { CollectionSources, SourceFileEntry, SourceRoot } from './collection/collection-sources.ts';
export { type OpenCollectionOptions, openCollection } from './collection/open-collection.ts';
export type { QuerySteps } from './collection/query-steps.ts';
export { longContextOrder } from './context/long-context-order.ts';
export { filterByTopics, type TopicFiltered, type TopicFilterSettings, topicFilterSettings } from './context/topic-filter.ts';
export { corpusIdentity } from './index-store/corpus-identity.ts';
export { IndexFolder } from './index-store/index-folder.ts';
export type { IndexMakers, IndexManifest, IndexModel } from './index-store/index-manifest.ts';
export { type IndexingResult, type IndexSource, synchroniseIndex } from './indexing/indexing.ts';
export {
  type ExpandingOptions,
  ExpandingRetriever,
  type ExpansionKind,
  type MultiQueryOptions,
  MultiQueryRetriever,
} from './queries/index.ts';
export {
  blendScores,
  DEFAULT_TOP_N,
  EndpointReranker,
  type EndpointRerankerOptions,
  type OpenRerankerOptions,
  openReranker,
  PairReranker,
  RERANKER_GRAMMAR,
  type RerankableHit,
  type RerankedHit,
  type RerankedSearchOptions,
  type Reranker,
  type RerankOptions,
  searchAndRerank,
} from './rerank/index.ts';
export type { QueryEncoderChoice } from './retrieval/query-encoder.ts';
export { type NotedResults, searchWithNote } from './retrieval/search-with-note.ts';
export {
  type IndexDescription,
  MAXIMUM_QUERY_LENGTH,
  MAXIMUM_RESULTS,
  type OpenSearcherOptions,
  RETRIEVER_CHOICES,
  type ResultUnit,
  type RetrieverChoice,
  Searcher,
  type SearcherSearchOptions,
  type SearchResult,
} from './retrieval/searcher.ts';
