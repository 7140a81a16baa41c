/** Ranking and text joined: an index is kept (index-store/), filled from compressed chunks (indexing/), and searched (retrieval/), which alone decompresses. A collection (collection/) is index, corpus and list of files in one. Queries are written anew (queries/, chat/), results read again (rerank/), ordered and filtered for a reader (context/), and answered from (answering/). */
export {
  type AgentSettings,
  type Answer,
  type AnswerEvent,
  Answerer,
  type AnswererParts,
  type AnswerLanguage,
  type AnswerReader,
  type AnswerRequest,
  type AnswerTimings,
  ChatReader,
  type ChatReaderOptions,
  type Citation,
  ExtractiveReader,
  type ExtractiveReaderOptions,
  GlobalView,
  type GlobalViewOptions,
  type Reading,
  type ReadingEvent,
  type ReadingForm,
  type ReadingRequest,
  type ReadingUnit,
  RelevanceFilter,
  type RelevanceFilterOptions,
  type SearchUnits,
  type SentenceSimilarity,
  type ShortAnswer,
} from './answering/index.ts';
export {
  type AnswerSchema,
  CachedChatModel,
  type ChatMessage,
  type ChatModel,
  type ChatOptions,
  type ChatTokens,
  type ChatUsage,
  LlamaChatModel,
  type LlamaChatOptions,
  OpenAiChatModel,
  type OpenAiChatOptions,
  streamChat,
} from './chat/index.ts';
export type { ChangeEntry, SourceChanges } from './collection/change-log.ts';
export { CollectionFolder } from './collection/collection-folder.ts';
export {
  type ChosenFusion,
  LEXICAL,
  readChosenFusion,
  searchingBy,
  VECTORS,
  writeChosenFusion,
} from './collection/collection-fusion.ts';
export { COLLECTION_FILE, type CollectionManifest } from './collection/collection-manifest.ts';
export {
  type CollectionSources,
  listedState,
  type SourceFileEntry,
  type SourceRoot,
  unitIds,
} from './collection/collection-sources.ts';
export type { CollectionState } from './collection/collection-state.ts';
export { readSummary, type StoredSummary, writeSummary } from './collection/collection-summary.ts';
export type { CollectionWritingOptions, NextState } from './collection/collection-writing.ts';
export { changing } from './collection/current-corpus.ts';
export { encoderOrWords } from './collection/encoder-or-words.ts';
export { joinCollection, readSharedManifest } from './collection/join-collection.ts';
export {
  type CollectionSearcherParts,
  collectionSearcher,
  collectionTexts,
  describeCollection,
  type OpenCollectionOptions,
  openCollection,
  openCollectionToRead,
  type ReadableCollection,
} from './collection/open-collection.ts';
export { type QuerySteps, queryParts, rulesOf } from './collection/query-steps.ts';
export {
  type AdditionResult,
  commitAddition,
  type PackedUnits,
  type SharedAddition,
  type UploadedAddition,
  uploadAddition,
} from './collection/shared-addition.ts';
export { mergeShared } from './collection/shared-merging.ts';
export { longContextOrder } from './context/long-context-order.ts';
export { filterByTopics, type TopicFiltered, type TopicFilterSettings, topicFilterSettings } from './context/topic-filter.ts';
export { assertHeadFits, keepHead, openCollectionHead } from './groups/collection-head.ts';
export { type GroupMaker, type PackedPassage, patchGroupMaker, textGroupMaker } from './groups/group-maker.ts';
export { type FieldOptions, fieldAround, openQueryGroups, requireGroups } from './groups/open-field.ts';
export { PassageGroups } from './groups/passage-groups.ts';
export { shareHeadOf } from './groups/shared-head.ts';
export { readGroupSettings, type StoredGroupSettings, writeGroupSettings } from './groups/stored-groups.ts';
export { corpusIdentity } from './index-store/corpus-identity.ts';
export { type FolderTablesOptions, withFolderTables } from './index-store/folder-tables.ts';
export { IndexFolder } from './index-store/index-folder.ts';
export type { IndexMakers, IndexManifest, IndexModel } from './index-store/index-manifest.ts';
export { CODES_MEMORY, type StoreAccess } from './index-store/open-store.ts';
export { applyIndexChange, type IndexChange, prepareIndexChange } from './indexing/index-change.ts';
export { type IndexingResult, synchroniseIndex } from './indexing/indexing.ts';
export type { IndexSource } from './indexing/source-rows.ts';
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
export { BatchingEmbedder } from './retrieval/batching-embedder.ts';
export { openLexicalRetriever } from './retrieval/lexical-retriever.ts';
export {
  type OpenQueryEncoder,
  openQueryEncoder,
  type QueryEncoderChoice,
  type QueryEncoderOptions,
} from './retrieval/query-encoder.ts';
export { RememberingEmbedder } from './retrieval/remembering-embedder.ts';
export { type NotedResults, searchWithNote } from './retrieval/search-with-note.ts';
export {
  type IndexDescription,
  MAXIMUM_QUERY_LENGTH,
  MAXIMUM_RESULTS,
  type OpenSearcherOptions,
  RETRIEVER_CHOICES,
  type ResultUnit,
  type RetrieverChoice,
  readWholeChunks,
  Searcher,
  type SearcherSearchOptions,
  type SearchResult,
  type WholeChunk,
} from './retrieval/searcher.ts';
