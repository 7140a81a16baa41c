import { PassThrough } from 'node:stream';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { identifyRequests, LOCAL_PRINCIPAL } from '../../../server/access/index.ts';
import type { AccessLabels } from '../../../server/collection-service.ts';
import { createHttpServer, listen } from '../../../server/index.ts';
import { createMcpServer } from '../../../server/mcp/create-mcp-server.ts';
import { registerMcp, serveMcpStreams } from '../../../server/mcp/index.ts';
import { collectionsFor } from '../../../server/mcp/mcp-collections.ts';
import { type Asked, fakeMcpServices, UNITS } from '../fake-services.ts';

const test = suite('Model Context Protocol');

/** A client over HTTP, over streams or in memory of a server for somebody with these labels. */
async function withClient(
  labels: AccessLabels,
  body: (client: Client, searched: Asked[], failures: unknown[]) => Promise<void>,
): Promise<void> {
  const searched: Asked[] = [];
  const failures: unknown[] = [];
  const onFailure = (error: unknown) => failures.push(error);
  const server = await createMcpServer(collectionsFor(fakeMcpServices(searched), { ...LOCAL_PRINCIPAL, labels }), { onFailure });
  const client = new Client({ name: 'test', version: '1' });
  const [here, there] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(there), client.connect(here)]);
  try {
    await body(client, searched, failures);
  } finally {
    await client.close();
  }
}

interface Found {
  readonly collection: string;
  readonly results: { readonly id: string; readonly document: string; readonly text: string }[];
  readonly note?: string;
}

test('three tools that only read, each with the form of what it gives', async () => {
  await withClient('everything', async (client) => {
    const { tools } = await client.listTools();
    assert.equal(
      tools.map(({ name }) => name),
      ['search', 'read_unit', 'list_collections'],
    );
    for (const { annotations, inputSchema, outputSchema, description } of tools) {
      assert.equal([annotations?.readOnlyHint, annotations?.destructiveHint], [true, false]);
      assert.equal([inputSchema.type, outputSchema?.type], ['object', 'object']);
      assert.ok(description!.length > 20);
    }
    assert.match(client.getInstructions()!, 'read_unit');
  });
});

test('search, then read: structure and the same as text', async () => {
  await withClient('everything', async (client, searched) => {
    const filter = { field: 'source', equals: 'docs/training.md' };
    const found = await client.callTool({ name: 'search', arguments: { collection: 'docs', query: 'resumed', k: 2, filter } });
    const { results, collection } = found.structuredContent as unknown as Found;
    assert.is(collection, 'docs');
    assert.equal(results[0], {
      id: 'a1-0',
      document: 'a1',
      score: 1,
      text: UNITS[0]!.text,
      title: 'T',
      source: 'docs/training.md',
      headings: ['Training', 'Runs'],
      pages: { first: 1, last: 2 },
    });
    assert.equal(JSON.parse((found.content as { text: string }[])[0]!.text), found.structuredContent);
    assert.equal(searched, [{ what: 'resumed', labels: 'everything', filter, k: 2 }]);
    const read = await client.callTool({ name: 'read_unit', arguments: { collection: 'docs', id: 'a1-0' } });
    assert.is((read.structuredContent as { text: string }).text, `${UNITS[0]!.text} And more.`);
    const resource = await client.readResource({ uri: 'cem://collections/docs/units/a1-0' });
    assert.equal(resource.contents, [
      { uri: 'cem://collections/docs/units/a1-0', mimeType: 'text/plain', text: `${UNITS[0]!.text} And more.` },
    ]);
    const listed = await client.callTool({ name: 'list_collections' });
    assert.equal(listed.structuredContent, {
      collections: [
        { name: 'docs', retrievers: 'hybrid' },
        { name: 'more', retrievers: 'hybrid' },
      ],
    });
    const nothing = await client.callTool({ name: 'search', arguments: { collection: 'docs', query: 'xyzzy' } });
    assert.equal(nothing.structuredContent, { collection: 'docs', results: [], note: 'nothing was found' });
  });
});

