import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError, UsageError } from '../../base/errors.ts';
import { type CheckpointState, loadQueryStudent, loadStudent, saveCheckpoint } from '../../checkpoints/index.ts';
import { indexCommand } from '../../cli/commands/build-index.ts';
import { inspectCommand } from '../../cli/commands/inspect.ts';
import { searchCommand } from '../../cli/commands/search.ts';
import { serveCommand } from '../../cli/commands/serve.ts';
import { type Document, DocumentReader, documentText, packCorpus } from '../../data/index.ts';
import { modelConfigSchema } from '../../model/config.ts';
import { CemModel } from '../../model/embedder.ts';
import { IndexFolder, synchroniseIndex } from '../../rag/index.ts';
import { openSearcher } from '../../recipes/search/index.ts';
import { openPglite } from '../../search/postgres/pglite-driver.ts';
import { PgvectorStore } from '../../search/postgres/pgvector-store.ts';
import type { WireResult } from '../../server/schemas/index.ts';
import { anyBackend } from '../backend.ts';
import { saveUntrainedStudent } from '../fixtures/untrained-student.ts';
import { runCommand } from './run-command.ts';

interface Context {
  folder: string;
  run: string;
  zpkg: string;
  index: string;
}

const test = suite<Context>('cem index, search, serve');

const DOCUMENTS = 1_500;
const PACK = { level: 3, targetChunkSize: 512, dictionarySize: 2048 };
const TOPICS = [
  'granite quarry',
  'orchid meadow',
  'harbour crane',
  'violin bow',
  'comet tail',
  'saffron spice',
  'glacier lake',
  'lantern light',
];
const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

const documents: Document[] = Array.from({ length: DOCUMENTS }, (_, number) => {
  const topic = TOPICS[number % TOPICS.length]!;
  return {
    id: `d${number}`,
    title: `${topic} ${number}`,
    text: `Notes on the ${topic}, part ${number}: ${`${topic} and what belongs to it. `.repeat(1 + (number % 5))}`,
    metadata: {
      source: `notes/${topic}.md`,
      pages: { first: number + 1, last: number + 1 },
      fields: { year: 1900 + (number % 100) },
    },
  };
});

/** A container of small documents, and a run folder with untrained students: the plumbing is what is under test. */
test.before(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-index-cli-'));
  context.run = join(context.folder, 'run');
  context.zpkg = join(context.folder, 'corpus.zpkg');
  context.index = join(context.folder, 'index');
  await anyBackend();
  await packCorpus(
    async function* () {
      yield* documents;
    },
    context.zpkg,
    PACK,
  );
  await saveUntrainedStudent(context.run, {
    texts: documents.map(documentText),
    dimension: 8,
    pack: PACK,
    steps: [2, 10],
    query: (teacher) => saveQueryStudent(context.folder, teacher),
  });
});
test.after(({ folder }) => rm(folder, { recursive: true, force: true }));

/** Folder of an untrained query student's checkpoint, with optimiser state as training leaves it. */
async function saveQueryStudent(folder: string, teacher: CheckpointState['teacher']): Promise<string> {
  const shape = modelConfigSchema.parse({
    input: 'text',
    maximumSymbols: 128,
    tables: { sizes: [3], rows: 500 },
    local: { dimension: 16, layers: 0, heads: 2, crossAttentionHeads: 2 },
    global: { dimension: 16, layers: 0, heads: 2 },
  });
  const { dimension } = teacher.config as { dimension: number };
  const model = CemModel.create(shape, dimension, 5);
  const path = join(folder, 'query-student');
  const state = { step: 1, seed: 5, model: shape, dimension, pack: PACK, teacher, config: {} };
  await saveCheckpoint(path, model, state, new Map([['step', { shape: [1], data: Float32Array.of(1) }]]));
  model.dispose();
  return path;
}

function start(...words: string[]): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', MAIN, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function refusalOf(promise: Promise<unknown>): Promise<CemError> {
  try {
    await promise;
  } catch (error) {
    assert.instance(error, CemError, String((error as Error).stack));
    assert.not.match((error as CemError).message, /\n/);
    return error as CemError;
  }
  return assert.unreachable('it was not refused') as never;
}

const makeIndex = ({ run, zpkg, index }: Context, ...words: string[]): Promise<string> =>
  runCommand(indexCommand, ['index', '--checkpoint', run, '--zpkg', zpkg, '--index', index, ...words]);

