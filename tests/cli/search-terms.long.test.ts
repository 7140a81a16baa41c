import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { UsageError } from '../../base/errors.ts';
import { addCommand } from '../../cli/commands/add.ts';
import { indexCommand } from '../../cli/commands/build-index.ts';
import { inspectCommand } from '../../cli/commands/inspect.ts';
import { packCommand } from '../../cli/commands/pack.ts';
import { searchCommand } from '../../cli/commands/search.ts';
import { verifyCommand } from '../../cli/commands/verify.ts';
import type { SearchAnswer } from '../../server/schemas/index.ts';
import { anyBackend } from '../backend.ts';
import { saveUntrainedStudent } from '../fixtures/untrained-student.ts';
import { runCommand } from './run-command.ts';

interface Context {
  folder: string;
}

const test = suite<Context>('cem with terms, from pack to search');

const TOPICS = ['granite quarry', 'orchid meadow', 'harbour crane', 'violin bow', 'comet tail', 'saffron spice'];
const LINES = Array.from({ length: 30 }, (_, number) => ({
  _id: `d${number}`,
  title: number === 11 ? 'ERR_FOO_BAR' : `Document ${number}`,
  text: Array.from({ length: 8 }, (_, paragraph) => {
    const topic = TOPICS[(number * 5 + paragraph) % TOPICS.length]!;
    return `Paragraph ${paragraph} is about the ${topic}. ${`The ${topic} ${number * paragraph}, and more. `.repeat(4)}`;
  }).join('\n\n'),
}));

test.before(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-search-terms-'));
  await anyBackend();
  await writeFile(join(context.folder, 'corpus.jsonl'), LINES.map((line) => JSON.stringify(line)).join('\n'));
  await saveUntrainedStudent(join(context.folder, 'run'), {
    texts: LINES.flatMap(({ text }) => text.split('\n\n')),
    dimension: 8,
    pack: { level: 3, targetChunkSize: 2048, dictionarySize: 2048 },
    steps: [1],
  });
});
test.after(async ({ folder }) => {
  await rm(folder, { recursive: true, force: true });
});

const PACKING = ['--level', '3', '--passage-size', '256', '--dictionary-size', '2048'];

test('terms are packed, counted, indexed and searched; each result of hybrid says who found it', async ({ folder }) => {
  const [input, zpkg, index, run] = ['corpus.jsonl', 'a.zpkg', 'index', 'run'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  const packed = await runCommand(packCommand, ['pack', input, zpkg, ...PACKING, '--terms', 'words']);
  assert.match(packed, /their terms/);
  assert.match(await runCommand(verifyCommand, ['verify', zpkg]), /passages with their terms/);
  const inspected = JSON.parse(await runCommand(inspectCommand, ['inspect', zpkg, '--json']));
  assert.ok(inspected.term_bytes > 0);
  assert.is(inspected.system.parts.terms, inspected.term_bytes);
  assert.match(await runCommand(inspectCommand, ['inspect', zpkg]), /^ {4}terms /m);
  const indexing = ['index', '--checkpoint', run, '--zpkg', zpkg, '--index', index];
  assert.match(await runCommand(indexCommand, indexing), /and terms/);
  const search = async (...words: string[]): Promise<SearchAnswer> =>
    JSON.parse(await runCommand(searchCommand, ['search', '--index', index, '--json', ...words]));
  const { results } = await search('--retrievers', 'bm25', 'err_foo_bar');
  assert.equal(
    results.map(({ id, parts }) => [id, parts]),
    [['d11', undefined]],
  );
  assert.is((await search('--retrievers', 'bm25', 'unheard')).note, "none of the query's words is in the index");
  const hybrid = (await search('--retrievers', 'hybrid', '--k', '20', 'orchid meadow')).results;
  assert.ok(hybrid.every(({ parts }) => parts!.every(({ rank }) => rank >= 1)));
  assert.equal(new Set(hybrid.flatMap(({ parts }) => parts!.map(({ retriever }) => retriever))), new Set(['bm25', 'vectors']));
  assert.is((await search('orchid meadow')).results[0]!.parts, undefined);
});

test('a corpus folder keeps the analyzer that it was made with; an index without terms says how to get them', async ({
  folder,
}) => {
  const [input, corpus, index, run] = ['corpus.jsonl', 'corpus', 'plain', 'run'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  const failing = (promise: Promise<unknown>): Promise<UsageError> =>
    promise.then(
      () => assert.unreachable(),
      (reason: unknown) => reason as UsageError,
    ) as Promise<UsageError>;
  await runCommand(addCommand, ['add', corpus, input, ...PACKING, '--terms', 'words']);
  const more = join(folder, 'more.jsonl');
  await writeFile(more, JSON.stringify({ _id: 'more', title: '', text: 'one more, about the orchid' }));
  assert.match(await runCommand(addCommand, ['add', corpus, more]), /1 documents added/);
  for (const other of ['characters', 'none'])
    assert.is((await failing(runCommand(addCommand, ['add', corpus, more, '--terms', other]))).code, 'CORPUS_SETTINGS');
  const plain = join(folder, 'plain.zpkg');
  await runCommand(packCommand, ['pack', input, plain, ...PACKING]);
  await runCommand(indexCommand, ['index', '--checkpoint', run, '--zpkg', plain, '--index', index]);
  const error = await failing(runCommand(searchCommand, ['search', '--index', index, '--retrievers', 'hybrid', 'x']));
  assert.is(error.code, 'INDEX_NO_TERMS');
  assert.match(error.message, /--terms words/);
});

test.run();
