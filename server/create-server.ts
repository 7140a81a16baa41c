import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { type Searcher, searchWithNote } from '../rag/index.ts';
import type { TierCounts } from '../search/index.ts';
import { HttpError } from './errors.ts';
import { createHttpServer, type HttpLimits } from './http-server.ts';
import { QueryQueue, type QueryQueueOptions } from './query-queue.ts';
import { clientSignal } from './routing/index.ts';
import { describeIssue, searchAnswer, searchRequest } from './schemas/index.ts';

/** A query is at most 10,000 UTF-16 units, 60,000 bytes when every one of them is escaped as \uXXXX; the rest is for a filter. */
const BODY_LIMIT_BYTES = 256 * 1024;

export interface ServerOptions {
  /** Where requests and failures are logged; nowhere without it. */
  readonly logger?: FastifyBaseLogger;
  readonly limits?: Partial<HttpLimits>;
  readonly queue?: QueryQueueOptions;
}

/** What the service needs of a searcher. */
export type SearchService = Pick<Searcher, 'search' | 'description' | 'encoding'> & Partial<Pick<Searcher, 'tiers'>>;

/**
 * The HTTP service over a searcher, not yet listening:
 * `POST /v1/search` {query, k?, filter?, scoring?, units?} -> {results: [{id, score, chunk, passage, span?, text, unit?, metadata?}], took_ms, note?} and `GET /health` -> {status, index, load, tiers?}.
 * Requests that arrive together are encoded together. Closing it lets the requests that run end, within a bound; the searcher stays the caller's.
 */
export function createServer(searcher: SearchService, options: ServerOptions = {}): FastifyInstance {
  const { logger, limits, queue: queueOptions } = options;
  const server = createHttpServer({ logger, limits, bodyLimit: BODY_LIMIT_BYTES });
  const queue = new QueryQueue(queueOptions);

  server.post('/v1/search', async (request, reply) => {
    const body = searchRequest.safeParse(request.body);
    if (!body.success) throw new HttpError(400, describeIssue(body.error), { code: 'SEARCH_REQUEST' });
    const { query, ...options } = body.data;
    const start = performance.now();
    const { results, note } = await queue.run(
      (signal) => searchWithNote(searcher, query, { ...options, signal }),
      clientSignal(reply),
    );
    return searchAnswer(results, performance.now() - start, note);
  });
  server.get('/health', () => {
    const { queries, calls } = searcher.encoding;
    const load = { running: queue.running, waiting: queue.waiting, encoded_queries: queries, encoder_calls: calls };
    const { tiers } = searcher;
    return { status: 'ok', index: searcher.description, load, ...(tiers && { tiers: tiersAnswer(tiers) }) };
  });
  return server;
}

function tiersAnswer({ rows, room, promoted, demoted, hotResults, coldResults }: TierCounts): object {
  return { rows, room, promoted, demoted, hot_results: hotResults, cold_results: coldResults };
}
