import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import multipart from '@fastify/multipart';
import type { FastifyInstance } from 'fastify';
import type { Reranker, SearchUnits } from '../rag/index.ts';
import type { EmbeddingModel, JobCounts } from '../recipes/index.ts';
import {
  identifyRequests,
  type KeyRing,
  limitRates,
  type Principal,
  refuseForeignPages,
  seesEverything,
} from './access/index.ts';
import type { AnswerService, CollectionService, CollectionsService } from './collection-service.ts';
import type { ServerOptions } from './create-server.ts';
import { createHttpServer, type HttpLimits } from './http-server.ts';
import { Jobs, type JobsOptions } from './jobs/index.ts';
import { registerMcp } from './mcp/index.ts';
import { ServerMetrics } from './metrics/index.ts';
import { registerOpenAi } from './openai/index.ts';
import { QueryQueue, type QueryQueueOptions } from './query-queue.ts';
import {
  addAnswerRoutes,
  addCollectionRoutes,
  addDocumentRoutes,
  addHealthRoutes,
  addJobRoutes,
  addSearchRoutes,
  PROBES,
} from './routes/index.ts';
import { addReference } from './routing/index.ts';
import { MOST_DOCUMENTS } from './schemas/index.ts';
import type { AnsweringOptions, ServerServices } from './services.ts';
import { registerSite } from './web/site/index.ts';

export interface CollectionsServerOptions extends Omit<ServerOptions, 'limits'> {
  readonly collections: CollectionsService;
  /** Makes what answers one request: whatever it searches, it searches by `search`, which has the rights of who asks in it. */
  readonly answerer: (search: SearchUnits, options: AnsweringOptions) => AnswerService;
  /** What orders results anew, and answers `/v1/rerank`. */
  readonly reranker?: Reranker | undefined;
  /** What embeds texts for `/v1/embeddings`; without it nothing does. */
  readonly embeddings?: EmbeddingModel | undefined;
  /** Whose requests are answered; without it everybody's, which is for servers that only this machine reaches. */
  readonly keys?: KeyRing | undefined;
  /** Whether it may be called by any name, where it asks for no keys. One that only this machine reaches is called by this machine's. */
  readonly anyName?: boolean | undefined;
  /** Origins of pages that may ask, as `https://example.org`. */
  readonly cors?: readonly string[] | undefined;
  /** Requests a minute of a key, or of an address without one; no limit unless given. */
  readonly rateLimit?: number | undefined;
  /** Bytes of the documents of one request; 64 MiB unless given. */
  readonly uploadBytes?: number | undefined;
  readonly jobs?: JobsOptions | undefined;
  /** Answers that are written at the same time, and wait. */
  readonly answers?: QueryQueueOptions | undefined;
  readonly limits?: Partial<HttpLimits> | undefined;
  /** Counts the jobs of workers for `GET /metrics`; where it rejects, they are left out. */
  readonly workerJobs?: (() => Promise<JobCounts>) | undefined;
  /** Rejects as long as the server is not ready to be asked: `GET /ready`. */
  readonly ready?: (() => Promise<unknown>) | undefined;
  /** Adds further routes, with the services that all are given. */
  readonly extend?: ((server: FastifyInstance, services: ServerServices) => void | Promise<void>) | undefined;
}

/** Bodies of routes that say nothing else. */
const BODY_LIMIT_BYTES = 256 * 1024;
const UPLOAD_BYTES = 64 * 2 ** 20;
/** Uploads may take a while, answers as well: a server that closes lets both have 8 s, so that with what is closed behind them it ends within 10. */
const LIMITS: Partial<HttpLimits> = { request: 300_000, drain: 8_000 };
const ANSWERS: QueryQueueOptions = { running: 16, waiting: 256 };
/** Said to who does not see everything: another note would tell whether a word stands in what they may not see. */
const NOTHING_SEEN = 'nothing that this key may see can be ranked for this query';
const MOST_FIELDS = 64;
const FIELD_BYTES = 64 * 1024;
const DAY_SECONDS = 86_400;

