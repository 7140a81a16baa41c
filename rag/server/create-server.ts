import Fastify, { type FastifyBaseLogger, type FastifyError, type FastifyInstance } from 'fastify';
import { CemError, UsageError } from '../../base/index.ts';
import type { Searcher } from '../retrieval/searcher.ts';
import { describeIssue, searchRequest } from './search-request.ts';

/** A query is at most 10,000 UTF-16 units: 60,000 bytes when every one of them is escaped as \uXXXX. */
const BODY_LIMIT_BYTES = 64 * 1024;
/** Time that a client may take to send a request. */
const REQUEST_TIMEOUT_MS = 30_000;

/** The one form of every answer that is not a success. */
interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string };
}

const errorBody = (code: string, message: string): ErrorBody => ({ error: { code, message } });

/** What a client is told: the whole message where the request was at fault, no more than the code where we are (messages name paths). */
function answerTo(error: FastifyError | CemError): { status: number; body: ErrorBody } {
  if (error instanceof UsageError) return { status: 400, body: errorBody(error.code, error.message) };
  if (error instanceof CemError) {
    if (error.code === 'DATABASE_UNREACHABLE')
      return { status: 503, body: errorBody(error.code, 'the index cannot be reached at the moment; try again later') };
    return { status: 500, body: errorBody(error.code, "the search failed; the server's log says why") };
  }
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500)
    return { status, body: errorBody(error.code ?? 'BAD_REQUEST', error.message.replace(/\s+/g, ' ')) };
  return { status: 500, body: errorBody('INTERNAL', "the request failed; the server's log says why") };
}

export interface ServerOptions {
  /** Where requests and failures are logged; nowhere without it. */
  readonly logger?: FastifyBaseLogger;
}

/**
 * The HTTP service over a searcher, not yet listening:
 * `POST /v1/search` {query, k?} -> {results: [{id, score, chunk, text}], took_ms, note?} and `GET /health` -> {status, index}.
 * Closing it waits for the requests that run; the searcher stays the caller's.
 */
export function createServer(searcher: Pick<Searcher, 'search' | 'description'>, options: ServerOptions = {}): FastifyInstance {
  const server: FastifyInstance = Fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    ...(options.logger === undefined ? {} : { loggerInstance: options.logger }),
  });

  // A kept-alive connection whose request was still running when the close began would hold the close up until it times out.
  let closing = false;
  server.addHook('preClose', async () => {
    closing = true;
  });
  server.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close');
  });

  server.setErrorHandler((error: FastifyError | CemError, request, reply) => {
    const { status, body } = answerTo(error);
    if (status >= 500) request.log.error(error);
    return reply.status(status).send(body);
  });
  server.setNotFoundHandler((request, reply) =>
    reply
      .status(404)
      .send(
        errorBody(
          'NOT_FOUND',
          `there is no ${request.method} ${request.url.split('?')[0]}; there are POST /v1/search and GET /health`,
        ),
      ),
  );

  server.post('/v1/search', async (request, reply) => {
    const body = searchRequest.safeParse(request.body);
    if (!body.success) return reply.status(400).send(errorBody('SEARCH_REQUEST', describeIssue(body.error)));
    const start = performance.now();
    const { query, k } = body.data;
    let note: string | undefined;
    const onUnsearchable = (_: number, reason: string) => {
      note = reason;
    };
    const found = await searcher.search(query, { k, onUnsearchable });
    const results = found.map(({ document: id, score, chunk, text }) => ({ id, score, chunk, text }));
    return { ...(note !== undefined && { note }), results, took_ms: Math.round((performance.now() - start) * 10) / 10 };
  });
  server.get('/health', () => ({ status: 'ok', index: searcher.description }));
  return server;
}
