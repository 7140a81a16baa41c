/** Exact search over vectors in memory. TensorFlow.js is loaded when `tensorInnerProducts` first multiplies. */
export { ExactIndex, type ExactIndexOptions, type ExactSearchOptions } from './exact-index.ts';
export { ExactRetriever, type ExactRetrieverOptions } from './exact-retriever.ts';
export { ExactStore } from './exact-store.ts';
export { type InnerProducts, plainInnerProducts, tensorInnerProducts } from './inner-products.ts';
export type { VectorStorage } from './vector-block.ts';
