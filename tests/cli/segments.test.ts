import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CommandModule } from 'yargs';
import { UsageError } from '../../base/index.ts';
import type { GlobalOptions } from '../../cli/command.ts';
import { addCommand } from '../../cli/commands/add.ts';
import { indexCommand } from '../../cli/commands/build-index.ts';
import { catCommand } from '../../cli/commands/cat.ts';
import { compactCommand } from '../../cli/commands/compact.ts';
import { inspectCommand } from '../../cli/commands/inspect.ts';
import { removeCommand } from '../../cli/commands/remove.ts';
import { searchCommand } from '../../cli/commands/search.ts';
import { verifyCommand } from '../../cli/commands/verify.ts';
import { errorOf, withTemporaryFolder, writeJsonl } from '../fixtures/temporary-folder.ts';
import { saveUntrainedStudent } from '../fixtures/untrained-student.ts';
import { runCommand } from './run-command.ts';

const STUDENT_PACK = { level: 3, targetChunkSize: 200, dictionarySize: 65536 };

const test = suite('cem add, remove, compact, and what takes a corpus folder');

const TOPICS = ['granite quarry', 'orchid meadow', 'harbour crane', 'violin bow', 'comet tail', 'saffron spice'];
const ROWS = Array.from({ length: 60 }, (_, number) => {
  const topic = TOPICS[number % TOPICS.length]!;
  return {
    _id: `d${number}`,
    title: `${topic} ${number}`,
    text: `Notes on the ${topic}, part ${number}: ${`${topic} and what belongs to it. `.repeat(1 + (number % 5))}`,
  };
});
const textOf = ({ title, text }: { title: string; text: string }) => `${title} ${text}`.trim();
const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

async function json<Options>(
  command: CommandModule<GlobalOptions, Options>,
  ...words: string[]
): Promise<Record<string, unknown>> {
  return JSON.parse(await runCommand(command, [...words, '--json'])) as Record<string, unknown>;
}

async function makeCorpus(folder: string): Promise<{ input: string; corpus: string }> {
  const input = await writeJsonl(join(folder, 'corpus.jsonl'), ROWS);
  const corpus = join(folder, 'corpus');
  await runCommand(addCommand, ['add', corpus, input, '--level', '3', '--target-chunk-size', '200']);
  return { input, corpus };
}

test('add, inspect, cat, remove, verify and compact agree, as JSON and as text', async () => {
  await withTemporaryFolder(async (folder) => {
    const { input, corpus } = await makeCorpus(folder);
    assert.match(
      await runCommand(addCommand, ['add', corpus, input]),
      /0 documents added, 0 replaced, 60 unchanged; 60 documents as before/,
    );
    const news = await writeJsonl(join(folder, 'news.jsonl'), [
      { _id: 'd7', text: 'Seven anew.' },
      { _id: 'fresh', text: 'Fresh.' },
    ]);
    const added = await json(addCommand, 'add', corpus, news);
    assert.equal([added['added'], added['replaced'], added['documents'], added['segment']], [1, 1, 61, 'segment-2.zpkg']);
    const list = join(folder, 'gone.txt');
    await writeFile(list, 'd3\r\n\nabsent\n');
    const removed = await json(removeCommand, 'remove', corpus, 'd4', '--from', list, '--ignore-missing');
    assert.equal([removed['removed'], removed['missing'], removed['documents']], [2, 1, 59]);

    assert.is(await runCommand(catCommand, ['cat', corpus, '--id', 'd7']), 'Seven anew.\n');
    assert.is(await runCommand(catCommand, ['cat', corpus, '--id', 'd58']), `${textOf(ROWS[58]!)}\n`);
    const { chunks } = await json(catCommand, 'cat', corpus, '--id', 'fresh');
    assert.is(await runCommand(catCommand, ['cat', corpus, '--chunk', String((chunks as number[])[0])]), 'Fresh.\n');

    const before = await json(inspectCommand, 'inspect', corpus);
    assert.equal([before['documents'], (before['segments'] as unknown[]).length], [59, 2]);
    assert.match(await runCommand(inspectCommand, ['inspect', corpus]), /segment-1\.zpkg .* 57 documents, 3 removed\n/);
    // Every file of the folder is in the bytes of the whole system.
    const system = before['system'] as { without_vectors: number; rows: number };
    assert.equal([system.without_vectors, system.rows], [before['file_bytes'], before['chunks']]);
    assert.match(await runCommand(verifyCommand, ['verify', corpus]), /is whole: 59 documents/);
    const compacted = await json(compactCommand, 'compact', corpus);
    assert.equal([compacted['segments_before'], compacted['segments'], compacted['documents']], [2, 1, 59]);
    const after = await json(inspectCommand, 'inspect', corpus);
    assert.is(after['content_bytes'], before['content_bytes']);
    assert.is(after['removed_bytes'], 0);
    assert.ok((after['file_bytes'] as number) < (before['file_bytes'] as number));
    assert.match(await runCommand(compactCommand, ['compact', corpus]), /1 segments .* became 1 /);
    assert.match(await runCommand(compactCommand, ['compact', corpus, '--recompress']), /59 documents/);
    assert.is(await runCommand(catCommand, ['cat', corpus, '--id', 'd58']), `${textOf(ROWS[58]!)}\n`);
  });
});