test('an index that is killed in the middle and run again has every document once', async (context) => {
  const { run, zpkg, index } = context;
  const child = start('index', '--checkpoint', run, '--zpkg', zpkg, '--index', index);
  const exit = once(child, 'exit');
  // From here on vectors are written.
  while (!existsSync(join(index, 'pgdata')) && child.exitCode === null) await setTimeout(10);
  await setTimeout(500);
  child.kill('SIGKILL');
  await exit;
  assert.is(child.signalCode, 'SIGKILL', 'it was still at work');
  assert.is((await refusalOf(runCommand(searchCommand, ['search', 'x', '--index', index]))).code, 'INDEX_INCOMPLETE');

  const report = JSON.parse(await makeIndex(context, '--json'));
  assert.is(report.documents, DOCUMENTS);
  const folder = await IndexFolder.openForSearch(index);
  const reader = await DocumentReader.open(zpkg);
  const { chunkCount: chunks } = reader;
  assert.equal(await folder.store.count(), { documents: DOCUMENTS, chunks, passages: chunks, empty: 0 });
  assert.is(report.chunks, chunks);
  for (const { id } of documents) assert.ok(reader.chunksOf(id).length > 0);
  const stored = await folder.store.storedRows(documents.map(({ id }) => id));
  assert.equal(new Set(stored.map(({ chunk }) => chunk)).size, reader.chunkCount);
  for (const { document, chunk } of stored) assert.is(reader.documentOf(chunk), document);
  await reader.close();
  await folder.close();

  // Without --checkpoint: the default one, which the environment names.
  process.env['CEM_CHECKPOINT'] = run;
  try {
    const again = JSON.parse(await runCommand(indexCommand, ['index', '--zpkg', zpkg, '--index', index, '--json']));
    assert.equal([again.documents, again.encoded, again.removed], [DOCUMENTS, 0, 0]);
    assert.is(again.checkpoint, report.checkpoint);
  } finally {
    delete process.env['CEM_CHECKPOINT'];
  }
});

test('the student indexes through a reader that cannot decompress', async ({ run, zpkg }) => {
  const decompressor = () => ({
    decompress: (): Uint8Array => {
      throw new CemError('TEST_DECOMPRESSED', 'a document was decompressed');
    },
  });
  const reader = await DocumentReader.open(zpkg, { decompressor });
  const { student, dispose } = await loadStudent(run);
  const store = await PgvectorStore.open(await openPglite(), { dimension: student.dimension });
  const result = await synchroniseIndex(reader, student, store);
  assert.equal([result.documents, result.encoded], [DOCUMENTS, reader.chunkCount]);
  await store.close();
  dispose();
  await reader.close();
});

test('search prints id, score and text, and JSON with --json', async ({ index }) => {
  const text = await runCommand(searchCommand, ['search', 'orchid meadow', '--index', index, '--k', '3']);
  assert.match(text, /^1\. d\d+ {2}\(score -?\d\.\d{4}, chunk \d+, passage 0, bytes 0-\d+\)\n {3}\S/);
  assert.match(text, /^3\. /m);
  const { results, took_ms } = JSON.parse(
    await runCommand(searchCommand, ['search', 'orchid meadow', '--index', index, '--json']),
  );
  assert.is(results.length, 5);
  assert.type(took_ms, 'number');
  for (const { id, score, chunk, text: found } of results) {
    const document = documents.find((candidate) => candidate.id === id)!;
    assert.ok(documentText(document).includes(found) && found.length > 0);
    assert.ok(score <= 1 && Number.isInteger(chunk));
  }
});

test('inspect says what an index stores, and what its corpus does', async ({ index, zpkg }) => {
  const shown = JSON.parse(await runCommand(inspectCommand, ['inspect', index, '--json']));
  assert.equal([shown.zpkg, shown.precision, shown.database], [zpkg, 'single', null]);
  assert.equal([shown.corpus.documents, shown.corpus.system.rows], [shown.documents, shown.rows]);
  assert.is(shown.corpus.system.precisions.single.vectors, 4 * shown.rows * shown.dimension);
  assert.ok(shown.folder_bytes > shown.corpus.system.precisions.single.vectors);
  assert.match(
    await runCommand(inspectCommand, ['inspect', index]),
    /index of \d+ documents, \d+ vectors of \d+ values, single\n/,
  );
  assert.is((await refusalOf(runCommand(inspectCommand, ['inspect', index, '--dimension', '8']))).code, 'INSPECT_DIMENSION');
});

