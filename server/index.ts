/** HTTP: the service over a searcher, the service over collections, and what every server of ours keeps to. */
export { type CollectionsServerOptions, createCollectionsServer } from './collections-server.ts';
export { createServer, type SearchService, type ServerOptions } from './create-server.ts';
export type { ErrorBody } from './errors.ts';
export { createHttpServer, HTTP_LIMITS, type HttpLimits, type HttpServerOptions } from './http-server.ts';
export { type ListenOptions, listen, stopSignal } from './listen.ts';
export type { QueryQueueOptions } from './query-queue.ts';
export type { RunningServer } from './running-server.ts';
export { type ServeOptions, serve } from './serve.ts';
export type { ServeCollectionsOptions } from './serve-collections.ts';
export type { ServerServices } from './services.ts';
