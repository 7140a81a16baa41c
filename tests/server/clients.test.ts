import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import OpenAI from 'openai';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ClosingStack } from '../../base/index.ts';
import { openAnswering } from '../../recipes/answering/index.ts';
import { Collections } from '../../recipes/collections/index.ts';
import { openEmbeddingModel } from '../../recipes/encoder/index.ts';
import { addKey, KEYS_FILE, KeyRing } from '../../server/access/index.ts';
import { createCollectionsServer } from '../../server/collections-server.ts';
import { listen } from '../../server/index.ts';
import { saveIngestStudent } from '../recipes/ingest/student.ts';

/** Milliseconds that a request may take, on a machine at work on other things. */
const PATIENCE = { timeout: 900_000 };

const DOCUMENTS = [
  { source: 'docs/lamp.md', content: '# Lamp\n\nThe lantern of the lighthouse is lit before sunset.\n' },
  { source: 'docs/crane.md', content: '# Crane\n\nThe crane of the harbour is greased on Mondays.\n' },
  { source: 'hr/pay.md', content: '# Pay\n\nThe salary of the keeper is paid on the last day of the month.\n', labels: ['hr'] },
] as const;

interface Context {
  opened: ClosingStack;
  url: string;
  keys: { readonly everybody: string; readonly hr: string };
}

const test = suite<Context>('clients of others, on collections that are there');

/** A server over a collection `docs`, with keys for everybody and for those of hr. */
test.before(async (context) => {
  const opened = new ClosingStack();
  context.opened = opened;
  const temporary = opened.add(await mkdtemp(join(tmpdir(), 'cem-clients-')), (path) => rm(path, { recursive: true }));
  const [folder, checkpoint] = [join(temporary, 'rag'), join(temporary, 'run')];
  await saveIngestStudent(checkpoint);
  const collections = opened.add(await Collections.open({ folder, checkpoint, backend: 'cpu' }), (part) => part.close());
  await collections.create('docs');
  await (await collections.get('docs')).change({ put: DOCUMENTS });
  const path = join(folder, KEYS_FILE);
  const keyOf = async (name: string, labels: string[]) => (await addKey(path, { name, scope: 'read', labels })).key;
  context.keys = { everybody: await keyOf('everybody', []), hr: await keyOf('hr', ['hr']) };
  const answering = opened.add(await openAnswering(), (part) => part.close());
  const embeddings = opened.add(await openEmbeddingModel({ checkpoint, backend: 'cpu' }), (part) => part.close());
  const server = await createCollectionsServer({
    collections,
    keys: new KeyRing(path),
    embeddings,
    answerer: (search) => answering.answerer(search),
  });
  opened.add(server, (part) => part.close());
  context.url = await listen(server, { host: '127.0.0.1', port: 0 });
});
test.after(({ opened }) => opened.close());

test('an answer with citations that open; embeddings; access by the key', async ({ url, keys }) => {
  const clientOf = (apiKey: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
  const ask = (client: OpenAI, content: string) =>
    client.chat.completions.create({ model: 'docs', messages: [{ role: 'user', content }] });
  const client = clientOf(keys.everybody);

  const answer = await ask(client, 'When is the lantern of the lighthouse lit?');
  const { content, annotations } = answer.choices[0]!.message;
  assert.match(content!, 'lit before sunset');
  assert.ok(annotations!.length > 0);
  const { start_index, end_index, url: place } = annotations![0]!.url_citation;
  assert.is([...content!].slice(start_index, end_index).join(''), '[1]');
  const unit = await fetch(place, { headers: { authorization: `Bearer ${keys.everybody}` } });
  assert.match(((await unit.json()) as { text: string }).text, 'lit before sunset');

  const stream = await client.chat.completions.create({
    model: 'docs',
    messages: [{ role: 'user', content: 'When is the lantern of the lighthouse lit?' }],
    stream: true,
  });
  let streamed = '';
  for await (const { choices } of stream) streamed += choices[0]?.delta.content ?? '';
  assert.is(streamed, content);

  const question = 'When is the salary of the keeper paid?';
  assert.match((await ask(clientOf(keys.hr), question)).choices[0]!.message.content!, 'last day of the month');
  assert.not.match((await ask(client, question)).choices[0]!.message.content!, 'last day');

  const { data } = await client.embeddings.create({ model: 'docs', input: ['lantern', 'crane'] });
  assert.equal(
    data.map(({ embedding }) => embedding.length),
    [5, 5],
  );
  assert.equal((await client.models.list()).data.map(({ id }) => id).sort(), ['docs', 'run']);
  for (const wrong of ['wrong', `${keys.hr}x`]) {
    try {
      await clientOf(wrong).models.list();
      assert.unreachable();
    } catch (error) {
      assert.instance(error, OpenAI.AuthenticationError);
      assert.is((error as InstanceType<typeof OpenAI.APIError>).code, 'invalid_api_key');
    }
  }
});

test("MCP over HTTP has the key's rights, and needs one", async ({ url, keys }) => {
  const withClient = async (key: string, body: (client: Client) => Promise<void>): Promise<void> => {
    const client = new Client({ name: 'test', version: '1' });
    const requestInit = { headers: { authorization: `Bearer ${key}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }) as Transport);
    await body(client);
    await client.close();
  };
  let pay = '';
  const found = async (client: Client, query: string) => {
    const { structuredContent } = await client.callTool({ name: 'search', arguments: { query, k: 20 } }, undefined, PATIENCE);
    return (structuredContent as { results: { id: string; source: string }[] }).results;
  };
  await withClient(keys.hr, async (client) => {
    pay = (await found(client, 'salary of the keeper')).find(({ source }) => source.endsWith('pay.md'))!.id;
    const read = await client.callTool({ name: 'read_unit', arguments: { id: pay } }, undefined, PATIENCE);
    assert.match((read.structuredContent as { text: string }).text, 'last day of the month');
  });
  await withClient(keys.everybody, async (client) => {
    const results = await found(client, 'lantern, crane, salary');
    assert.is(results.length, 2);
    assert.not.ok(results.some(({ id }) => id === pay));
    assert.is((await client.callTool({ name: 'read_unit', arguments: { id: pay } }, undefined, PATIENCE)).isError, true);
  });
  const refused = await fetch(`${url}/mcp`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
  assert.is(refused.status, 401);
});

test('OpenAPI has these routes as well, with the form of their errors', async ({ url }) => {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { responses: { default: { content: Record<string, { schema: object }> } } }>>;
    components: { schemas: Record<string, unknown> };
  };
  for (const [path, method] of [
    ['/v1/embeddings', 'post'],
    ['/v1/chat/completions', 'post'],
    ['/v1/models', 'get'],
    ['/v1/models/{id}', 'get'],
  ] as const)
    assert.match(JSON.stringify(document.paths[path]![method]!.responses.default), 'OpenAiError', path);
  assert.ok(document.paths['/mcp']?.['post']);
  assert.ok(document.components.schemas['OpenAiError']);
});

test.run();
