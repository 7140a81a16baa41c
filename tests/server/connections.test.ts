import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createServer, HTTP_LIMITS, listen, type SearchService, type ServerOptions } from '../../server/index.ts';

const test = suite<{ open: FastifyInstance[] }>('server connections');

const DESCRIPTION = {
  documents: 2,
  chunks: 3,
  passages: 3,
  dimension: 4,
  checkpoint: 'abc',
  teacher: 'lsa',
  queries: 'teacher' as const,
};
/** Larger than what the system keeps for a socket whose other end reads nothing. */
const LARGE_TEXT = 'x'.repeat(20 << 20);

interface Gate extends SearchService {
  /** Searches that have begun. */
  begun: number;
  /** Signals of those searches. */
  readonly signals: AbortSignal[];
  /** Lets all searches end. */
  open(): void;
}

/** A searcher whose searches wait until they are let go. */
function gate(): Gate {
  const { promise, resolve } = withResolvers();
  return {
    description: DESCRIPTION,
    encoding: { queries: 0, calls: 0 },
    begun: 0,
    signals: [],
    open: resolve,
    async search(query, { signal }) {
      this.begun++;
      this.signals.push(signal!);
      if (query !== 'large') await promise;
      return [{ document: 'a', score: 1, chunk: 0, passage: 0, text: query === 'large' ? LARGE_TEXT : 'text', retriever: 'r' }];
    },
  };
}

/** Node 20 has no `Promise.withResolvers`. */
function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

interface Client {
  readonly socket: Socket;
  /** All that came, once the connection has ended. */
  readonly ended: Promise<string>;
}

async function client(address: string, ...lines: string[]): Promise<Client> {
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port), hostname);
  let received = '';
  socket.setEncoding('latin1').on('data', (data) => {
    received += data;
  });
  socket.on('error', () => {});
  const ended = once(socket, 'close').then(() => received);
  await once(socket, 'connect');
  if (lines.length > 0) socket.write(lines.join('\r\n'));
  return { socket, ended };
}

const searchFor = (query: string): string[] => {
  const body = JSON.stringify({ query });
  return ['POST /v1/search HTTP/1.1', 'Host: x', 'Content-Type: application/json', `Content-Length: ${body.length}`, '', body];
};
const HALF_BODY = [
  'POST /v1/search HTTP/1.1',
  'Host: x',
  'Content-Type: application/json',
  'Content-Length: 100',
  '',
  '{"query"',
];
const HALF_HEADER = ['GET /health HTTP/1.1', 'Host: x', 'X-Endless: '];

async function start(
  context: { open: FastifyInstance[] },
  searcher: SearchService,
  options?: ServerOptions,
): Promise<{ server: FastifyInstance; address: string }> {
  const server = createServer(searcher, options);
  context.open.push(server);
  return { server, address: await listen(server, { host: '127.0.0.1', port: 0 }) };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setTimeout(5);
}

/** What an answer says: status, headers in small letters, body. */
function parse(answer: string): { status: number; headers: Record<string, string>; body: unknown } {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(lines.map((line) => line.toLowerCase().split(': ')));
  return { status: Number(first.split(' ')[1]), headers, body: body === '' ? undefined : JSON.parse(body) };
}

test.before.each((context) => {
  context.open = [];
});
test.after.each(async ({ open }) => {
  for (const server of open) await server.close();
});

test('F01, F02: a close ends silent, idle and half sent connections at once, and lets what is in flight end', async (context) => {
  const searcher = gate();
  // A bound that would be noticed.
  const { server, address } = await start(context, searcher, { limits: { drain: 3_600_000 } });
  const kept = await client(address, 'GET /health HTTP/1.1', 'Host: x', '', '');
  await once(kept.socket, 'data');
  const others = [
    await client(address),
    await client(address, ...HALF_HEADER),
    await client(address, ...HALF_BODY),
    await client(address, ...HALF_HEADER.slice(0, 1)),
  ];
  const inFlight = await client(address, ...searchFor('slow'));
  await until(() => searcher.begun === 1);

  const closed = server.close();
  assert.is(parse(await kept.ended).status, 200);
  for (const { ended } of others) assert.is(await ended, '');
  searcher.open();
  const answer = parse(await inFlight.ended);
  assert.is(answer.status, 200);
  assert.is(answer.headers['connection'], 'close');
  await closed;
});

