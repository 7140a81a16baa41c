import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import Fastify, { type FastifyBaseLogger, type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify';
import { Connections } from './connections.ts';
import { answerTo, answerToUnreadable, type ErrorAnswer, errorAnswer, HttpError, rawAnswer } from './errors.ts';
import { readJsonBodies } from './json-body.ts';

/** Times in milliseconds. */
export interface HttpLimits {
  /** Until the whole header is there. */
  readonly headers: number;
  /** Until the whole request is there. */
  readonly request: number;
  /** How often the two are looked at: a client is cut off this much later at most. */
  readonly check: number;
  /** How long a connection may stay without a request. More than the 60 s of common load balancers, which must close first. */
  readonly keepAlive: number;
  /** How long requests in flight may take once the server closes. */
  readonly drain: number;
}

export const HTTP_LIMITS: HttpLimits = { headers: 20_000, request: 30_000, check: 1_000, keepAlive: 65_000, drain: 3_000 };

export interface HttpServerOptions {
  /** Where requests and failures are logged; nowhere without it. */
  readonly logger?: FastifyBaseLogger | undefined;
  readonly bodyLimit: number;
  readonly limits?: Partial<HttpLimits> | undefined;
  /** Whether clients are told what our own errors say, which may name paths: for pages of this machine's user. */
  readonly tellFailures?: boolean;
  /** Called when the server begins to close, before requests in flight are waited for. */
  readonly onClosing?: (() => void) | undefined;
}

/**
 * A server of HTTP without routes, not yet listening. Whatever is refused is refused in one form (`ErrorBody`), also what never becomes a request; bodies are
 * JSON in UTF-8; a known path with another method is a 405.
 *
 * Closing it ends at once what is idle, half sent or silent, lets requests in flight end, and cuts off what is left after `limits.drain`.
 */
export function createHttpServer({
  logger,
  bodyLimit,
  limits: given = {},
  tellFailures = false,
  onClosing,
}: HttpServerOptions): FastifyInstance {
  const limits = { ...HTTP_LIMITS, ...given };
  const server: FastifyInstance = Fastify({
    bodyLimit,
    requestTimeout: limits.request,
    keepAliveTimeout: limits.keepAlive,
    // Ours has the one form of errors.
    return503OnClosing: false,
    http: {
      headersTimeout: limits.headers,
      requestTimeout: limits.request,
      connectionsCheckingInterval: limits.check,
      // Node's own refusal has no body.
      requireHostHeader: false,
    },
    clientErrorHandler: (error, socket) => {
      // Nothing may be written into the midst of an answer.
      if (!socket.writable || error.code === 'ECONNRESET' || connections.isAnswering(socket)) socket.destroy();
      else endWith(socket, answerToUnreadable(error));
    },
    frameworkErrors: (error, _request, reply) => {
      send(reply as unknown as FastifyReply, answerTo(error));
    },
    ...(logger !== undefined && { loggerInstance: logger }),
  });
  const connections = new Connections(server.server);
  server.addHook('preClose', async () => {
    onClosing?.();
    // Nobody new from here on. The close of an HTTP server, which Fastify calls after this hook, would also end connections whose answer is not wholly sent yet.
    NetServer.prototype.close.call(server.server);
    await connections.close(limits.drain);
  });

  // What Node answers by itself, without a body, or not at all.
  server.server.on('connect', (_request, socket) =>
    endWith(socket, { ...errorAnswer(405, 'this server is no proxy'), headers: { allow: 'GET, HEAD, POST' } }),
  );
  server.server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const { status, body } = errorAnswer(417, `what is expected (${request.headers.expect}) cannot be done`);
    const content = Buffer.from(JSON.stringify(body));
    const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': content.length, connection: 'close' };
    response.writeHead(status, headers).end(content);
  });

  server.addHook('onRequest', async (request, reply) => {
    if (connections.closing) {
      reply.header('connection', 'close');
      throw new HttpError(503, 'the server is closing', { code: 'SERVER_CLOSING', headers: { 'retry-after': '1' } });
    }
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1')
      throw new HttpError(400, 'the request has no Host header');
  });
  readJsonBodies(server);
  answerOtherMethods(server);
  server.setErrorHandler((error: FastifyError, request, reply) => {
    const answer = answerTo(error, tellFailures);
    if (answer.status >= 500 && !(error instanceof HttpError)) request.log.error(error);
    return send(reply, answer);
  });
  return server;
}

function send(reply: FastifyReply, { status, body, headers = {} }: ErrorAnswer): FastifyReply {
  return reply.status(status).headers(headers).send(body);
}

function endWith(socket: Duplex, answer: ErrorAnswer): void {
  socket.end(rawAnswer(answer, STATUS_CODES[answer.status] ?? ''), () => socket.destroy());
}

/** Routes that a 404 names, at most. */
const MOST_NAMED = 6;

interface KnownPath {
  readonly url: string;
  readonly matches: RegExp;
  readonly methods: Set<string>;
}

/** Answers what no route takes: 405 with `Allow` where the path has routes for other methods, else 404. */
function answerOtherMethods(server: FastifyInstance): void {
  const paths = new Map<string, KnownPath>();
  server.addHook('onRoute', ({ url, method }) => {
    // Every path there is: what answers browsers that ask before they ask.
    if (url === '*') return;
    const known = paths.get(url) ?? { url, matches: patternOf(url), methods: new Set() };
    for (const one of [method].flat()) known.methods.add(one);
    paths.set(url, known);
  });
  server.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0]!;
    const allowed = [...paths.values()].filter(({ matches }) => matches.test(path)).flatMap(({ methods }) => [...methods]);
    if (allowed.length === 0)
      return send(reply, errorAnswer(404, `there is no ${request.method} ${path}; ${placesOf([...paths.values()])}`));
    const allow = [...new Set(allowed)].join(', ');
    return send(reply, { ...errorAnswer(405, `${path} takes ${allow}, not ${request.method}`), headers: { allow } });
  });
}

/** Paths as a route's url takes them: `:name` is one part, `*` the rest. */
function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part === '*') return '.*';
    return part.startsWith(':') ? '[^/]+' : part.replaceAll(/[^\w-]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('/')}$`);
}

function placesOf(paths: readonly KnownPath[]): string {
  if (paths.length > MOST_NAMED) return 'GET /openapi.json says what there is';
  const places = paths.map(({ url, methods }) => `${[...methods].filter((method) => method !== 'HEAD').join(', ')} ${url}`);
  return `there are ${places.join(' and ')}`;
}
