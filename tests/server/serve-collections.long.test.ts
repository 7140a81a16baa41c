import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CemError, UsageError } from '../../base/index.ts';
import { openCollections, openSharedCollections } from '../../recipes/index.ts';
import { type RunningServer, serve } from '../../server/index.ts';
import { type CollectionsPlace, collectionsPlace } from '../recipes/collections/open-collections.ts';
import { parseEvents } from './collections-fixture.ts';

const test = suite('serving collections');

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

let place: CollectionsPlace;
test.before(async () => {
  place = await collectionsPlace();
});
test.after(() => place.remove());

const start = () => serve({ collections: place.folder, checkpoint: place.checkpoint, backend: 'cpu', port: 0 });

const asker =
  ({ address }: Pick<RunningServer, 'address'>) =>
  async (method: string, path: string, body?: object) => {
    const isForm = body instanceof FormData;
    const response = await fetch(`${address}${path}`, {
      method,
      ...(body && {
        body: isForm ? body : JSON.stringify(body),
        ...(!isForm && { headers: { 'content-type': 'application/json' } }),
      }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    return { status: response.status, json: isJson ? JSON.parse(text) : text };
  };

test('documents are uploaded, found, answered from, deleted; after a restart all is as it was', async () => {
  let document = '';
  {
    await using server = await start();
    const ask = asker(server);
    assert.equal((await ask('GET', '/ready')).json, { status: 'ready' });
    assert.is((await ask('POST', '/v1/collections', { name: 'notes' })).status, 201);
    const form = new FormData();
    form.append('files', new Blob(['# Anchors\n\nThe anchor of the ferry weighs nine tons.']), 'guide/anchors.md');
    form.append('files', new Blob(['# Lanterns\n\nA lantern burns for six hours.']), 'guide/lanterns.md');
    form.append('wait', 'true');
    const uploaded = await ask('POST', '/v1/collections/notes/documents', form);
    assert.is(uploaded.status, 200, JSON.stringify(uploaded.json));
    document = uploaded.json.put[0].documents[0];

    // Another that wants to read it while it is open here is told where it can.
    const shared = openSharedCollections({ collections: place.folder }, { backend: 'cpu' });
    const refusal = await shared
      .then(async (others) => {
        await using _ = others;
        return (await others.get('notes')).search('anchor', { k: 1, labels: 'everything' });
      })
      .then(
        () => undefined,
        (error: unknown) => error as CemError,
      );
    assert.is(refusal?.code, 'FOLDER_LOCKED');
    assert.match(refusal!.message, `POST ${server.address}/v1/search, for MCP ${server.address}/mcp`);

    const { json: search } = await ask('POST', '/v1/search', {
      collection: 'notes',
      query: 'anchor of the ferry',
      k: 1,
      units: true,
    });
    assert.equal([search.results[0].document, search.results[0].metadata.source], [document, 'guide/anchors.md']);
    await ask('POST', '/v1/search', { collection: 'notes', query: 'anchor of the ferry', k: 1, retrievers: 'vectors' });
    const { json: figures } = await ask('GET', '/metrics');
    assert.match(figures, /^cem_query_cache_total\{result="hit"\} 1$/m);
    assert.match(figures, /^cem_query_cache_total\{result="miss"\} 1$/m);
    const question = { collection: 'notes', question: 'How many tons does the anchor of the ferry weigh?' };
    const { json: answer } = await ask('POST', '/v1/answers', question);
    assert.ok(answer.answered, JSON.stringify(answer));
    const [citation] = answer.citations;
    const { json: unit } = await ask('GET', `/v1/collections/notes/units/${citation.document}`);
    assert.is(Buffer.from(unit.text).subarray(citation.span.start, citation.span.end).toString(), citation.text);
    const { json: stream } = await ask('POST', '/v1/answers', { ...question, stream: true });
    const done = parseEvents(stream).at(-1)!;
    assert.is(done.event, 'done');
    const { timings: _, ...streamed } = done.data as { timings: object };
    const { timings: __, ...whole } = answer;
    assert.equal(streamed, whole);
    const nothing = (await ask('POST', '/v1/answers', { collection: 'notes', question: 'Who wrote the constitution of Mars?' }))
      .json;
    assert.equal([nothing.answered, nothing.citations], [false, []]);

    const { json: started } = await ask('POST', '/v1/collections/notes/documents', {
      documents: [{ source: 'late.md', text: 'A quokka arrives late.' }],
    });
    const events = parseEvents((await ask('GET', `/v1/jobs/${started.job.id}/events`)).json);
    assert.is(events.at(-1)!.event, 'done');
    const { json: late } = await ask('POST', '/v1/search', { collection: 'notes', query: 'quokka', retrievers: 'bm25' });
    assert.is(late.results[0].metadata.source, 'late.md');
    assert.is((await ask('DELETE', `/v1/collections/notes/documents/${document}`)).json.removed, 1);
    assert.equal(
      (await ask('POST', '/v1/search', { collection: 'notes', query: 'anchor ferry', retrievers: 'bm25' })).json.results,
      [],
    );
  }
  await using server = await start();
  const ask = asker(server);
  assert.is((await ask('GET', `/v1/collections/notes/documents/${document}`)).status, 404);
  const { json } = await ask('GET', '/v1/collections/notes/documents');
  assert.equal(json.documents.map(({ source }: { source: string }) => source).sort(), ['guide/lanterns.md', 'late.md']);
  assert.is((await ask('GET', '/v1/collections/notes/changes')).json.changes.length, 3);
  assert.is((await ask('GET', '/v1/collections')).json.collections[0].documents, 2);
  assert.is((await ask('DELETE', '/v1/collections/notes')).status, 200);
  assert.equal((await ask('GET', '/v1/collections')).json.collections, []);
});

test('where others reach it, it asks for keys or does not begin', async () => {
  await serve({ collections: place.folder, host: '0.0.0.0', port: 0 }).then(
    () => assert.unreachable(),
    (error) => {
      assert.instance(error, UsageError);
      assert.is(error.code, 'SERVER_INSECURE');
    },
  );
  await serve({ index: 'none', host: '0.0.0.0', port: 0 }).then(
    () => assert.unreachable(),
    (error) => assert.is(error.code, 'SERVER_INSECURE'),
  );
});

/** `cem serve` in a process of its own, until it says where. */
async function serveApart() {
  const { folder, checkpoint } = place;
  const words = [
    'serve',
    '--collections',
    folder,
    '--checkpoint',
    checkpoint,
    '--backend',
    'cpu',
    '--port',
    '0',
    '--log',
    'silent',
  ];
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exit = once(child, 'exit');
  let said = '';
  child.stderr.on('data', (data) => {
    said += data;
  });
  while (!/ at (http:\S+);/.test(said) && child.exitCode === null) await setTimeout(50);
  const address = / at (http:\S+);/.exec(said)?.[1];
  assert.ok(address, said);
  return { child, exit, ask: asker({ address }), said: () => said };
}

const putWalrus = (ask: ReturnType<typeof asker>, collection: string, name: string) =>
  ask('POST', `/v1/collections/${collection}/documents`, {
    documents: [{ source: name, text: `The walrus ${name} sleeps.` }],
    wait: true,
  });

test('SIGTERM amid uploads and answers: what was acknowledged is there, answers in flight end, and so does the process', async () => {
  const { folder, checkpoint } = place;
  const { child, exit, ask, said } = await serveApart();
  assert.is((await ask('POST', '/v1/collections', { name: 'busy' })).status, 201);
  const put = (name: string) => putWalrus(ask, 'busy', name);
  assert.is((await put('first')).status, 200);

  const acknowledged = new Set(['first']);
  const uploads = Array.from({ length: 30 }, async (_, number) => {
    const { status } = await put(`n${number}`).catch(() => ({ status: 0 }));
    if (status === 200) acknowledged.add(`n${number}`);
    return status;
  });
  const answers = Array.from({ length: 5 }, () =>
    ask('POST', '/v1/answers', { collection: 'busy', question: 'Where does the walrus first sleep?' }),
  );
  await Promise.race(uploads);
  const begun = performance.now();
  child.kill('SIGTERM');
  const statuses = await Promise.all(uploads);
  for (const { status } of await Promise.all(answers.map((answer) => answer.catch(() => ({ status: 0 })))))
    assert.ok([200, 503].includes(status), `${status}`);
  const [code] = await exit;
  assert.is(code, 0, said());
  assert.ok(performance.now() - begun < 10_000);
  // Each was done, or refused; the connection of a request that was not wholly there may have ended.
  assert.ok(
    statuses.every((status) => [200, 503, 0].includes(status)),
    statuses.join(' '),
  );
  await using collections = await openCollections({ folder, checkpoint, backend: 'cpu' });
  const { documents } = await (await collections.get('busy')).documents({ labels: 'everything', limit: 100 });
  const sources = documents.map(({ source }) => source);
  assert.is(new Set(sources).size, sources.length);
  for (const name of acknowledged) assert.ok(sources.includes(name), name);
});

test('kill -9 amid 100 uploads: after the restart what was acknowledged is found, and nothing twice', async () => {
  const names = Array.from({ length: 100 }, (_, number) => `tusk${number}`);
  const acknowledged: string[] = [];
  {
    const { child, exit, ask } = await serveApart();
    assert.is((await ask('POST', '/v1/collections', { name: 'killed' })).status, 201);
    const waiting = [...names];
    const upload = async (): Promise<void> => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        const { status } = await putWalrus(ask, 'killed', name).catch(() => ({ status: 0 }));
        if (status === 200) acknowledged.push(name);
        if (acknowledged.length >= names.length / 2) child.kill('SIGKILL');
      }
    };
    await Promise.all(Array.from({ length: 8 }, upload));
    await exit;
  }
  assert.ok(acknowledged.length >= names.length / 2 && acknowledged.length < names.length, `${acknowledged.length}`);
  await using server = await start();
  const ask = asker(server);
  const { json } = await ask('GET', '/v1/collections/killed/documents?limit=1000');
  const sources: string[] = json.documents.map(({ source }: { source: string }) => source);
  assert.is(new Set(sources).size, sources.length);
  for (const name of acknowledged) {
    const search = { collection: 'killed', query: name, retrievers: 'bm25' };
    const { results } = (await ask('POST', '/v1/search', search)).json;
    assert.equal(
      results.map(({ metadata }: { metadata: { source: string } }) => metadata.source),
      [name],
    );
  }
  process.stdout.write(
    `${acknowledged.length} of ${names.length} uploads acknowledged, ${sources.length} documents after kill -9\n`,
  );
});

test.run();