test('--filter: what the corpus says of its documents decides in the store, and results show it', async ({ index }) => {
  const words = ['search', '--index', index, '--k', '20'];
  const filter = JSON.stringify({
    and: [
      { field: 'fields.year', range: { gte: 1990 } },
      { field: 'source', equals: 'notes/comet tail.md' },
    ],
  });
  const { results } = JSON.parse(await runCommand(searchCommand, [...words, '--json', '--filter', filter, 'comet tail'])) as {
    results: { id: string; metadata: { title: string; source: string; pages: { first: number } } }[];
  };
  const passing = documents.filter((_, number) => number % 100 >= 90 && TOPICS[number % TOPICS.length] === 'comet tail');
  assert.equal(results.map(({ id }) => id).sort(), passing.map(({ id }) => id).sort());
  for (const { id, metadata } of results) {
    const document = passing.find((candidate) => candidate.id === id)!;
    assert.is(metadata.title, document.title);
    assert.is(metadata.source, 'notes/comet tail.md');
    assert.is(`d${metadata.pages.first - 1}`, id);
  }
  const text = await runCommand(searchCommand, [...words, '--filter', filter, 'comet tail']);
  assert.match(text, /\n {3}notes\/comet tail\.md · page \d+\n {3}comet tail/);
  for (const [wrong, says] of [
    ['{', /--filter is not JSON/],
    ['{"access":["board"]}', /--filter: must be an object with one of/],
  ] as const) {
    const error = await refusalOf(runCommand(searchCommand, [...words, '--filter', wrong, 'comet tail']));
    assert.is(error.code, 'SEARCH_FILTER');
    assert.match(error.message, says);
  }
});

