import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyBaseLogger } from 'fastify';
import { ClosingStack, isCemError } from '../base/index.ts';
import {
  type CollectionsOptions,
  type EmbeddingModel,
  openAnswering,
  openCollections,
  openEmbeddingModel,
  openJobCounter,
  openReranker,
  type ReaderChoice,
} from '../recipes/index.ts';
import { checkListening, KEYS_FILE, KeyRing } from './access/index.ts';
import { type CollectionsServerOptions, createCollectionsServer } from './collections-server.ts';
import { listen } from './listen.ts';
import { checkPort, DEFAULT_PORT, type RunningServer } from './running-server.ts';

export interface ServeCollectionsOptions
  extends Omit<CollectionsOptions, 'folder'>,
    Omit<ReaderChoice, 'reranker'>,
    Pick<CollectionsServerOptions, 'cors' | 'rateLimit' | 'uploadBytes'> {
  /** Folder of collections; made where there is none. */
  readonly collections: string;
  /** Address to listen on; `127.0.0.1` unless given. */
  readonly host?: string | undefined;
  /** 8080 unless given; 0 takes a free one. */
  readonly port?: number | undefined;
  /** Whether other machines may reach it though no keys are asked for. */
  readonly insecure?: boolean | undefined;
  /** File of keys; `keys.json` in the folder of collections unless given, and no keys are asked for before there is one. */
  readonly keys?: string | undefined;
  /** What orders results anew: cross-encoder:MODEL, endpoint:URL#MODEL, tei:URL or checkpoint:FOLDER. */
  readonly reranker?: string | undefined;
  /** Where requests and failures are logged (pino, or what has its methods); nowhere without it. */
  readonly logger?: FastifyBaseLogger | undefined;
  /** Closes the server. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Serves the collections of a folder over HTTP: `await using server = await serveCollections({ collections: 'library' })`.
 *
 * @throws UsageError `SERVER_PORT`, `SERVER_INSECURE`; CemError `SERVER_ADDRESS`; the signal's reason; and what `openCollections`, `openAnswering` and `openReranker` throw
 */
export async function serveCollections(options: ServeCollectionsOptions): Promise<RunningServer> {
  const { collections: folder, host = '127.0.0.1', port = DEFAULT_PORT, insecure = false, logger, signal } = options;
  const { cors, rateLimit, uploadBytes } = options;
  checkPort(port);
  const keys = keyRingOf(options);
  await checkListening(host, { keys: await keys.isAsked(), insecure });
  signal?.throwIfAborted();
  const opened = new ClosingStack();
  const close = () => opened.close();
  try {
    const collections = opened.add(await openCollections({ ...options, folder }), (part) => part.close());
    const { reranker: choice } = options;
    const reranker = choice === undefined ? undefined : opened.add(await openReranker(choice, options), (part) => part.dispose());
    const { database, segments } = options;
    const counter =
      database === undefined || segments === undefined
        ? undefined
        : opened.add(await openJobCounter(database), (part) => part.close());
    const answering = opened.add(await openAnswering({ ...options, reranker }), (part) => part.close());
    const server = opened.add(
      await createCollectionsServer({
        ...{ cors, rateLimit, uploadBytes },
        collections,
        embeddings: await embeddingModel(options, opened),
        answerer: (search, asked) => answering.answerer(search, asked.rerank === false ? { reranker: undefined } : {}),
        reranker,
        keys,
        // A server that asks for keys may be called by any name.
        anyName: insecure || (await keys.isAsked()),
        ...(logger && { logger }),
        ready: () => access(folder),
        workerJobs: counter && (() => counter.counts()),
      }),
      (part) => part.close(),
    );
    const address = await listen(server, { host, port });
    collections.servedAt(address);
    signal?.throwIfAborted();
    signal?.addEventListener('abort', () => void close(), { once: true });
    return { address, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The checkpoint of new collections, as a model; nothing where there is none. It is loaded when somebody asks it. */
async function embeddingModel(options: ServeCollectionsOptions, opened: ClosingStack): Promise<EmbeddingModel | undefined> {
  try {
    return opened.add(await openEmbeddingModel(options), (part) => part.close());
  } catch (error) {
    if (isCemError(error, 'CHECKPOINT_NEEDED')) return undefined;
    throw error;
  }
}

/** Keys that are asked for: those of a file that is named, whether it is there yet or not, or of the one in the folder as soon as there is one. */
function keyRingOf({ collections, keys }: Pick<ServeCollectionsOptions, 'collections' | 'keys'>): KeyRing {
  return keys === undefined ? new KeyRing(join(collections, KEYS_FILE), { required: false }) : new KeyRing(keys);
}
