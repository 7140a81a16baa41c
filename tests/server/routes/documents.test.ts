import type { FastifyInstance } from 'fastify';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bearer, type CollectionsFixture, openFixture, parseEvents, withKeys } from '../collections-fixture.ts';

const test = suite<CollectionsFixture>('collections and documents over HTTP');

test.before.each(async (context) => {
  Object.assign(context, await openFixture());
});
test.after.each(({ server }) => server.close());

const ask = (server: FastifyInstance, method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object, headers: object = {}) =>
  server.inject({ method, url, ...(payload && { payload }), headers: { ...headers } });

const put = (server: FastifyInstance, documents: object[], headers: object = {}) =>
  ask(server, 'POST', '/v1/collections/one/documents', { documents, wait: true }, headers);

test('collections are made, listed, described and deleted', async ({ server, collections }) => {
  assert.equal((await ask(server, 'GET', '/v1/collections')).json(), { collections: [] });
  const made = await ask(server, 'POST', '/v1/collections', { name: 'one' });
  assert.is(made.statusCode, 201);
  assert.is(made.json().documents, 0);
  assert.equal(
    (await ask(server, 'GET', '/v1/collections')).json().collections.map(({ name }: { name: string }) => name),
    ['one'],
  );
  const settings = { language: 'zh', passage_size: 256 };
  assert.is((await ask(server, 'POST', '/v1/collections', { name: 'two', settings })).statusCode, 201);
  assert.equal(collections.created, [undefined, { language: 'zh', passageSize: 256, passageOverlap: undefined }]);
  await ask(server, 'DELETE', '/v1/collections/two');
  for (const language of ['Chinese', 'zh-CN', ''])
    assert.is((await ask(server, 'POST', '/v1/collections', { name: 'two', settings: { language } })).statusCode, 400, language);
  const again = await ask(server, 'POST', '/v1/collections', { name: 'one' });
  assert.equal([again.statusCode, again.json().error.code], [409, 'COLLECTION_EXISTS']);
  for (const name of ['', 'A', '../x', '.x', 'a/b', 'x'.repeat(65)])
    assert.is((await ask(server, 'POST', '/v1/collections', { name })).statusCode, 400, name);
  const described = (await ask(server, 'GET', '/v1/collections/one')).json();
  assert.equal([described.created_at, described.index.dimension], ['2026-01-01T00:00:00.000Z', 4]);
  assert.equal((await ask(server, 'DELETE', '/v1/collections/one')).json(), { name: 'one', deleted: true });
  for (const method of ['GET', 'DELETE'] as const) {
    const gone = await ask(server, method, '/v1/collections/one');
    assert.equal([gone.statusCode, gone.json().error.code], [404, 'COLLECTION_MISSING']);
  }
  const other = await ask(server, 'POST', '/v1/collections/one', {});
  assert.equal([other.statusCode, other.headers['allow']], [405, 'GET, HEAD, DELETE']);
});