const INFO = {
  title: 'CEM-RAG',
  version: '1',
  description: 'Collections of compressed documents: put, searched, and answered from with citations.',
};

/**
 * The HTTP service over collections, not yet listening: what it has, `GET /openapi.json` says. Closing it refuses new requests and changes that have not begun, and lets answers in flight and
 * changes that run end, within a bound; collections, reranker and what answers stay the caller's.
 */
export async function createCollectionsServer(options: CollectionsServerOptions): Promise<FastifyInstance> {
  const { logger, keys, anyName = keys !== undefined, cors: origins = [], rateLimit = 0, uploadBytes = UPLOAD_BYTES } = options;
  const services = servicesOf(options);
  const server = createHttpServer({
    logger,
    bodyLimit: BODY_LIMIT_BYTES,
    limits: { ...LIMITS, ...options.limits },
    onClosing: () => void services.jobs.close(),
  });
  server.addHook('onClose', () => services.jobs.close());
  server.addHook('onResponse', async (request, reply) => {
    const { url = 'none' } = request.routeOptions;
    services.metrics.request(request.method, url, reply.statusCode, reply.elapsedTime);
  });
  await server.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] } },
    // Whether it is reached by TLS, what stands in front of it knows.
    strictTransportSecurity: false,
  });
  if (origins.length > 0) {
    await server.register(cors, {
      origin: [...origins],
      methods: ['GET', 'HEAD', 'POST', 'DELETE'],
      exposedHeaders: ['retry-after'],
      maxAge: DAY_SECONDS,
    });
  }
  refuseForeignPages(server, origins, !anyName);
  identifyRequests(server, keys);
  await limitRates(server, rateLimit, PROBES);
  await server.register(multipart, {
    // Paths of files are the names of their documents.
    preservePath: true,
    limits: {
      fileSize: uploadBytes,
      files: MOST_DOCUMENTS,
      fields: MOST_FIELDS,
      fieldSize: FIELD_BYTES,
      parts: MOST_DOCUMENTS + MOST_FIELDS,
    },
  });

  addCollectionRoutes(server, services);
  addDocumentRoutes(server, services, uploadBytes);
  addSearchRoutes(server, services);
  addAnswerRoutes(server, services);
  addJobRoutes(server, services);
  addHealthRoutes(server, services, options.ready);
  registerOpenAi(server, { ...services, embeddings: options.embeddings });
  registerMcp(server, services);
  registerSite(server);
  await options.extend?.(server, services);
  await addReference(server, INFO);
  return server;
}

function servicesOf({
  collections,
  answerer,
  reranker,
  logger,
  queue,
  answers,
  jobs: jobsOptions,
  workerJobs,
}: CollectionsServerOptions): ServerServices {
  const searches = new QueryQueue(queue);
  const writing = new QueryQueue({ ...ANSWERS, ...answers });
  const jobs = new Jobs({ onFailure: (error) => logger?.error(error), ...jobsOptions });
  const metrics = new ServerMetrics(
    () => ({
      running: searches.running,
      waiting: searches.waiting,
      jobs: jobs.unfinished,
      jobBytes: jobs.bytes,
      queryCache: collections.queryCache,
      tiers: collections.tiers,
    }),
    workerJobs,
  );
  const searchWithNote: ServerServices['searchWithNote'] = async (collection, principal, query, options) => {
    const { labels } = principal;
    const { results, note } = await metrics.timed('retrieve', () => collection.searchWithNote(query, { ...options, labels }));
    metrics.decompressed(results.length);
    return { results, note: seesEverything(principal) ? note : NOTHING_SEEN };
  };
  const search: ServerServices['search'] = async (...asked) => (await searchWithNote(...asked)).results;
  const answerFor = (collection: CollectionService, principal: Principal, asked: AnsweringOptions = {}): AnswerService =>
    answerer(
      (query, wanted) => search(collection, principal, query, { retrievers: asked.retrievers, units: true, ...wanted }),
      asked,
    );
  return { collections, search, searchWithNote, answerFor, reranker, jobs, metrics, queue: searches, answers: writing };
}