test('F01, F02: what is still in flight after the bound is cut off, a client that reads nothing as well', async (context) => {
  const searcher = gate();
  const { server, address } = await start(context, searcher, { limits: { drain: 3_000 } });
  const endless = await client(address, ...searchFor('endless'));
  await until(() => searcher.begun === 1);
  const deaf = await client(address, ...searchFor('large'));
  deaf.socket.pause();
  // Slow, but it reads: it gets all of its answer.
  const slow = await client(address, ...searchFor('large'));
  slow.socket.pause();
  await until(() => searcher.begun === 3);
  const closed = server.close();
  slow.socket.resume();
  await closed;
  assert.ok((await slow.ended).length > LARGE_TEXT.length);
  assert.is(await endless.ended, '');
  deaf.socket.resume();
  assert.ok((await deaf.ended).length < LARGE_TEXT.length);
  // Who waits for nobody any more is told.
  await until(() => searcher.signals[0]!.aborted);
  searcher.open();
});

test('F02, F13: who does not send a request in time gets a 408 in the one form', async (context) => {
  const limits = { headers: 100, request: 200, check: 20 };
  const { address } = await start(context, gate(), { limits });
  for (const lines of [[], HALF_HEADER, HALF_BODY]) {
    const answer = parse(await (await client(address, ...lines)).ended);
    assert.is(answer.status, 408, lines[0]);
    assert.equal(answer.body, { error: { code: 'REQUEST_TIMEOUT', message: 'the request did not come in time' } });
    assert.is(answer.headers['connection'], 'close');
  }
});

test('F02: the limits are what is set, and Node looks at them every second', async (context) => {
  const { server } = await start(context, gate());
  const node = server.server as typeof server.server & { connectionsCheckingInterval?: number };
  assert.is(node.headersTimeout, HTTP_LIMITS.headers);
  assert.is(node.requestTimeout, HTTP_LIMITS.request);
  assert.is(node.keepAliveTimeout, HTTP_LIMITS.keepAlive);
  // Node's own 30 s would cut off up to a minute after the start what must be there in 30 s.
  assert.ok(HTTP_LIMITS.check <= 1_000 && HTTP_LIMITS.request === 30_000);
});

