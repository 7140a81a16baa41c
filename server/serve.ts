import type { FastifyBaseLogger } from 'fastify';
import { closing, UsageError } from '../base/index.ts';
import { openSearcher, type SearcherOptions } from '../recipes/index.ts';
import { createServer } from './create-server.ts';
import { listen } from './listen.ts';

export interface ServeOptions extends SearcherOptions {
  /** Folder of the index. */
  readonly index: string;
  /** Address to listen on; `127.0.0.1` unless given: there is no access control. */
  readonly host?: string | undefined;
  /** 8080 unless given; 0 takes a free one. */
  readonly port?: number | undefined;
  /** Where requests and failures are logged (pino, or what has its methods); nowhere without it. */
  readonly logger?: FastifyBaseLogger | undefined;
  /** Closes the server. */
  readonly signal?: AbortSignal | undefined;
}

/** A server that listens, until it is closed. */
export interface RunningServer extends AsyncDisposable {
  /** As a URL. */
  readonly address: string;
  /** What the index holds. */
  readonly documents: number;
  readonly chunks: number;
  /** Lets the requests that run end. */
  close(): Promise<void>;
}

const DEFAULT_PORT = 8080;
const LARGEST_PORT = 65_535;

/** @throws UsageError `SERVER_PORT` */
function checkPort(port: number): void {
  if (Number.isInteger(port) && port >= 0 && port <= LARGEST_PORT) return;
  throw new UsageError('SERVER_PORT', `a port is 0 to ${LARGEST_PORT}, not ${port}`);
}

/**
 * Answers searches in an index over HTTP: `await using server = await serve({ index: 'docs.index' })`.
 *
 * @throws UsageError `SERVER_PORT`; CemError `SERVER_ADDRESS`; the signal's reason; and what `openSearcher` throws
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { index, host = '127.0.0.1', port = DEFAULT_PORT, logger, signal } = options;
  checkPort(port);
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