test('labels of access go into every search and every reading; what is forbidden looks like what is not there', async () => {
  await withClient(['staff'], async (client, searched) => {
    const search = { name: 'search', arguments: { collection: 'docs', query: 'salaries' } };
    assert.equal(((await client.callTool(search)).structuredContent as unknown as Found).results, []);
    assert.equal(searched[0]!.labels, ['staff']);
    const messageOf = async (id: string) => {
      const read = await client.callTool({ name: 'read_unit', arguments: { collection: 'docs', id } });
      assert.is(read.isError, true);
      return (read.content as { text: string }[])[0]!.text.replace(id, 'ID');
    };
    assert.is(await messageOf('b2-0'), await messageOf('zz-9'));
    const refused = await client.readResource({ uri: 'cem://collections/docs/units/b2-0' }).catch((error: unknown) => error);
    assert.match((refused as Error).message, 'there is no unit');
  });
  await withClient(['hr'], async (client) => {
    const found = await client.callTool({ name: 'search', arguments: { collection: 'docs', query: 'salaries' } });
    assert.equal(
      (found.structuredContent as unknown as Found).results.map(({ id }) => id),
      ['b2-0'],
    );
  });
});

test('what is wrong is said to the model; what failed here is not', async () => {
  await withClient('everything', async (client, _, failures) => {
    const refused: [string, object, RegExp][] = [
      ['search', { query: 'x' }, /say which collection: docs, more/],
      ['search', { query: 'x', collection: 'absent' }, /no collection "absent"; there are docs, more/],
      ['search', { query: 'x', collection: 'docs', filter: { access: ['hr'] } }, /filter/],
      ['search', { query: '', collection: 'docs' }, /query/],
      ['search', { query: 'x', collection: 'docs', k: 21 }, /k/],
      ['read_unit', { collection: 'docs' }, /id/],
      ['no_tool', {}, /no_tool/],
    ];
    for (const [name, args, words] of refused) {
      const result = await client.callTool({ name, arguments: { ...args } });
      assert.is(result.isError, true, JSON.stringify(args));
      const [{ text }] = result.content as [{ text: string }];
      assert.match(text, words);
      assert.not.match(text, /secret/);
    }
    assert.equal(failures, []);
    const broken = await client.callTool({ name: 'search', arguments: { query: 'bug', collection: 'docs' } });
    assert.is((broken.content as { text: string }[])[0]!.text, "the request failed; the server's log says why [INTERNAL]");
    assert.match((failures[0] as Error).message, 'secret');
  });
});

test('over HTTP: a client of the SDK, without sessions; other methods are refused', async () => {
  const searched: Asked[] = [];
  const server = createHttpServer({ bodyLimit: 1024 * 1024 });
  identifyRequests(server, undefined);
  registerMcp(server, fakeMcpServices(searched));
  const url = await listen(server, { host: '127.0.0.1', port: 0 });
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)) as Transport);
  const answers = await Promise.all(
    ['resumed', '继续训练用'].map((query) => client.callTool({ name: 'search', arguments: { collection: 'docs', query } })),
  );
  assert.equal(
    answers.map(({ structuredContent }) => (structuredContent as unknown as Found).results[0]!.id),
    ['a1-0', 'a1-1'],
  );
  assert.is(searched.length, 2);
  await client.close();
  assert.is((await fetch(`${url}/mcp`)).status, 405);
  const post = (body: unknown) =>
    fetch(`${url}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify(body),
    });
  assert.is((await post({ nothing: true })).status, 400);
  assert.is((await post([])).status, 400);
  assert.is((await post({ jsonrpc: '2.0', method: 'notifications/initialized' })).status, 202);
  const unknown = await post({ jsonrpc: '2.0', id: 1, method: 'no/method' });
  assert.is(((await unknown.json()) as { error: { code: number } }).error.code, -32601);
  await server.close();
});

test('over streams: messages and nothing else, until the input ends', async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const served = serveMcpStreams(collectionsFor(fakeMcpServices(), LOCAL_PRINCIPAL), { input, output });
  let written = '';
  output.on('data', (piece: Buffer) => {
    written += piece.toString();
  });
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
  input.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`);
  while (!written.includes('\n')) await new Promise(setImmediate);
  input.end();
  await served;
  const lines = written.trimEnd().split('\n');
  assert.is(lines.length, 1);
  assert.is((JSON.parse(lines[0]!) as { result: { serverInfo: { name: string } } }).result.serverInfo.name, 'cem-rag');
  const stop = new AbortController();
  const stopped = serveMcpStreams(
    collectionsFor(fakeMcpServices(), LOCAL_PRINCIPAL),
    { input: new PassThrough(), output },
    { signal: stop.signal },
  );
  stop.abort();
  await stopped;
});

test.run();