test('documents are put, listed, read, replaced and removed; changes are told', async ({ server, collections }) => {
  await collections.create('one');
  const first = await put(server, [
    { source: 'guide/a.md', text: 'first part\n\nsecond part', title: 'A', fields: { year: 2026 } },
    { source: 'b.md', content_base64: Buffer.from('字节').toString('base64') },
    { source: 'c.md', text: '\u0001' },
  ]);
  assert.is(first.statusCode, 200);
  const { version, put: results, removed } = first.json();
  assert.equal([version, removed], [1, 0]);
  assert.equal(
    results.map(({ source, units, problem }: { source: string; units: number; problem?: object }) => [source, units, problem]),
    [
      ['guide/a.md', 2, undefined],
      ['b.md', 1, undefined],
      ['c.md', 0, { code: 'PARSE', message: 'this cannot be read' }],
    ],
  );
  const [a] = results[0].documents;
  const listed = (await ask(server, 'GET', '/v1/collections/one/documents?limit=1')).json();
  assert.is(listed.documents.length, 1);
  const rest = (await ask(server, 'GET', `/v1/collections/one/documents?after=${encodeURIComponent(listed.next)}`)).json();
  assert.equal([rest.documents.length, rest.next], [1, undefined]);
  assert.is((await ask(server, 'GET', '/v1/collections/one/documents?source=guide/')).json().documents[0].source, 'guide/a.md');
  for (const query of ['limit=0', 'limit=1001', 'limit=x', 'limit=1&limit=2', 'offset=3'])
    assert.is((await ask(server, 'GET', `/v1/collections/one/documents?${query}`)).statusCode, 400, query);

  const document = (await ask(server, 'GET', `/v1/collections/one/documents/${a}`)).json();
  assert.equal(
    [document.title, document.units, document.texts.map(({ text }: { text: string }) => text)],
    ['A', 2, ['first part', 'second part']],
  );
  const unit = (await ask(server, 'GET', `/v1/collections/one/units/${a}-1`)).json();
  assert.equal([unit.text, unit.document, unit.metadata.fields], ['second part', a, { year: 2026 }]);
  const replaced = (await put(server, [{ source: 'guide/a.md', text: 'other' }])).json();
  assert.equal([replaced.version, replaced.removed], [2, 1]);
  assert.is((await ask(server, 'GET', `/v1/collections/one/units/${a}-1`)).statusCode, 404);

  assert.is((await ask(server, 'DELETE', `/v1/collections/one/documents/${a}`)).json().removed, 1);
  for (const [method, url, code] of [
    ['GET', `documents/${a}`, 'DOCUMENT_MISSING'],
    ['DELETE', `documents/${a}`, 'DOCUMENT_MISSING'],
    ['GET', `units/${a}-0`, 'UNIT_MISSING'],
  ] as const) {
    const gone = await ask(server, method, `/v1/collections/one/${url}`);
    assert.equal([gone.statusCode, gone.json().error.code], [404, code]);
  }
  const { changes } = (await ask(server, 'GET', '/v1/collections/one/changes?limit=2')).json();
  assert.equal(
    changes.map((change: { version: number; removed: string[] }) => [change.version, change.removed]),
    [
      [3, ['guide/a.md']],
      [2, ['guide/a.md']],
    ],
  );
  assert.is((await ask(server, 'GET', '/v1/collections/one/changes?before=2')).json().changes[0].version, 1);
});

test('documents that are none are refused, and nothing is put', async ({ server, collections }) => {
  const collection = (await collections.create('one')) && (await collections.get('one'));
  const cases: [object, RegExp][] = [
    [{ source: 'a.md' }, /either text or content_base64/],
    [{ source: 'a.md', text: 'x', content_base64: 'eA==' }, /either/],
    [{ source: '', text: 'x' }, /source/],
    [{ source: 'a\nb', text: 'x' }, /source/],
    [{ source: 'a\ud800', text: 'x' }, /source/],
    [{ source: 'a', text: 'x', labels: [''] }, /labels/],
    [{ source: 'a', text: 'x', fields: { year: 'a\0' } }, /fields/],
    [{ source: 'a', content_base64: '!' }, /content_base64/],
    [{ source: 'a', text: 'x', id: 'mine' }, /id/],
  ];
  for (const [document, words] of cases) {
    const { statusCode, payload } = await put(server, [document]);
    assert.is(statusCode, 400, payload);
    assert.match(JSON.parse(payload).error.message, words);
  }
  const twice = await put(server, [
    { source: 'a', text: 'x' },
    { source: 'a', text: 'y' },
  ]);
  assert.is(twice.json().error.code, 'SOURCE_TWICE');
  assert.is((await put(server, [])).statusCode, 400);
  assert.is(
    (await ask(server, 'POST', '/v1/collections/none/documents', { documents: [{ source: 'a', text: 'x' }] })).statusCode,
    404,
  );
  assert.is(collection.summary().version, 0);
});

/** A multipart body of files, and of fields as name and value. */
async function multipart(
  files: readonly (readonly [name: string, content: string])[],
  fields: readonly (readonly [string, string])[],
) {
  const form = new FormData();
  for (const [name, value] of fields) form.append(name, value);
  for (const [name, content] of files) form.append('files', new Blob([content]), name);
  const request = new Request('http://localhost/', { method: 'POST', body: form });
  return { payload: Buffer.from(await request.arrayBuffer()), type: request.headers.get('content-type')! };
}

