/** Ranking without text: what a retriever, a filter and a vector store are. Loads no tensors. What ranks is in exact/, lexical/, postgres/ and fusion/. */
export { type Filter, type FilterRange, type FilterScalar, withAccess } from './filter.ts';
export { checkFilter, describeFilterIssue, filterSchema } from './filter-schema.ts';
export {
  type FusedHit,
  type FusedPart,
  type FusionInput,
  type FusionOptions,
  type FusionPart,
  FusionRetriever,
  fuseRankings,
  fusionSchema,
  HYBRID_VECTOR_WEIGHT,
  hybridFusion,
} from './fusion/index.ts';
export { type Bm25Options, Bm25Retriever, type LexicalUnit, wholeDocuments } from './lexical/bm25.ts';
export { compileFilter, type FilterTest } from './match-filter.ts';
export { compareRanked } from './rank-order.ts';
export type { Hit, Retriever, SearchOptions } from './retriever.ts';
export { MAXIMUM_SCORED_PASSAGES, type Scoring, scoredPassages, scoringSchema } from './scoring.ts';
export {
  filterByModel,
  filterByRules,
  type KnownField,
  lawRules,
  type ModelFilter,
  type NamedLaw,
  parseSelfQueryRules,
  type SelfQuery,
  SelfQueryRetriever,
  type SelfQueryRule,
  type SelfQueryRuleInput,
  selfQueryRuleSchema,
  withSelfQuery,
} from './self-query/index.ts';
export { isStorable, isStorableJson, STORABLE_TEXT_RULE } from './storable-text.ts';
export { type VectorIndex, type VectorIndexInput, vectorIndexConfig } from './vector-index.ts';
export { VectorRetriever } from './vector-retriever.ts';
export { checkDocumentId, metadataJson } from './vector-row.ts';
export type {
  MetadataRow,
  RowMetadata,
  StoredAnalyzer,
  StoredGroup,
  StoredRow,
  StoreHit,
  TermRow,
  TierCounts,
  VectorCount,
  VectorRow,
  VectorStore,
} from './vector-store.ts';