test('bad input: one clear line, and whether it is bad usage (exit 2) or a failure (exit 1)', async () => {
  await withTemporaryFolder(async (folder) => {
    const { input, corpus } = await makeCorpus(folder);
    const absent = join(folder, 'absent');
    const documents = join(folder, 'documents');
    await mkdir(documents);
    await writeFile(join(documents, 'a.md'), 'x');
    for (const [run, code, usage] of [
      [() => runCommand(removeCommand, ['remove', absent, 'd1']), 'CORPUS_MISSING', true],
      [() => runCommand(compactCommand, ['compact', absent]), 'CORPUS_MISSING', true],
      [() => runCommand(inspectCommand, ['inspect', documents]), 'CORPUS_MISSING', true],
      [() => runCommand(verifyCommand, ['verify', documents]), 'CORPUS_MISSING', true],
      [() => runCommand(catCommand, ['cat', documents, '--id', 'a.md']), 'CORPUS_MISSING', true],
      [() => runCommand(addCommand, ['add', documents, input]), 'CORPUS_FOLDER', true],
      [() => runCommand(addCommand, ['add', corpus, input, '--level', '4']), 'CORPUS_SETTINGS', true],
      [() => runCommand(addCommand, ['add', corpus, absent]), 'FILE_OPEN', false],
      [() => runCommand(removeCommand, ['remove', corpus]), 'USAGE', true],
      [() => runCommand(removeCommand, ['remove', corpus, 'd1', 'absent']), 'CORPUS_UNKNOWN_ID', false],
      [() => runCommand(catCommand, ['cat', corpus, '--id', 'absent']), 'MAPPING_UNKNOWN_ID', false],
      [() => runCommand(catCommand, ['cat', corpus, '--chunk', '100000']), 'CORPUS_CHUNK', false],
    ] as const) {
      const error = await errorOf(run);
      assert.is(error.code, code);
      assert.is(error instanceof UsageError, usage, code);
      assert.not.match(error.message, /\n/);
    }
    const files = (await readdir(corpus)).filter((name) => name.endsWith('.zpkg'));
    const bytes = await readFile(join(corpus, files[0]!));
    bytes[bytes.indexOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd])) + 6]! ^= 0xff;
    await writeFile(join(corpus, files[0]!), bytes);
    const error = await errorOf(() => runCommand(verifyCommand, ['verify', corpus]));
    assert.is(error.code, 'VERIFY_FAILED');
    assert.match(error.message, /chunk 0 /);
  });
});

test('pack reads JSONL from standard input', async () => {
  await withTemporaryFolder(async (folder) => {
    const pack = (output: string, input: string) =>
      spawnSync(process.execPath, ['--import', 'tsx', MAIN, 'pack', '-', output, '--level', '1'], { input, encoding: 'utf8' });
    const output = join(folder, 'corpus.zpkg');
    const packed = pack(output, ROWS.map((row) => `${JSON.stringify(row)}\n`).join(''));
    assert.is(packed.status, 0, packed.stderr);
    assert.is(await runCommand(catCommand, ['cat', output, '--id', 'd9']), `${textOf(ROWS[9]!)}\n`);
    const refused = pack(join(folder, 'refused.zpkg'), 'no JSON\n');
    assert.is(refused.status, 1);
    assert.match(refused.stderr, /standard-input\.jsonl:1 is not JSON.*\[DATA_JSON\]/);
  });
});

test('index and search follow a corpus folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cem-segments-cli-'));
  try {
    const { corpus } = await makeCorpus(folder);
    const run = join(folder, 'run');
    const index = join(folder, 'index');
    await saveUntrainedStudent(run, { texts: ROWS.map(textOf), dimension: 8, pack: STUDENT_PACK });
    const bringUpToDate = () => json(indexCommand, 'index', '--checkpoint', run, '--zpkg', corpus, '--index', index);
    const search = async () =>
      (await json(searchCommand, 'search', 'violin bow', '--index', index, '--k', '60'))['results'] as {
        id: string;
        text: string;
      }[];

    const made = await bringUpToDate();
    assert.is(made['documents'], 60);
    const results = await search();
    assert.is(results.length, 60);
    for (const { id, text } of results) assert.ok(textOf(ROWS.find(({ _id }) => _id === id)!).includes(text) && text.length > 0);

    const news = await writeJsonl(join(folder, 'news.jsonl'), [{ _id: 'd7', text: 'Seven anew.' }]);
    await runCommand(addCommand, ['add', corpus, news]);
    await runCommand(removeCommand, ['remove', corpus, 'd8']);
    assert.is((await errorOf(search)).code, 'INDEX_ZPKG_CHANGED');
    const updated = await bringUpToDate();
    assert.equal([updated['documents'], updated['encoded']], [59, 1]);
    await runCommand(compactCommand, ['compact', corpus]);
    const found = await search();
    assert.is(found.length, 59);
    assert.is(found.find(({ id }) => id === 'd7')?.text, 'Seven anew.');
    assert.not(found.some(({ id }) => id === 'd8'));
    assert.is((await bringUpToDate())['encoded'], 0);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.run();