const upload = async (server: FastifyInstance, ...parts: Parameters<typeof multipart>) => {
  const { payload, type } = await multipart(...parts);
  return server.inject({ method: 'POST', url: '/v1/collections/one/documents', payload, headers: { 'content-type': type } });
};

test('files are uploaded with their paths, labels and fields', async ({ server, collections }) => {
  await collections.create('one');
  const answer = await upload(
    server,
    [
      ['docs/a.md', 'alpha'],
      ['文档/第一章.md', '内容'],
    ],
    [
      ['labels', 'staff'],
      ['labels', '["board"]'],
      ['fields', '{"year": 2026}'],
      ['wait', 'true'],
    ],
  );
  assert.is(answer.statusCode, 200, answer.payload);
  assert.equal(
    answer.json().put.map(({ source }: { source: string }) => source),
    ['docs/a.md', '文档/第一章.md'],
  );
  const [document] = (await ask(server, 'GET', '/v1/collections/one/documents?source=docs/')).json().documents;
  assert.equal(document.labels, ['staff', 'board']);
  const unit = (await ask(server, 'GET', `/v1/collections/one/units/${document.id}-0`)).json();
  assert.equal([unit.text, unit.metadata.fields, unit.metadata.labels], ['alpha', { year: 2026 }, undefined]);

  for (const [files, fields] of [
    [[], [['labels', 'a']]],
    [[['a.md', 'x']], [['labels', '[']]],
    [[['a.md', 'x']], [['fields', 'year']]],
    [[['a.md', 'x']], [['wait', 'perhaps']]],
    [[['a.md', 'x']], [['other', 'x']]],
  ] as Parameters<typeof multipart>[]) {
    const refused = await upload(server, files, fields);
    assert.is(refused.statusCode, 400, JSON.stringify(fields));
  }
  const broken = await server.inject({
    method: 'POST',
    url: '/v1/collections/one/documents',
    payload: '--x\r\ncontent-disposition: form-data; name="files"; filename="a"\r\n\r\nno end',
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
  });
  assert.is(broken.statusCode, 400, broken.payload);
  assert.is((await collections.get('one')).summary().version, 1);
});

test('uploads have a limit, of one file and of all', async () => {
  const { server, collections } = await openFixture({ uploadBytes: 1000 });
  await collections.create('one');
  for (const files of [
    [['a.md', 'x'.repeat(1001)]],
    [
      ['a.md', 'x'.repeat(600)],
      ['b.md', 'x'.repeat(600)],
    ],
  ] as const)
    assert.is((await upload(server, files, [['wait', 'true']])).statusCode, 413);
  assert.is((await upload(server, [['a.md', 'x'.repeat(1000)]], [['wait', 'true']])).statusCode, 200);
  assert.is((await put(server, [{ source: 'a', text: 'x'.repeat(300_000) }])).statusCode, 413);
  await server.close();
});

test('what is not waited for is a job, whose events tell how it goes', async ({ server, collections }) => {
  await collections.create('one');
  const collection = await collections.get('one');
  let go = (): void => {};
  collection.gate = new Promise((resolve) => {
    go = resolve;
  });
  const started = await ask(server, 'POST', '/v1/collections/one/documents', { documents: [{ source: 'a', text: 'x' }] });
  assert.is(started.statusCode, 202);
  const { job } = started.json();
  assert.equal([job.state, job.collection, job.progress], ['queued', 'one', { done: 0, total: 0 }]);
  // An injection begins when somebody waits for it.
  const events = server.inject(`/v1/jobs/${job.id}/events`).then((response) => response);
  await ask(server, 'GET', `/v1/jobs/${job.id}`);
  go();
  const stream = await events;
  assert.match(stream.headers['content-type'] as string, /^text\/event-stream/);
  const sent = parseEvents(stream.payload) as { event: string; data: { state: string; result?: { version: number } } }[];
  assert.equal([sent[0]!.event, sent.at(-1)!.event], ['progress', 'done']);
  assert.is(sent.at(-1)!.data.result?.version, 1);
  const ended = (await ask(server, 'GET', `/v1/jobs/${job.id}`)).json();
  assert.equal([ended.state, ended.progress.done, ended.progress.total], ['done', 1, 1]);
  assert.is((await ask(server, 'GET', '/v1/jobs')).json().jobs.length, 1);
  for (const url of ['/v1/jobs/none', '/v1/jobs/none/events']) assert.is((await ask(server, 'GET', url)).statusCode, 404);
});

