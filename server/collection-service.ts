import type { Answerer } from '../rag/index.ts';
import type { CollectionSummary, Collections, LiveCollection, LiveSearchOptions } from '../recipes/index.ts';

export type { Answer, AnswerEvent, AnswerRequest, ChangeEntry, Citation } from '../rag/index.ts';
export type {
  AccessLabels,
  ChangeOptions,
  ChangeResult,
  CollectionSummary,
  DocumentSummary,
  DocumentsChange,
  DocumentsWanted,
  DocumentToPut,
  LiveDocument,
  LiveUnit,
} from '../recipes/index.ts';

/** How somebody searches. */
export type CollectionSearchOptions = LiveSearchOptions;

/** What routes need of a collection. */
export type CollectionService = Pick<
  LiveCollection,
  | 'name'
  | 'describe'
  | 'search'
  | 'searchWithNote'
  | 'searchPictures'
  | 'embedPictures'
  | 'documents'
  | 'document'
  | 'unit'
  | 'figure'
  | 'change'
  | 'changes'
  | 'checkReplaced'
>;

/** What routes need of the collections of a folder. */
export interface CollectionsService extends Pick<Collections, 'delete'> {
  list(): Promise<readonly CollectionSummary[]>;
  create(name: string, settings?: Parameters<Collections['create']>[1]): Promise<CollectionSummary>;
  get(name: string): Promise<CollectionService>;
  /** Queries whose vectors were remembered, and those that were encoded; absent where nothing is remembered. */
  readonly queryCache?: Collections['queryCache'];
  /** What became of hot passages; absent where no tiers are kept. */
  readonly tiers?: Collections['tiers'];
}

/** What routes need of what answers questions. */
export type AnswerService = Pick<Answerer, 'answer' | 'stream'>;
