/** HTTP: the service over a searcher, and what every server of ours keeps to. */
export { createServer, type SearchService, type ServerOptions } from './create-server.ts';
export type { ErrorBody } from './errors.ts';
export { createHttpServer, HTTP_LIMITS, type HttpLimits, type HttpServerOptions } from './http-server.ts';
export { type ListenOptions, listen, stopSignal } from './listen.ts';
export type { QueryQueueOptions } from './query-queue.ts';
export { type RunningServer, type ServeOptions, serve } from './serve.ts';
