/** An index or a collection is opened for questions. */
export { type CollectionSearcherOptions, openCollection } from './open-collection.ts';
export { openReranker, type RerankerOptions } from './open-reranker.ts';
export { openSearcher } from './open-searcher.ts';
export { type SearcherOptions, searchingOptions } from './searching-options.ts';
export {
  type CollectionsPlace,
  openSharedCollections,
  SharedCollection,
  SharedCollections,
  type SharedCollectionsOptions,
} from './shared-collections.ts';
export { type TunedFusion, type TuneFusionOptions, tuneFusion } from './tune-fusion.ts';
