import { setTimeout } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError, UsageError } from '../../base/errors.ts';
import { createServer, listen, type Searcher } from '../../rag/index.ts';

const test = suite<{ server: FastifyInstance; asked: [string, number][] }>('server');

const DESCRIPTION = { documents: 2, chunks: 3, dimension: 4, checkpoint: 'abc', teacher: 'lsa', queries: 'teacher' as const };
const RESULT = { id: 'a', score: 0.5, chunk: 1, text: 'the text' };

/** Stands for the searcher; some queries fail on purpose. */
function fakeSearcher(asked: [string, number][] = []): Pick<Searcher, 'search' | 'description'> {
  return {
    description: DESCRIPTION,
    async search(query, { k }) {
      asked.push([query, k]);
      if (query === 'bug') throw new Error('secret /path in a stack');
      if (query === 'database') throw new CemError('DATABASE_UNREACHABLE', 'the database postgres://secret cannot be reached');
      if (query === 'damaged') throw new CemError('ZPKG_CHUNK_CHECKSUM', '/secret/path is damaged');
      if (query === 'refused') throw new UsageError('SEARCH_QUERY', 'this query is refused');
      if (query === 'slow') await setTimeout(300);
      const { id, ...rest } = RESULT;
      return [{ document: id, retriever: 'pgvector', ...rest }];
    },
  };
}

test.before.each((context) => {
  context.asked = [];
  context.server = createServer(fakeSearcher(context.asked));
});
test.after.each(async ({ server }) => {
  await server.close();
});

const post = (server: FastifyInstance, payload: string | object, contentType = 'application/json') =>
  server.inject({
    method: 'POST',
    url: '/v1/search',
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    headers: { 'content-type': contentType },
  });

test('a search answers with its results and the time it took', async ({ server, asked }) => {
  const response = await post(server, { query: 'hello', k: 3 });
  assert.is(response.statusCode, 200);
  const { results, took_ms, ...rest } = response.json();
  assert.equal(results, [RESULT]);
  assert.ok(Number.isFinite(took_ms) && took_ms >= 0);
  assert.equal(rest, {});
  await post(server, { query: '第一条' });
  assert.equal(asked, [
    ['hello', 3],
    ['第一条', 10],
  ]);
});

test('health says what the index holds and what made it', async ({ server }) => {
  const response = await server.inject('/health');
  assert.is(response.statusCode, 200);
  assert.equal(response.json(), { status: 'ok', index: DESCRIPTION });
});

test('a body that is no search request gets a 400 with one line', async ({ server, asked }) => {
  const bodies: [string | object, RegExp][] = [
    [{}, /query/],
    [{ query: 5 }, /query/],
    [{ query: '' }, /query.*empty/],
    [{ query: '  ' }, /query.*empty/],
    [{ query: 'x'.repeat(10_001) }, /query/],
    [{ query: 'x', k: 0 }, /k/],
    [{ query: 'x', k: 101 }, /k/],
    [{ query: 'x', k: 1.5 }, /k/],
    [{ query: 'x', k: '3' }, /k/],
    [{ query: 'x', top: 3 }, /top/],
    ['[]', /body/],
    ['null', /body/],
    ['{"query": "x"', /JSON/i],
    ['', /empty/i],
    ['{"query": "x", "__proto__": {}}', /./],
  ];
  for (const [body, words] of bodies) {
    const response = await post(server, body);
    assert.is(response.statusCode, 400, JSON.stringify(body));
    const { error, ...rest } = response.json();
    assert.equal(rest, {});
    assert.type(error.code, 'string');
    assert.match(error.message, words);
    assert.not.match(error.message, /\n/);
  }
  assert.equal(asked, []);
});

test('other refusals: too large, another type, another path', async ({ server }) => {
  assert.is((await post(server, { query: 'x', padding: 'y'.repeat(70_000) })).statusCode, 413);
  assert.is((await post(server, 'query=x', 'application/x-www-form-urlencoded')).statusCode, 415);
  for (const [method, url] of [
    ['GET', '/v1/search'],
    ['GET', '/'],
    ['POST', '/health'],
    ['GET', '/../../etc/passwd'],
  ] as const) {
    const response = await server.inject({ method, url });
    assert.is(response.statusCode, 404, url);
    assert.match(response.json().error.message, 'POST /v1/search');
  }
  // The longest query there may be, every character escaped, is not too large.
  const longest = `{"query": "${'\\u4e00'.repeat(10_000)}"}`;
  assert.is((await post(server, longest)).statusCode, 200);
});

test('failures of ours tell the client no more than a code', async ({ server }) => {
  const expected: [string, number, string][] = [
    ['bug', 500, 'INTERNAL'],
    ['damaged', 500, 'ZPKG_CHUNK_CHECKSUM'],
    ['database', 503, 'DATABASE_UNREACHABLE'],
    ['refused', 400, 'SEARCH_QUERY'],
  ];
  for (const [query, status, code] of expected) {
    const response = await post(server, { query });
    assert.is(response.statusCode, status);
    assert.is(response.json().error.code, code);
    assert.not.match(response.payload, /secret|stack|\.ts/);
  }
});

test('over a real socket: answers, a taken port is one line, and closing waits for the request that runs', async () => {
  const server = createServer(fakeSearcher());
  const address = await listen(server, { host: '127.0.0.1', port: 0 });
  assert.match(address, /^http:\/\/127\.0\.0\.1:\d+$/);
  const search = (query: string) =>
    fetch(`${address}/v1/search`, {
      method: 'POST',
      body: JSON.stringify({ query }),
      headers: { 'content-type': 'application/json' },
    });
  const response = await search('hello');
  assert.is(response.status, 200);
  assert.equal(((await response.json()) as { results: unknown }).results, [RESULT]);

  const second = createServer(fakeSearcher());
  await listen(second, { host: '127.0.0.1', port: Number(new URL(address).port) }).then(
    () => assert.unreachable(),
    (error: CemError) => {
      assert.is(error.code, 'SERVER_ADDRESS');
      assert.not.match(error.message, /\n/);
    },
  );
  await second.close();

  const slow = search('slow');
  await setTimeout(100);
  const start = performance.now();
  await server.close();
  // Not the 72 s after which an idle connection would be dropped.
  assert.ok(performance.now() - start < 5_000);
  assert.is((await slow).status, 200);
  await search('hello').then(
    () => assert.unreachable(),
    () => {},
  );
});

test.run();
