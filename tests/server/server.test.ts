import { setTimeout } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError, UsageError } from '../../base/index.ts';
import { createServer, listen, type SearchService } from '../../server/index.ts';

const test = suite<{ server: FastifyInstance; asked: [string, number, unknown][] }>('server');

const DESCRIPTION = {
  documents: 2,
  chunks: 3,
  passages: 7,
  dimension: 4,
  checkpoint: 'abc',
  teacher: 'lsa',
  queries: 'teacher' as const,
};
const SPAN = { start: 10, end: 18 };
const FOUND = { document: 'a', score: 0.5, chunk: 1, passage: 2, span: SPAN, text: 'the text', retriever: 'pgvector' };
const UNIT = { text: 'all of the text', passage: { start: 7, end: 15 } };
const METADATA = { title: 'T', source: 'a.md', pages: { first: 1, last: 2 }, headings: ['One'], span: [0, 8] };
const RESULT = { id: 'a', score: 0.5, chunk: 1, passage: 2, span: SPAN, text: 'the text' };

/** Stands for the searcher; some queries fail on purpose. */
function fakeSearcher(asked: [string, number, unknown][] = [], scored: unknown[] = []): SearchService {
  return {
    description: DESCRIPTION,
    encoding: { queries: 5, calls: 2 },
    async search(query, { k, filter, scoring, units, onUnsearchable }) {
      asked.push([query, k, filter]);
      scored.push(scoring);
      if (query === 'bug') throw new Error('secret /path in a stack');
      if (query === 'database') throw new CemError('DATABASE_UNREACHABLE', 'the database postgres://secret cannot be reached');
      if (query === 'damaged') throw new CemError('ZPKG_CHUNK_CHECKSUM', '/secret/path is damaged');
      if (query === 'refused') throw new UsageError('SEARCH_QUERY', 'this query is refused');
      if (query === 'slow') await setTimeout(300);
      if (query === 'described') return [{ ...FOUND, metadata: { ...METADATA, labels: ['staff'] } }];
      if (query === 'unknown') onUnsearchable?.(0, 'none of its words is known');
      return query === 'unknown' || query === 'nothing' ? [] : [{ ...FOUND, ...(units && { unit: UNIT }) }];
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

test('health counts hot passages where there are tiers', async ({ server }) => {
  assert.is((await server.inject('/health')).json().tiers, undefined);
  const tiers = { rows: 3, room: 4, promoted: 5, demoted: 2, hotResults: 7, coldResults: 8 };
  const tiered = createServer({ ...fakeSearcher(), tiers });
  const answer = { rows: 3, room: 4, promoted: 5, demoted: 2, hot_results: 7, cold_results: 8 };
  assert.equal((await tiered.inject('/health')).json().tiers, answer);
  await tiered.close();
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
    ['hello', 3, undefined],
    ['第一条', 10, undefined],
  ]);
});

test('a filter goes to the search, without labels of access; what the corpus knows of a chunk comes back', async ({
  server,
  asked,
}) => {
  const filter = { and: [{ field: 'pages.first', range: { gte: 1 } }, { not: { documents: ['b'] } }] };
  const response = await post(server, { query: 'described', filter });
  assert.equal(response.json().results, [{ ...RESULT, metadata: METADATA }]);
  assert.equal(asked, [['described', 10, filter]]);
  for (const refused of [{ access: ['staff'] }, { or: [{ access: ['staff'] }] }, { field: 'year', above: 3 }, 'all', {}]) {
    const { statusCode, payload } = await post(server, { query: 'x', filter: refused });
    assert.is(statusCode, 400, JSON.stringify(refused));
    assert.match(JSON.parse(payload).error.message, /^filter/);
  }
  assert.is(asked.length, 1);
});

test('scoring and units go to the search; a whole chunk comes back where units are asked for', async () => {
  const scored: unknown[] = [];
  const server = createServer(fakeSearcher([], scored));
  const mean = { kind: 'mean', best: 3 };
  assert.equal((await post(server, { query: 'x', scoring: mean, units: true })).json().results, [{ ...RESULT, unit: UNIT }]);
  assert.equal((await post(server, { query: 'x' })).json().results, [RESULT]);
  assert.equal(scored, [mean, { kind: 'max' }]);
  for (const scoring of ['mean', { kind: 'mean' }, { kind: 'mean', best: 0 }, { kind: 'max', best: 2 }, { kind: 'sum' }]) {
    const { statusCode, payload } = await post(server, { query: 'x', scoring });
    assert.is(statusCode, 400, JSON.stringify(scoring));
    assert.match(JSON.parse(payload).error.message, /^scoring/);
  }
  await server.close();
});

test('F08: a query that nothing can be ranked by gets no results, and says why', async ({ server }) => {
  const { results, note, took_ms } = (await post(server, { query: 'unknown' })).json();
  assert.equal([results, note, typeof took_ms], [[], 'none of its words is known', 'number']);
  assert.is((await post(server, { query: 'nothing' })).json().note, 'the index has nothing that can be ranked');
  const filtered = await post(server, { query: 'nothing', filter: { documents: ['b'] } });
  assert.is(filtered.json().note, 'nothing that can be ranked passes the filter');
});

test('health says what the index holds and what made it', async ({ server }) => {
  const response = await server.inject('/health');
  assert.is(response.statusCode, 200);
  assert.equal(response.json(), {
    status: 'ok',
    index: DESCRIPTION,
    load: { running: 0, waiting: 0, encoded_queries: 5, encoder_calls: 2 },
  });
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
  assert.is((await post(server, { query: 'x', padding: 'y'.repeat(300_000) })).statusCode, 413);
  assert.is((await post(server, 'query=x', 'application/x-www-form-urlencoded')).statusCode, 415);
  for (const [method, url] of [
    ['GET', '/'],
    ['POST', '/v1/searches'],
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

test('F13: a known path with another method is a 405 that says which there are', async ({ server }) => {
  for (const [method, url, allow] of [
    ['GET', '/v1/search', 'POST'],
    ['DELETE', '/v1/search?x=1', 'POST'],
    ['POST', '/health', 'GET, HEAD'],
    ['OPTIONS', '/health', 'GET, HEAD'],
  ] as const) {
    const response = await server.inject({ method, url });
    assert.is(response.statusCode, 405, `${method} ${url}`);
    assert.is(response.headers['allow']?.toString().split(', ').sort().join(', '), allow);
    assert.is(response.json().error.code, 'METHOD_NOT_ALLOWED');
  }
  assert.is((await server.inject({ method: 'HEAD', url: '/health' })).statusCode, 200);
});

test('F12: bodies that are not UTF-8, in another charset or compressed are refused', async ({ server, asked }) => {
  const send = (payload: Buffer, headers: Record<string, string>) =>
    server.inject({ method: 'POST', url: '/v1/search', payload, headers: { 'content-type': 'application/json', ...headers } });
  const good = Buffer.from('{"query": "é"}');
  const json = (charset: string) => ({ 'content-type': `application/json${charset}` });
  const cases: [Buffer, Record<string, string>, number, string | undefined][] = [
    [Buffer.from('{"query": "é"}', 'latin1'), {}, 400, 'BODY_NOT_UTF8'],
    // A surrogate and an overlong slash, as bytes.
    [Buffer.from([...Buffer.from('{"query": "'), 0xed, 0xa0, 0x80, ...Buffer.from('"}')]), {}, 400, 'BODY_NOT_UTF8'],
    [Buffer.from([...Buffer.from('{"query": "'), 0xc0, 0xaf, ...Buffer.from('"}')]), {}, 400, 'BODY_NOT_UTF8'],
    [Buffer.from('{"query": "e"}', 'utf16le'), {}, 400, 'BODY_NOT_JSON'],
    [good, json('; charset=gbk'), 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [good, json(';charset="ISO-8859-1"'), 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [good, json('; CHARSET=UTF-16'), 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [gzipSync(good), { 'content-encoding': 'gzip' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [good, { 'content-encoding': 'br, gzip' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [gzipSync(good), {}, 400, 'BODY_NOT_UTF8'],
    [good, json('; charset=UTF-8'), 200, undefined],
    [good, json('; charset="utf-8"'), 200, undefined],
    [good, { 'content-encoding': 'identity' }, 200, undefined],
    [Buffer.from([0xef, 0xbb, 0xbf, ...good]), {}, 200, undefined],
  ];
  for (const [payload, headers, status, code] of cases) {
    const response = await send(payload, headers);
    assert.is(response.statusCode, status, `${JSON.stringify(headers)} ${response.payload}`);
    assert.is(response.json().error?.code, code);
  }
  assert.equal([...new Set(asked.map(([query]) => query))], ['é']);
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
