/** Collections that are searched while they change: documents are put and removed one by one, by programs. */
export { Collections, type CollectionsOptions, type CreateSettings } from './collections.ts';
export { LiveCollection } from './live-collection.ts';
export type {
  AccessLabels,
  ChangeOptions,
  ChangeResult,
  ChangeStage,
  CollectionSummary,
  DescribedCollection,
  DocumentSummary,
  DocumentsChange,
  DocumentsWanted,
  DocumentToPut,
  DocumentToRemove,
  LiveDocument,
  LivePictureOptions,
  LiveSearchOptions,
  LiveUnit,
  PutResult,
} from './live-types.ts';