test('F13: whatever is refused has one form', async (context) => {
  const { address } = await start(context, gate());
  const get = (path: string, ...headers: string[]) => [
    `GET ${path} HTTP/1.1`,
    'Host: x',
    ...headers,
    'Connection: close',
    '',
    '',
  ];
  const post = (...headers: string[]) => ['POST /v1/search HTTP/1.1', 'Host: x', ...headers, 'Connection: close', '', ''];
  const cases: [lines: string[], status: number, code: string][] = [
    [get('/%C0%AE'), 400, 'BAD_REQUEST'],
    [get('/v1/search%ZZ'), 400, 'BAD_REQUEST'],
    [['BREW /health HTTP/1.1', 'Host: x', '', ''], 400, 'BAD_REQUEST'],
    [['GARBAGE', '', ''], 400, 'BAD_REQUEST'],
    [['\u0016\u0003\u0001 TLS', '', ''], 400, 'BAD_REQUEST'],
    [['GET /health HTTP/9.9', 'Host: x', '', ''], 400, 'BAD_REQUEST'],
    [['PRI * HTTP/2.0', '', 'SM', '', ''], 400, 'BAD_REQUEST'],
    [['GET /health HTTP/1.1', 'Connection: close', '', ''], 400, 'BAD_REQUEST'],
    [get('/health', `X-Long: ${'y'.repeat(20_000)}`), 431, 'HEADERS_TOO_LARGE'],
    [get(`/${'y'.repeat(20_000)}`), 431, 'HEADERS_TOO_LARGE'],
    [get('/v1/search'), 405, 'METHOD_NOT_ALLOWED'],
    [['PROPFIND /health HTTP/1.1', 'Host: x', 'Connection: close', '', ''], 405, 'METHOD_NOT_ALLOWED'],
    [['TRACE /health HTTP/1.1', 'Host: x', 'Connection: close', '', ''], 405, 'METHOD_NOT_ALLOWED'],
    [['CONNECT other:443 HTTP/1.1', 'Host: x', '', ''], 405, 'METHOD_NOT_ALLOWED'],
    [['OPTIONS * HTTP/1.1', 'Host: x', 'Connection: close', '', ''], 404, 'NOT_FOUND'],
    [get('/none', 'Accept-Version: 2'), 404, 'NOT_FOUND'],
    [get('/none'), 404, 'NOT_FOUND'],
    [get('/health', 'Expect: the-unexpected'), 417, 'EXPECTATION_FAILED'],
    [post('Content-Length: 0'), 400, 'SEARCH_REQUEST'],
    [post('Content-Length: 5', 'Content-Length: 6'), 400, 'BAD_REQUEST'],
    [post('Content-Length: -5'), 400, 'BAD_REQUEST'],
    [post('Transfer-Encoding: nonsense'), 400, 'BAD_REQUEST'],
    [post('Content-Type: text/plain', 'Content-Length: 0'), 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [[...post('Content-Type: text/plain', 'Content-Length: 1'), 'x'], 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [[...post('Content-Type: nonsense', 'Content-Length: 1'), 'x'], 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [post('Content-Type: application/json', 'Content-Length: 1000000'), 413, 'BODY_TOO_LARGE'],
  ];
  for (const [lines, status, code] of cases) {
    const text = lines.map((line) => line.slice(0, 60)).join(' | ');
    const { status: got, headers, body } = parse(await (await client(address, ...lines)).ended);
    assert.is(got, status, `${text}: ${JSON.stringify(body)}`);
    const { error, ...rest } = body as { error: { code: string; message: string } };
    assert.equal([Object.keys(rest), Object.keys(error).sort()], [[], ['code', 'message']], text);
    assert.is(error.code, code, text);
    assert.type(error.message, 'string');
    assert.not.match(error.message, /\n/);
    assert.match(headers['content-type'] ?? '', /^application\/json; charset=utf-8$/, text);
    if (status === 405) assert.ok(headers['allow'], text);
  }
});

test('a client that goes is heard; a search that waits for one that went never begins; what is too much is turned away', async (context) => {
  const searcher = gate();
  const { address } = await start(context, searcher, { queue: { running: 1, waiting: 1 } });
  const running = await client(address, ...searchFor('one'));
  await until(() => searcher.begun === 1);
  const waiting = await client(address, ...searchFor('two'));
  const load = async () =>
    ((await (await fetch(`${address}/health`)).json()) as { load: { running: number; waiting: number } }).load;
  while ((await load()).waiting < 1) await setTimeout(5);

  const turned = parse(await (await client(address, ...searchFor('three').with(1, 'Host: x\r\nConnection: close'))).ended);
  assert.is(turned.status, 503);
  assert.is(turned.headers['retry-after'], '1');
  assert.is((turned.body as { error: { code: string } }).error.code, 'SERVER_BUSY');

  waiting.socket.destroy();
  while ((await load()).waiting > 0) await setTimeout(5);
  running.socket.destroy();
  await until(() => searcher.signals[0]!.aborted);
  searcher.open();
  while ((await load()).running > 0) await setTimeout(5);
  assert.is(searcher.begun, 1);
});

test.run();