test('who may not see a document is told that it is not there, and does not replace it', async () => {
  await withKeys(async (ring, add) => {
    const { server, collections } = await openFixture({ keys: ring });
    await collections.create('one');
    const staff = bearer(await add({ name: 'staff', scope: 'write', labels: ['staff'] }));
    const board = bearer(await add({ name: 'board', scope: 'write', labels: ['board'] }));
    const admin = bearer(await add({ name: 'admin', scope: 'admin', labels: 'everything' }));
    const { put: results } = (await put(server, [{ source: 'secret.md', text: 'of the board' }], board)).json();
    const [id] = results[0].documents;
    await put(server, [{ source: 'open.md', text: 'of everybody', labels: [] }], board);

    for (const place of [`documents/${id}`, `units/${id}-0`]) {
      const here = `/v1/collections/one/${place}`;
      const hidden = await ask(server, 'GET', here, undefined, staff);
      const absent = await ask(server, 'GET', here.replace(id, `${id}0`), undefined, staff);
      assert.is(hidden.statusCode, 404);
      // As one that is not there, letter by letter but for the id.
      assert.is(hidden.payload, absent.payload.replace(`${id}0`, id));
      assert.is((await ask(server, 'GET', here, undefined, board)).statusCode, 200);
    }
    assert.is((await ask(server, 'DELETE', `/v1/collections/one/documents/${id}`, undefined, staff)).statusCode, 404);
    const list = async (headers: object) =>
      (await ask(server, 'GET', '/v1/collections/one/documents', undefined, headers))
        .json()
        .documents.map(({ source }: { source: string }) => source)
        .sort();
    assert.equal(await list(staff), ['open.md']);
    assert.equal(await list(board), ['open.md', 'secret.md']);
    const shown = (await ask(server, 'GET', '/v1/collections/one/documents?source=s', undefined, admin)).json();
    assert.equal(shown.documents[0].labels, ['board']);
    const toReader = (await ask(server, 'GET', `/v1/collections/one/documents/${id}`, undefined, board)).json();
    assert.equal([toReader.labels, toReader.texts[0].metadata.labels], [undefined, undefined]);

    const taken = await put(server, [{ source: 'secret.md', text: 'mine' }], staff);
    assert.equal([taken.statusCode, taken.json().error.code], [409, 'SOURCE_TAKEN']);
    // Both look before either is there; who comes second does not replace the first.
    const first = put(server, [{ source: 'race.md', text: 'of the board' }], board);
    const second = put(server, [{ source: 'race.md', text: 'of the staff' }], staff);
    let open = (): void => undefined;
    (await collections.get('one')).gate = new Promise((resolve) => {
      open = resolve;
    });
    setImmediate(() => setImmediate(open));
    const codes = [(await first).statusCode, (await second).statusCode].sort();
    assert.equal(codes, [200, 409]);
    const foreign = await put(server, [{ source: 'x.md', text: 'x', labels: ['board'] }], staff);
    assert.equal([foreign.statusCode, foreign.json().error.code], [403, 'LABEL_FORBIDDEN']);
    assert.is((await put(server, [{ source: 'x.md', text: 'x', labels: ['board'] }], admin)).statusCode, 200);
    // Counts and changes tell of documents that not all may see.
    assert.is((await ask(server, 'GET', '/v1/collections/one', undefined, staff)).json().documents, undefined);
    assert.is((await ask(server, 'GET', '/v1/collections/one', undefined, admin)).json().documents, 4);
    assert.is((await ask(server, 'GET', '/v1/collections/one/changes', undefined, board)).statusCode, 403);

    const { job } = (
      await ask(server, 'POST', '/v1/collections/one/documents', { documents: [{ source: 'y', text: 'y' }] }, board)
    ).json();
    for (const [headers, status] of [
      [staff, 404],
      [board, 200],
      [admin, 200],
    ] as const)
      assert.is((await ask(server, 'GET', `/v1/jobs/${job.id}`, undefined, headers)).statusCode, status);
    assert.equal((await ask(server, 'GET', '/v1/jobs', undefined, staff)).json().jobs, []);
    await server.close();
  });
});

test.run();
