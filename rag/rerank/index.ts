/** Readers of text that order what a retriever has found: cross-encoders, endpoints of others, and our own. Loads no tensors before one is opened. */
export { blendScores } from './blend-scores.ts';
export { EndpointReranker, type EndpointRerankerOptions, type EndpointShape, RERANK_KEY_VARIABLE } from './endpoint-reranker.ts';
export { type OpenRerankerOptions, openReranker, RERANKER_GRAMMAR } from './open-reranker.ts';
export { PairReranker } from './pair-reranker.ts';
export {
  assertShare,
  assertShareOfReranker,
  DEFAULT_TOP_N,
  type RerankableHit,
  type RerankedHit,
  type Reranker,
  type RerankOptions,
} from './reranker.ts';
export { type RerankedSearchOptions, searchAndRerank } from './search-and-rerank.ts';
