import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError } from '../../base/index.ts';
import { DocumentReader, documentText } from '../../data/index.ts';
import {
  createTeacher,
  LsaEmbedder,
  lsaConfig,
  type TeacherConfig,
  type TextEmbedder,
  teacherConfig,
} from '../../encoders/index.ts';
import { corpusIdentity, IndexFolder, type IndexMakers, synchroniseIndex } from '../../rag/index.ts';
import { makeDocuments, packDocuments } from '../rag/fixtures.ts';

interface Context {
  folder: string;
  zpkg: string;
  makers: IndexMakers;
}

const test = suite<Context>('serve and search as processes');

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const MODULE_LOG = fileURLToPath(new URL('module-log.ts', import.meta.url));
const MODELS = fileURLToPath(new URL('../../../shared/models/', import.meta.url));
const TINY_MODEL = 'qwen3-embedding-tiny';
const DOCUMENTS = makeDocuments(60);

/** Starts `cem`; `errors` is what it has said so far. */
function cem(words: readonly string[], environment: Record<string, string> = {}) {
  const preloads = ['--import', 'tsx', ...('MODULE_LOG' in environment ? ['--import', MODULE_LOG] : [])];
  const child = spawn(process.execPath, [...preloads, MAIN, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  const said = { output: '', errors: '' };
  child.stdout.on('data', (data) => {
    said.output += data;
  });
  child.stderr.on('data', (data) => {
    said.errors += data;
  });
  const exit = once(child, 'close').then(([code, signal]) => ({ code, signal, ...said }));
  return { child, said, exit };
}

/** A server that listens, and its address. */
async function serve(index: string, environment: Record<string, string> = {}) {
  const server = cem(['serve', '--index', index, '--port', '0', '--log', 'error', '--json'], environment);
  while (!/at (http:\S+);/.test(server.said.errors) && server.child.exitCode === null) await setTimeout(20);
  const address = /at (http:\S+);/.exec(server.said.errors)?.[1];
  assert.ok(address, server.said.errors);
  const search = (body: object) =>
    fetch(`${address}/v1/search`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
  return { ...server, address, search };
}

/** An index of vectors of the documents' texts: what is under test comes after the encoder. */
async function makeIndex(path: string, makers: IndexMakers, zpkg: string, teacher: TextEmbedder): Promise<void> {
  const reader = await DocumentReader.open(zpkg);
  const folder = await IndexFolder.openForIndexing(path, makers);
  let next = 0;
  const texts = await Promise.all([...reader.ids()].flatMap((id) => reader.chunksOf(id)).map((chunk) => reader.chunkText(chunk)));
  const encoder = {
    dimension: makers.dimension,
    // Chunks come in the order of the documents.
    encodeChunks: (frames: readonly Uint8Array[]) => {
      next += frames.length;
      return teacher.embedDocuments(texts.slice(next - frames.length, next));
    },
  };
  await folder.finish(await synchroniseIndex(reader, encoder, folder.store));
  await folder.close();
  await reader.close();
}

async function makersOf(zpkg: string, teacher: TextEmbedder, config: TeacherConfig, places: object): Promise<IndexMakers> {
  const reader = await DocumentReader.open(zpkg);
  const identity = await corpusIdentity(reader);
  await reader.close();
  const { id, revision, dimension } = teacher.description;
  return {
    checkpoint: { path: '/runs/one/checkpoints/10', hash: 'a'.repeat(64) },
    teacher: { id, revision, config, ...places },
    dimension,
    zpkg: { path: zpkg, identity },
  };
}

test.before(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-serve-'));
  context.zpkg = await packDocuments(join(context.folder, 'corpus.zpkg'), DOCUMENTS);
  const config = lsaConfig.parse({ kind: 'lsa', dimension: 8, maximumDocumentShare: 1 });
  const teacher = await LsaEmbedder.fit(DOCUMENTS.map(documentText), config);
  const place = join(context.folder, 'teacher');
  await teacher.save(place);
  context.makers = await makersOf(context.zpkg, teacher, config, { folder: place });
  await makeIndex(join(context.folder, 'index'), context.makers, context.zpkg, teacher);
});
test.after(({ folder }) => rm(folder, { recursive: true, force: true }));

/** Serves an index, sends 200 requests at once, and gives the loaded modules. */
async function modulesOfServer(folder: string, index: string): Promise<string[]> {
  const file = join(folder, 'modules');
  await rm(file, { force: true });
  const { child, exit, address, search } = await serve(index, { MODULE_LOG: file });
  const answers = await Promise.all(
    Array.from({ length: 200 }, async (_, number) => {
      const response = await search({ query: `the archive queue ${number % 50}`, k: 1 + (number % 5) });
      return { status: response.status, body: (await response.json()) as { results: unknown[] } };
    }),
  );
  for (const [number, { status, body }] of answers.entries())
    assert.equal([status, body.results.length], [200, 1 + (number % 5)]);
  const { load } = (await (await fetch(`${address}/health`)).json()) as { load: Record<string, number> };
  assert.is(load['encoded_queries'], 200);
  assert.ok(load['encoder_calls']! < 200, `${load['encoder_calls']} encoder calls`);
  console.log(`200 requests in flight: ${load['encoder_calls']} encoder calls`);
  child.kill('SIGTERM');
  const { code, errors } = await exit;
  assert.is(code, 0, errors);
  return (await readFile(file, 'utf8')).split('\n');
}

const loads = (modules: readonly string[], name: string): string[] => modules.filter((module) => module.includes(name));

test('a server that only searches, with an ONNX teacher, loads no TensorFlow.js, and encodes 200 requests in flight in fewer calls', async ({
  folder,
  zpkg,
}) => {
  const onnx = existsSync(join(MODELS, TINY_MODEL));
  let index = join(folder, 'index');
  if (onnx) {
    const config = teacherConfig.parse({ kind: 'transformers', model: TINY_MODEL, pooling: 'last', remote: false });
    const teacher = await createTeacher(config, { models: MODELS });
    index = join(folder, 'onnx-index');
    await makeIndex(index, await makersOf(zpkg, teacher, config, { models: MODELS }), zpkg, teacher);
    await teacher.dispose();
  } else console.log(`skipped: ../shared/models/${TINY_MODEL} is not beside the checkout; the same with an LSA teacher`);
  const modules = await modulesOfServer(folder, index);
  assert.ok(loads(modules, '/fastify/').length > 0 && loads(modules, '/encoders/').length > 0, 'the log is one');
  assert.is(loads(modules, 'onnxruntime').length > 0, onnx);
  assert.equal(loads(modules, '@tensorflow'), []);
  assert.equal(loads(modules, '/model/kernels/'), []);
});

test('F01, F02: a server and searches share an index, keep a writer out, and the server ends in order on SIGTERM', async ({
  folder,
  makers,
}) => {
  const index = join(folder, 'index');
  const server = await serve(index);
  const { child, exit, address, search } = server;
  try {
    const searches = Array.from(
      { length: 3 },
      () => cem(['search', 'archive queue', '--index', index, '--k', '4', '--json']).exit,
    );
    const wanted = ((await (await search({ query: 'archive queue', k: 4 })).json()) as { results: unknown[] }).results;
    for (const { code, output, errors } of await Promise.all(searches)) {
      assert.is(code, 0, errors);
      assert.equal(JSON.parse(output).results, wanted);
    }
    assert.is(await refusalOf(IndexFolder.openForIndexing(index, makers), `is in use by process ${child.pid}`), 'FOLDER_LOCKED');
    assert.is((await search({ query: 'archive queue' })).status, 200);

    // A client that sends nothing, one that never ends its header, one with half a body, and one that reads nothing.
    const { hostname, port } = new URL(address);
    const body = JSON.stringify({ query: 'archive', k: 60 });
    for (const text of [
      '',
      'GET /health HTTP/1.1\r\nHost: x\r\nX-Endless: ',
      'POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"query"',
      `POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    ]) {
      const socket = connect(Number(port), hostname).on('error', () => {});
      await once(socket, 'connect');
      socket.write(text);
    }
  } finally {
    child.kill('SIGTERM');
  }
  const start = performance.now();
  const { code, output, errors } = await exit;
  console.log(`ended ${Math.round(performance.now() - start)} ms after SIGTERM`);
  assert.is(code, 0, errors);
  assert.is(JSON.parse(output).stopped_by, 'SIGTERM');
  assert.equal((await readdir(index)).sort(), ['index.json', 'pgdata']);
});

test('a killed reader keeps no writer out; a killed writer leaves the old state, or an index that says it is unfinished', async ({
  folder,
  makers,
}) => {
  const index = join(folder, 'index');
  const reader = await serve(index);
  reader.child.kill('SIGKILL');
  await reader.exit;
  const writer = await IndexFolder.openForIndexing(index, makers);
  assert.is(await refusalOf(IndexFolder.openForSearch(index), 'is being changed'), 'FOLDER_LOCKED');
  await writer.close();

  await killedWriter(index, makers);
  const old = await IndexFolder.openForSearch(index);
  const { chunks } = old.manifest;
  assert.is((await old.store.count()).chunks, chunks);
  await old.close();

  await killedWriter(index, { ...makers, zpkg: { ...makers.zpkg, identity: 'd'.repeat(64) } });
  assert.is(await refusalOf(IndexFolder.openForSearch(index), 'not finished'), 'INDEX_INCOMPLETE');
});

/** Another process opens the index to write to it, keeps searches out, and is killed. */
async function killedWriter(index: string, makers: IndexMakers): Promise<void> {
  const module = new URL('../../rag/index.ts', import.meta.url).href;
  const script = `
    const { IndexFolder } = await import(${JSON.stringify(module)});
    await IndexFolder.openForIndexing(${JSON.stringify(index)}, ${JSON.stringify(makers)});
    console.log('open');
    setInterval(() => {}, 1000);`;
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout!, 'data');
  const words = `is being changed by process ${child.pid}; stop that process, or wait until it ends`;
  assert.is(await refusalOf(IndexFolder.openForSearch(index), words), 'FOLDER_LOCKED');
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function refusalOf(promise: Promise<unknown>, words: string): Promise<string> {
  try {
    await promise;
  } catch (error) {
    assert.instance(error, CemError, String((error as Error).stack));
    assert.match((error as CemError).message, words);
    return (error as CemError).code;
  }
  return assert.unreachable('it was not refused') as never;
}

test.run();
