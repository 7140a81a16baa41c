import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError, UsageError } from '../../base/errors.ts';
import { loadStudent } from '../../checkpoints/index.ts';
import { indexCommand } from '../../cli/commands/build-index.ts';
import { searchCommand } from '../../cli/commands/search.ts';
import { type Document, DocumentReader, packCorpus } from '../../data/index.ts';
import { synchroniseIndex } from '../../rag/index.ts';
import { ExactStore } from '../../search/exact/index.ts';
import type { WireResult } from '../../server/schemas/index.ts';
import { testBackend } from '../backend.ts';
import { saveUntrainedStudent } from '../fixtures/untrained-student.ts';
import { runCommand } from './run-command.ts';

interface Context {
  folder: string;
  run: string;
  zpkg: string;
  index: string;
}

const test = suite<Context>('cem index and search with passages');

const PACK = { level: 3, targetChunkSize: 2048, dictionarySize: 2048 };
const TOPICS = ['granite quarry', 'orchid meadow', 'harbour crane', 'violin bow', 'comet tail', 'saffron spice'];

/** Long documents, each of many paragraphs on all of the topics in another order. */
const documents: Document[] = Array.from({ length: 40 }, (_, number) => ({
  id: `d${number}`,
  title: `Document ${number}`,
  text: Array.from({ length: 12 + number }, (_, paragraph) => {
    const topic = TOPICS[(number * 5 + paragraph) % TOPICS.length]!;
    return `Paragraph ${paragraph} of ${number} is about the ${topic}. ${`The ${topic} ${number * paragraph}, and more. `.repeat(4)}`;
  }).join('\n\n'),
  metadata: { source: `notes/${number}.md` },
}));

test.before(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-search-passages-'));
  context.run = join(context.folder, 'run');
  context.zpkg = join(context.folder, 'corpus.zpkg');
  context.index = join(context.folder, 'index');
  await testBackend();
  await packCorpus(
    async function* () {
      yield* documents;
    },
    context.zpkg,
    { ...PACK, passageSize: 256 },
  );
  await saveUntrainedStudent(context.run, {
    texts: documents.flatMap(({ text }) => text.split('\n\n')),
    dimension: 8,
    pack: PACK,
    steps: [1],
  });
});
test.after(({ folder }) => rm(folder, { recursive: true, force: true }));

const search = ({ index }: Context, ...words: string[]) => runCommand(searchCommand, ['search', '--index', index, ...words]);
const searchJson = async (context: Context, ...words: string[]) =>
  (JSON.parse(await search(context, '--json', ...words)) as { results: WireResult[] }).results;

test('index counts passages, and the student makes them through a reader that cannot decompress', async (context) => {
  const { run, zpkg, index } = context;
  const words = ['index', '--checkpoint', run, '--zpkg', zpkg, '--index', index];
  const text = await runCommand(indexCommand, words);
  const [, chunks, passages, encoded] = /40 documents, (\d+) chunks, (\d+) passages \((\d+) encoded now/.exec(text)!;
  assert.is(encoded, passages);
  assert.ok(Number(passages) > 2 * Number(chunks), text);
  const report = JSON.parse(await runCommand(indexCommand, [...words, '--json']));
  assert.equal([report.chunks, report.passages, report.encoded, report.removed], [Number(chunks), Number(passages), 0, 0]);

  const decompressor = () => ({
    decompress: (): Uint8Array => {
      throw new CemError('TEST_DECOMPRESSED', 'a document was decompressed');
    },
  });
  await using reader = await DocumentReader.open(zpkg, { decompressor });
  const { student, dispose } = await loadStudent(run);
  const store = new ExactStore(student.dimension);
  const result = await synchroniseIndex(reader, student, store);
  assert.equal([result.chunks, result.passages], [report.chunks, report.passages]);
  // Ranking reads no text either.
  const hits = await store.search(
    Float32Array.from({ length: 8 }, () => 1),
    { k: 40 },
  );
  assert.is(hits.length, 40);
  dispose();
});

test('a result is a passage with its place in the source; --units gives the chunk around it', async (context) => {
  const text = await search(context, 'orchid meadow', '--k', '3');
  assert.match(text, /^1\. d\d+ {2}\(score -?\d\.\d{4}, chunk \d+, passage \d+, bytes [\d,]+-[\d,]+\)\n {3}\S/);
  const results = await searchJson(context, 'orchid meadow', '--k', '40', '--units');
  assert.is(results.length, 40);
  for (const { id, passage, span, text: found, unit } of results) {
    const document = documents.find((candidate) => candidate.id === id)!;
    const own = document.text.slice(span!.start, span!.end);
    assert.is(found, found.startsWith(document.title) ? `${document.title} ${own}` : own);
    assert.is(unit!.text.slice(unit!.passage.start, unit!.passage.end), found);
    assert.ok(Number.isInteger(passage) && unit!.text.length > found.length, 'every chunk has several passages');
  }
  assert.ok(results.some(({ passage }) => passage > 0));
  const without = await searchJson(context, 'orchid meadow', '--k', '40');
  assert.equal(
    without,
    results.map(({ unit: _, ...rest }) => rest),
  );
  const shown = await search(context, 'orchid meadow', '--k', '1', '--units');
  assert.is(shown.split('\n   ').slice(2).join('\n').trimEnd(), results[0]!.unit!.text.trim());
});

test('--scoring mean: by the mean of the best passages', async (context) => {
  const most = await searchJson(context, 'violin bow', '--k', '40');
  const mean = await searchJson(context, 'violin bow', '--k', '40', '--scoring', 'mean');
  assert.equal(await searchJson(context, 'violin bow', '--k', '40', '--scoring', 'mean', '--best', '3'), mean);
  const best = new Map(most.map(({ id, score }) => [id, score]));
  assert.ok(mean.every(({ id, score }) => score <= best.get(id)! + 1e-6) && mean.some(({ id, score }) => score < best.get(id)!));
  const one = await searchJson(context, 'violin bow', '--k', '40', '--scoring', 'mean', '--best', '1');
  assert.equal(
    one.map(({ id, passage }) => [id, passage]),
    most.map(({ id, passage }) => [id, passage]),
  );
  for (const words of [
    ['--best', '3'],
    ['--scoring', 'mean', '--best', '0'],
    ['--scoring', 'mean', '--best', '1.5'],
    ['--scoring', 'mean', '--best', '101'],
  ]) {
    const error = await search(context, 'x', ...words).then(
      () => assert.unreachable(),
      (reason: unknown) => reason as UsageError,
    );
    assert.instance(error, UsageError);
    assert.is(error!.code, 'SEARCH_SCORING');
    assert.match(error!.message, /^--best/);
  }
});

test.run();
