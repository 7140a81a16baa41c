import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mcpCommand } from '../../cli/commands/mcp.ts';
import { ingest } from '../../recipes/ingest/index.ts';
import { addKey, KEYS_FILE } from '../../server/access/index.ts';
import { errorOf, withTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { saveIngestStudent } from '../recipes/ingest/student.ts';
import { runCommand } from './run-command.ts';

const test = suite('cem mcp');
/** Milliseconds that a request may take: a machine at work on other things starts a process and opens a database in minutes. */
const PATIENCE = { timeout: 900_000 };
const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

const FILES = {
  'open.md': '# Open\n\nThe lantern ERR_LAMP_OUT is lit before sunset.\n',
  'closed.md': '# Closed\n\nThe salary ERR_PAY_LATE is paid on the last day.\n',
} as const;

interface Found {
  readonly results: { readonly id: string; readonly text: string }[];
}

/** A folder of collections with `docs` (open) and `pay` (for the label hr), and a key for each. */
async function withCollections(
  body: (collections: string, keys: { readonly hr: string; readonly none: string }) => Promise<void>,
): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const [collections, checkpoint] = [join(folder, 'rag'), join(folder, 'run')];
    await saveIngestStudent(checkpoint);
    await mkdir(collections);
    for (const [name, file, labels] of [
      ['docs', 'open.md', undefined],
      ['pay', 'closed.md', ['hr']],
    ] as const) {
      await writeFile(join(folder, file), FILES[file]);
      await ingest({
        paths: [join(folder, file)],
        into: join(collections, name),
        checkpoint,
        backend: 'cpu',
        ...(labels && { labels: [...labels] }),
      });
    }
    const keyOf = async (name: string, labels: string[]) =>
      (await addKey(join(collections, KEYS_FILE), { name, scope: 'read', labels })).key;
    await body(collections, { hr: await keyOf('hr', ['hr']), none: await keyOf('none', []) });
  });
}

/** A client of a child process. Every line that is no message fails the test. */
async function withProcess(
  words: readonly string[],
  env: Readonly<Record<string, string>>,
  body: (client: Client) => Promise<void>,
): Promise<void> {
  const { NODE_OPTIONS: _, ...environment } = process.env as Record<string, string>;
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: ['--import', 'tsx', MAIN, 'mcp', ...words, '--backend', 'cpu'],
    env: { ...environment, ...env },
    stderr: 'ignore',
  });
  const client = new Client({ name: 'test', version: '1' });
  const broken: Error[] = [];
  client.onerror = (error) => broken.push(error);
  await client.connect(transport, PATIENCE);
  try {
    await body(client);
    assert.equal(broken, []);
  } finally {
    await client.close();
  }
}

const search = async (client: Client, collection: string, query: string): Promise<Found['results']> => {
  const answer = await client.callTool({ name: 'search', arguments: { collection, query } }, undefined, PATIENCE);
  assert.not.ok(answer.isError, JSON.stringify(answer.content));
  return (answer.structuredContent as unknown as Found).results;
};

test('over the standard streams: with the rights of the key, the tools find and read', () =>
  withCollections(async (collections, { hr, none }) => {
    await withProcess(['--collections', collections], { CEM_KEY: hr }, async (client) => {
      const { structuredContent } = await client.callTool({ name: 'list_collections' }, undefined, PATIENCE);
      assert.equal(structuredContent, {
        collections: [
          { name: 'docs', retrievers: 'hybrid' },
          { name: 'pay', retrievers: 'hybrid' },
        ],
      });
      assert.match((await search(client, 'docs', 'ERR_LAMP_OUT'))[0]!.text, 'sunset');
      const [found] = await search(client, 'pay', 'ERR_PAY_LATE');
      const wanted = { name: 'read_unit', arguments: { collection: 'pay', id: found!.id } };
      const read = await client.callTool(wanted, undefined, PATIENCE);
      assert.match((read.structuredContent as { text: string }).text, 'last day');
    });
    await withProcess(['--collections', collections, '--key', none], {}, async (client) => {
      assert.is((await search(client, 'docs', 'ERR_LAMP_OUT')).length, 1);
      assert.equal(await search(client, 'pay', 'ERR_PAY_LATE'), []);
    });
    // One collection, named by its folder, for the user of this machine.
    await withProcess(['--collection', join(collections, 'pay')], { CEM_KEY: '' }, async (client) => {
      const answer = await client.callTool({ name: 'search', arguments: { query: 'ERR_PAY_LATE' } }, undefined, PATIENCE);
      assert.is((answer.structuredContent as unknown as Found).results.length, 1);
    });
  }));

test('it ends with its input, and has printed nothing', () =>
  withTemporaryFolder(async (folder) => {
    const child = spawn(process.execPath, ['--import', 'tsx', MAIN, 'mcp', '--collections', folder], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let printed = '';
    child.stdout.on('data', (piece: Buffer) => {
      printed += piece.toString();
    });
    child.stdin.end();
    const [code] = (await once(child, 'exit')) as [number];
    assert.equal([code, printed], [0, '']);
  }));

test('what is wrong with its options', () =>
  withTemporaryFolder(async (folder) => {
    const codeOf = async (...words: string[]) => (await errorOf(() => runCommand(mcpCommand, ['mcp', ...words]))).code;
    assert.is(await codeOf(), 'MCP_PLACE');
    assert.is(await codeOf('--collection', 'a', '--collections', 'b'), 'MCP_PLACE');
    assert.is(await codeOf('--collection', join(folder, 'absent')), 'COLLECTION_MISSING');
    assert.is(await codeOf('--collection', 'a', '--json'), 'MCP_OUTPUT');
    assert.is(await codeOf('--collection', 'a', '--key', 'x'), 'MCP_KEY');
    assert.is(await codeOf('--collections', folder, '--keys', join(folder, 'absent.json')), 'MCP_KEY');
    await addKey(join(folder, KEYS_FILE), { name: 'one', scope: 'read', labels: [] });
    assert.is(await codeOf('--collections', folder), 'MCP_KEY');
    assert.is(await codeOf('--collections', folder, '--key', 'wrong'), 'MCP_KEY');
  }));

test.run();
