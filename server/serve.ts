import type { FastifyBaseLogger } from 'fastify';
import { closing } from '../base/index.ts';
import { openSearcher, type SearcherOptions } from '../recipes/index.ts';
import { checkListening } from './access/index.ts';
import { createServer } from './create-server.ts';
import { listen } from './listen.ts';
import { checkPort, DEFAULT_PORT, type RunningServer } from './running-server.ts';
import type { ServeCollectionsOptions } from './serve-collections.ts';

export interface ServeOptions extends SearcherOptions {
  /** Folder of the index. */
  readonly index: string;
  readonly collections?: undefined;
  /** Address to listen on; `127.0.0.1` unless given. */
  readonly host?: string | undefined;
  /** 8080 unless given; 0 takes a free one. */
  readonly port?: number | undefined;
  /** Whether other machines may reach it: it asks for no keys. */
  readonly insecure?: boolean | undefined;
  /** Where requests and failures are logged (pino, or what has its methods); nowhere without it. */
  readonly logger?: FastifyBaseLogger | undefined;
  /** Closes the server. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Serves collections, or one index, over HTTP: `await using server = await serve({ collections: 'library' })`.
 *
 * @throws UsageError `SERVER_PORT`, `SERVER_INSECURE`; CemError `SERVER_ADDRESS`; the signal's reason; and what `openSearcher` throws, or `serveCollections`
 */
export async function serve(options: ServeOptions | ServeCollectionsOptions): Promise<RunningServer> {
  if (options.collections === undefined) return serveIndex(options);
  const { serveCollections } = await import('./serve-collections.ts');
  return serveCollections(options);
}

async function serveIndex(options: ServeOptions): Promise<RunningServer> {
  const { index, host = '127.0.0.1', port = DEFAULT_PORT, insecure = false, logger, signal } = options;
  checkPort(port);
  await checkListening(host, { keys: false, insecure });
  signal?.throwIfAborted();
  const searcher = await openSearcher(index, options);
  const server = createServer(searcher, logger === undefined ? {} : { logger });
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= (async () => {
      await using _searcher = closing(() => searcher.close());
      await server.close();
    })();
    return closed;
  };
  try {
    const address = await listen(server, { host, port });
    signal?.throwIfAborted();
    signal?.addEventListener('abort', () => void close(), { once: true });
    const { documents, chunks } = searcher.description;
    return { address, documents, chunks, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}
