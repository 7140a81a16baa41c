import type { NotedResults, Reranker, SearchResult } from '../rag/index.ts';
import type { Principal } from './access/index.ts';
import type { AnswerService, CollectionSearchOptions, CollectionService, CollectionsService } from './collection-service.ts';
import type { Jobs } from './jobs/index.ts';
import type { ServerMetrics } from './metrics/index.ts';
import type { QueryQueue } from './query-queue.ts';

/** What an answer may be asked for beside its question. */
export interface AnsweringOptions {
  readonly retrievers?: 'vectors' | 'bm25' | 'hybrid' | undefined;
  /** Whether results are read again before they are answered from; as the server is set up unless given. */
  readonly rerank?: boolean | undefined;
}

/** What every group of routes is given. */
export interface ServerServices {
  readonly collections: CollectionsService;
  /** Searches a collection with the rights of who asks, and counts what was decompressed. Every route that searches goes this way. */
  search(
    collection: CollectionService,
    principal: Principal,
    query: string,
    options: Omit<CollectionSearchOptions, 'labels'>,
  ): Promise<readonly SearchResult[]>;
  /** As `search`, and says in words for people why nothing was found where nothing was. */
  searchWithNote(
    collection: CollectionService,
    principal: Principal,
    query: string,
    options: Omit<CollectionSearchOptions, 'labels'>,
  ): Promise<NotedResults>;
  /** What answers from a collection, with the rights of who asks in each of its searches. */
  answerFor(collection: CollectionService, principal: Principal, options?: AnsweringOptions): AnswerService;
  readonly reranker: Reranker | undefined;
  readonly jobs: Jobs;
  readonly metrics: ServerMetrics;
  /** Searches take their turn here. */
  readonly queue: QueryQueue;
  /** Answers take theirs here: they may take minutes, in which searches go on. */
  readonly answers: QueryQueue;
}
