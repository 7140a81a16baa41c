import { setTimeout } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { listen } from '../../../server/index.ts';
import { type CollectionsFixture, openFixture, parseEvents } from '../collections-fixture.ts';

const test = suite<CollectionsFixture>('search and answers over HTTP');

const DOCUMENTS = [
  { source: 'a.md', text: 'the fox runs\n\nthe fox runs and runs far', fields: { year: 2025 } },
  { source: 'b.md', text: 'a hare sits', fields: { year: 2026 } },
];

test.before.each(async (context) => {
  Object.assign(context, await openFixture());
  await context.collections.create('one');
  await (await context.collections.get('one')).change({
    put: DOCUMENTS.map(({ text, ...document }) => ({ ...document, content: text })),
  });
});
test.after.each(({ server }) => server.close());

const post = (server: FastifyInstance, url: string, payload: object, headers: Record<string, string> = {}) =>
  server.inject({ method: 'POST', url, payload, headers });

test('a collection is searched: units, documents, filters, times', async ({ server, collections }) => {
  const search = (body: object) => post(server, '/v1/search', { collection: 'one', query: 'fox', ...body });
  const answer = await search({ k: 5, retrievers: 'bm25', units: true });
  assert.is(answer.statusCode, 200);
  const { results, took_ms, timings, note } = answer.json();
  assert.is(results.length, 2);
  const [first] = results;
  assert.is(first.id.replace(/-\d+$/, ''), first.document);
  assert.equal([first.retriever, first.unit.text, first.metadata.source], ['bm25', first.text, 'a.md']);
  assert.type(took_ms, 'number');
  assert.equal(Object.keys(timings).sort(), ['queue', 'retrieve']);
  assert.is(note, undefined);
  const none = (await search({ filter: { field: 'fields.year', equals: 2026 } })).json();
  assert.equal([none.results, none.note], [[], 'none of the words is in the index']);
  const asked = (await collections.get('one')).searches;
  assert.equal([asked[0]!.labels, asked[0]!.k], ['everything', 5]);
  const refused: [object, number, string][] = [
    [{ k: 0 }, 400, 'SEARCH_REQUEST'],
    [{ retrievers: 'magic' }, 400, 'SEARCH_REQUEST'],
    [{ filter: { access: ['x'] } }, 400, 'SEARCH_REQUEST'],
    [{ labels: ['x'] }, 400, 'SEARCH_REQUEST'],
    [{ collection: '../one' }, 400, 'SEARCH_REQUEST'],
    [{ collection: 'two' }, 404, 'COLLECTION_MISSING'],
  ];
  for (const [body, status, code] of refused) {
    const { statusCode, payload } = await search(body);
    assert.equal([statusCode, JSON.parse(payload).error.code], [status, code], JSON.stringify(body));
  }
});

test('results are ranked anew by vector groups where that is asked for, and explained', async ({ server, collections }) => {
  const search = async (body: object) =>
    (await post(server, '/v1/search', { collection: 'one', query: 'fox runs', k: 1, ...body })).json();
  const [explained] = (await search({ field: true, field_candidates: 1000, explain: true })).results;
  assert.equal([explained.score, explained.coarse_score], [2, 1]);
  assert.equal(explained.matches[1], { query: 'runs', passage: 'runs', match: 1, score: 1, used: true });
  assert.is((await search({ field: true })).results[0].matches, undefined);
  assert.is((await search({})).results[0].coarse_score, undefined);
  const asked = (await collections.get('one')).searches.map(({ field }) => field);
  assert.equal(asked, [{ candidates: 1000, explain: true }, { candidates: 300, explain: false }, undefined]);
  for (const body of [{ field: 1 }, { field: true, field_candidates: 0 }])
    assert.is((await search(body)).error.code, 'SEARCH_REQUEST');
});

test('results are read again where that is asked for, and texts are reranked', async ({ server }) => {
  const search = await post(server, '/v1/search', { collection: 'one', query: 'fox', k: 1, rerank: true });
  assert.is(search.json().results[0].text, 'the fox runs and runs far');
  assert.type(search.json().timings.rerank, 'number');
  const rerank = (body: object) =>
    post(server, '/v1/rerank', { query: 'x', documents: ['aa', { text: 'aaaa' }, 'aaa'], ...body });
  assert.equal((await rerank({ top_n: 2, model: 'any', max_tokens_per_doc: 5 })).json(), {
    model: 'length',
    results: [
      { index: 1, relevance_score: 4 },
      { index: 2, relevance_score: 3 },
    ],
  });
  assert.equal((await rerank({ return_documents: true })).json().results[2].document, { text: 'aa' });
  for (const body of [{ documents: [] }, { query: '' }, { top_n: 0 }]) assert.is((await rerank(body)).statusCode, 400);

  const without = await openFixture({ reranker: undefined });
  await without.collections.create('one');
  for (const [url, body] of [
    ['/v1/rerank', { query: 'x', documents: ['a'] }],
    ['/v1/search', { collection: 'one', query: 'x', rerank: true }],
  ] as const)
    assert.is((await post(without.server, url, body)).json().error.code, 'RERANKER_MISSING');
  await without.server.close();
});