test('F08: a query of which nothing is known has no results, and one line says why', async ({ index }) => {
  for (const query of ['zzzzqqqqxyz', '!!! ???', '\u{1f600}', '\ud800']) {
    const words = ['search', query, '--index', index];
    assert.match(await runCommand(searchCommand, words), /^no results: the query's vector is all zeros: [^\n]+\n?$/);
    const { results, note } = JSON.parse(await runCommand(searchCommand, [...words, '--json']));
    assert.equal(results, []);
    assert.match(note, /all zeros/);
  }
});

test('without teacher and run a search goes by the query student that the index keeps', async ({ index, run, zpkg, folder }) => {
  const asked = 'harbour crane 42';
  const { student, query, dispose } = await loadStudent(run);
  const queryStudent = await loadQueryStudent(query!);
  const [queryVector, reader] = [(await queryStudent.embedQueries([asked])).data, await DocumentReader.open(zpkg)];
  await queryStudent.dispose();
  assert.not.ok(existsSync(join(index, 'query', 'optimizer.safetensors')));

  await rename(run, join(folder, 'run.away'));
  let results: WireResult[];
  try {
    const refused = ['search', asked, '--index', index, '--queries', 'teacher'];
    assert.is((await refusalOf(runCommand(searchCommand, refused))).code, 'LSA_NOT_FITTED');
    results = JSON.parse(await runCommand(searchCommand, ['search', asked, '--index', index, '--json'])).results;
  } finally {
    await rename(join(folder, 'run.away'), run);
  }
  // By hand: the student's vectors of the results and of every twentieth chunk.
  const others = Array.from({ length: Math.floor(reader.chunkCount / 20) }, (_, number) => 20 * number);
  const chunks = [...results.map(({ chunk }) => chunk), ...others];
  const frames = await Promise.all(chunks.map((chunk) => reader.compressedChunk(chunk)));
  const { data, dimension } = await student.encodeChunks(frames, reader.dictionary);
  await reader.close();
  dispose();
  const own = chunks.map((_, row) => queryVector.reduce((sum, value, index) => sum + value * data[row * dimension + index]!, 0));
  for (const [rank, { score }] of results.entries())
    assert.ok(Math.abs(score - own[rank]!) < 1e-4, `${score}, by hand ${own[rank]}`);
  const found = new Set(results.map(({ id }) => id));
  const last = results.at(-1)!.score;
  others.forEach((chunk, index) => {
    if (!found.has(reader.documentOf(chunk))) assert.ok(own[results.length + index]! <= last + 1e-4, `chunk ${chunk} was missed`);
  });
});

test('serve answers over HTTP beside searches, keeps writers out, and stops in order on SIGTERM', async (context) => {
  const { index, run, zpkg } = context;
  // With --zpkg the index is brought up to date first: nothing is left to do here.
  const child = start('serve', '--index', index, '--zpkg', zpkg, '--checkpoint', run, '--port', '0', '--log', 'error', '--json');
  const exit = once(child, 'exit');
  let errors = '';
  let output = '';
  child.stdout!.on('data', (data) => {
    output += data;
  });
  child.stderr!.on('data', (data) => {
    errors += data;
  });
  try {
    while (!/at (http:\S+);/.test(errors) && child.exitCode === null) await setTimeout(20);
    const address = /at (http:\S+);/.exec(errors)![1]!;
    assert.match(address, /^http:\/\/127\.0\.0\.1:/);
    const search = (body: string) =>
      fetch(`${address}/v1/search`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    const response = await search(JSON.stringify({ query: 'violin bow', k: 4 }));
    assert.is(response.status, 200);
    assert.is(((await response.json()) as { results: unknown[] }).results.length, 4);
    assert.is((await search('{"query": ""}')).status, 400);
    const health = (await (await fetch(`${address}/health`)).json()) as { index: { documents: number } };
    assert.is(health.index.documents, DOCUMENTS);

    // Searches share the index, who would change it is kept out.
    assert.match(await runCommand(searchCommand, ['search', 'violin bow', '--index', index]), /^1\. d\d+ /);
    // A second server with --zpkg finds nothing to do, and shares it as well.
    process.env['CEM_CHECKPOINT'] = run;
    const second = start('serve', '--index', index, '--zpkg', zpkg, '--port', '0', '--log', 'error');
    delete process.env['CEM_CHECKPOINT'];
    let said = '';
    second.stderr!.on('data', (data) => {
      said += data;
    });
    const secondExit = once(second, 'exit');
    while (!/at (http:\S+);/.test(said) && second.exitCode === null) await setTimeout(20);
    second.kill('SIGTERM');
    assert.is((await secondExit)[0], 0, said);
    assert.match(said, 'searched by others');
    const refusal = await refusalOf(makeIndex(context));
    assert.is(refusal.code, 'FOLDER_LOCKED');
    assert.match(refusal.message, `process ${child.pid}`);
  } finally {
    child.kill('SIGTERM');
  }
  const [code] = await exit;
  assert.is(code, 0, errors);
  assert.is(JSON.parse(output).stopped_by, 'SIGTERM');
  assert.equal(
    (await readdir(index)).filter((name) => name.startsWith('lock')),
    [],
  );
});

test('an index made by another checkpoint is refused by name, and stays as it was', async (context) => {
  const before = await readFile(join(context.index, 'index.json'), 'utf8');
  const other = join(context.run, 'checkpoints', '2');
  const refusal = await refusalOf(
    runCommand(indexCommand, ['index', '--checkpoint', other, '--zpkg', context.zpkg, '--index', context.index]),
  );
  assert.is(refusal.code, 'INDEX_OTHER_CHECKPOINT');
  assert.match(refusal.message, other);
  assert.is(await readFile(join(context.index, 'index.json'), 'utf8'), before);
});

test('halves and a graph: reported, kept by the next run and by searches, and changed by naming others', async (context) => {
  const elsewhere = { ...context, index: join(context.folder, 'approximate') };
  const report = JSON.parse(
    await makeIndex(elsewhere, '--precision', 'half', '--vector-index', 'hnsw', '--hnsw-m', '8', '--ef-search', '200', '--json'),
  );
  assert.is(report.precision, 'half');
  assert.equal(report.vector_index, { kind: 'hnsw', m: 8, ef_construction: 64, ef_search: 200 });
  assert.ok(report.recall.recall >= 0.95 && report.recall.recall <= 1, `${report.recall.recall}`);
  assert.equal([report.recall.queries, report.recall.k], [100, 10]);
  const again = JSON.parse(await makeIndex(elsewhere, '--json'));
  assert.equal([again.encoded, again.precision, again.vector_index, again.recall], [0, 'half', report.vector_index, undefined]);
  const { results } = JSON.parse(await runCommand(searchCommand, ['search', 'violin bow', '--index', elsewhere.index, '--json']));
  assert.is(results.length, 5);
  assert.is((await refusalOf(makeIndex(elsewhere, '--precision', 'single'))).code, 'VECTOR_DIMENSION');
  assert.match(await makeIndex(elsewhere, '--vector-index', 'none'), / 8-d halves, /);
});

test('binary codes and int8: reported with their recall, searched, and kept by the next run', async (context) => {
  for (const precision of ['binary', 'int8'] as const) {
    const elsewhere = { ...context, index: join(context.folder, precision) };
    const report = JSON.parse(await makeIndex(elsewhere, '--precision', precision, '--json'));
    assert.is(report.precision, precision);
    assert.is(report.searches_by, precision === 'binary' ? 'codes' : 'vectors');
    if (precision === 'int8') assert.is(report.recall, undefined);
    // 8 values are 8 bits, and of 1,500 documents 1,200 candidates are ranked.
    else assert.ok(report.recall.recall >= 0.8 && report.recall.queries === 100, `${report.recall.recall}`);
    const again = JSON.parse(await makeIndex(elsewhere, '--json'));
    assert.equal([again.encoded, again.precision], [0, precision]);
    const search = async (index: string) =>
      JSON.parse(await runCommand(searchCommand, ['search', 'violin bow', '--index', index, '--json'])).results as {
        score: number;
      }[];
    const [found, exact] = [await search(elsewhere.index), await search(context.index)];
    assert.is(found.length, exact.length);
    found.forEach(({ score }, rank) => {
      // Of 8 values: 0.5 / 127 * sqrt(8) (tests/search/exact/exact-store.test.ts).
      const difference = score - exact[rank]!.score;
      assert.ok(
        difference <= 0.012 && difference >= (precision === 'int8' ? -0.012 : -0.1),
        `${score} against ${exact[rank]!.score}`,
      );
    });
    await using searcher = await openSearcher(elsewhere.index);
    assert.equal(searcher.description.vectors, {
      precision,
      search: precision === 'binary' ? 'codes in memory' : 'vectors',
    });
    assert.is((await searcher.search('violin bow', { k: 5 })).length, found.length);
  }
});

test('bad input is refused with one line and leaves nothing behind', async (context) => {
  const { folder, run, zpkg, index } = context;
  const fresh = join(folder, 'fresh');
  const attempt = (checkpoint: string, container: string, ...words: string[]) =>
    refusalOf(runCommand(indexCommand, ['index', '--checkpoint', checkpoint, '--zpkg', container, '--index', fresh, ...words]));
  assert.is((await attempt(run, join(folder, 'none.zpkg'))).code, 'FILE_OPEN');
  assert.is((await attempt(join(folder, 'nowhere'), zpkg)).code, 'CHECKPOINT_MISSING');
  const cut = join(folder, 'cut.zpkg');
  await cp(zpkg, cut);
  await cp(`${zpkg}.map`, `${cut}.map`);
  await truncate(cut, 5_000);
  assert.is((await attempt(run, cut)).code, 'ZPKG_TRUNCATED');
  assert.instance(await attempt(run, zpkg, '--database', 'mysql://x'), UsageError);
  assert.is((await attempt(run, zpkg, '--hnsw-m', '8')).code, 'INDEX_OPTIONS');
  assert.match(
    (await attempt(run, zpkg, '--vector-index', 'hnsw', '--ef-construction', '20')).message,
    /^--ef-construction: must be at least 2 m/,
  );
  assert.not.ok(existsSync(fresh));
  const unreachable = await attempt(run, zpkg, '--database', 'postgres://user:hush@127.0.0.1:1/x');
  assert.is(unreachable.code, 'DATABASE_UNREACHABLE');
  assert.not.match(unreachable.message, 'hush');
  assert.not.match(await readFile(join(fresh, 'building.json'), 'utf8'), 'hush');

  const search = (...words: string[]) => refusalOf(runCommand(searchCommand, ['search', ...words]));
  assert.is((await search('x', '--index', join(folder, 'none'))).code, 'INDEX_MISSING');
  assert.is((await search(' ', '--index', index)).code, 'SEARCH_QUERY');
  assert.is((await search('x', '--index', index, '--k', '0')).code, 'SEARCH_RESULT_COUNT');
  const serve = (...words: string[]) => refusalOf(runCommand(serveCommand, ['serve', '--index', index, ...words]));
  assert.is((await serve('--port', '70000')).code, 'SERVER_PORT');
  assert.is((await serve('--checkpoint', run)).code, 'SERVE_CHECKPOINT');
  await writeFile(join(folder, 'file'), '');
  assert.is((await search('x', '--index', join(folder, 'file'))).code, 'INDEX_MISSING');
});

test('the exit code of bad usage is 2, with one line on standard error', async ({ folder }) => {
  const child = start('search', 'x', '--index', join(folder, 'none'));
  let errors = '';
  child.stderr!.on('data', (data) => {
    errors += data;
  });
  const [code] = await once(child, 'exit');
  assert.is(code, 2);
  assert.match(errors, /^cem: [^\n]*INDEX_MISSING[^\n]*\n$/);
});

test.run();