test('an answer comes whole, or as events with the same citations', async ({ server }) => {
  const ask = (body: object, headers?: Record<string, string>) =>
    post(server, '/v1/answers', { collection: 'one', question: 'fox', ...body }, headers);
  const whole = await ask({ k: 2, history: [{ role: 'user', content: 'hello' }] });
  assert.is(whole.statusCode, 200, whole.payload);
  const answer = whole.json();
  assert.equal([answer.answered, answer.citations.length, answer.sources.length, answer.dropped], [true, 2, 2, 1]);
  assert.equal(answer.usage, { prompt_tokens: 10, completion_tokens: 5 });
  assert.equal(answer.timings, { retrieve: 1.2, read: 2, total: 3.2 });
  for (const streamed of [await ask({ k: 2, stream: true }), await ask({ k: 2 }, { accept: 'text/event-stream' })]) {
    assert.match(streamed.headers['content-type'] as string, /^text\/event-stream/);
    const events = parseEvents(streamed.payload);
    assert.equal(
      events.map(({ event }) => event),
      ['sources', 'delta', 'citation', 'citation', 'done'],
    );
    assert.equal(events.at(-1)!.data, answer);
    assert.equal(
      events.filter(({ event }) => event === 'citation').map(({ data }) => data),
      answer.citations,
    );
    assert.equal((events[0]!.data as { sources: unknown }).sources, answer.sources);
  }
  for (const body of [
    { question: ' ' },
    { collection: 'One' },
    { history: [{ role: 'robot', content: '' }] },
    { temperature: 1 },
  ])
    assert.is((await ask(body)).statusCode, 400, JSON.stringify(body));
  assert.is((await ask({ collection: 'two', stream: true })).statusCode, 404);
});

test('what fails in the midst of a stream is its last event, and tells no secrets', async ({ server }) => {
  const events = parseEvents(
    (await post(server, '/v1/answers', { collection: 'one', question: 'broken', stream: true })).payload,
  );
  assert.equal(
    events.map(({ event }) => event),
    ['sources', 'error'],
  );
  assert.equal(events[1]!.data, { error: { code: 'INTERNAL', message: "the request failed; the server's log says why" } });
});

test('a client that goes ends its answer, whole or streamed', async ({ server, aborted }) => {
  const address = await listen(server, { host: '127.0.0.1', port: 0 });
  for (const stream of [false, true]) {
    const leaving = new AbortController();
    const asked = fetch(`${address}/v1/answers`, {
      method: 'POST',
      body: JSON.stringify({ collection: 'one', question: 'slow', stream }),
      headers: { 'content-type': 'application/json' },
      signal: leaving.signal,
    }).then((response) => response.text());
    const before = aborted.length;
    await setTimeout(200);
    leaving.abort();
    await asked.catch(() => undefined);
    for (let wait = 0; wait < 100 && aborted.length === before; wait++) await setTimeout(20);
    assert.is(aborted.length, before + 1);
  }
  const load = (await server.inject('/health')).json().load;
  assert.is(load.answering, 0);
});

test('figures of what was done are there for Prometheus, of each server its own', async ({ server }) => {
  await post(server, '/v1/search', { collection: 'one', query: 'fox', k: 5 });
  await post(server, '/v1/answers', { collection: 'one', question: 'hare' });
  await server.inject('/v1/collections/nothing');
  await server.inject('/elsewhere');
  const { payload, headers } = await server.inject('/metrics');
  assert.match(headers['content-type'] as string, /^text\/plain/);
  for (const line of [
    'cem_requests_total{method="POST",route="/v1/search",status="200"} 1',
    'cem_requests_total{method="GET",route="/v1/collections/:name",status="404"} 1',
    'cem_requests_total{method="GET",route="none",status="404"} 1',
    'cem_chunks_decompressed_total 3',
    'cem_stage_seconds_count{stage="retrieve"} 2',
    'cem_stage_seconds_count{stage="read"} 1',
    'cem_citations_total{result="kept"} 1',
    'cem_citations_total{result="dropped"} 1',
    'cem_queue_waiting 0',
  ])
    assert.ok(payload.includes(`${line}\n`), `${line}\n${payload}`);
  const other = await openFixture();
  assert.not.match((await other.server.inject('/metrics')).payload, /cem_requests_total\{/);
  await other.server.close();
});

test.run();
