import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError, UsageError } from '../../base/errors.ts';
import { demoCommand } from '../../cli/commands/demo.ts';
import { searchCommand } from '../../cli/commands/search.ts';
import { createReporter } from '../../cli/output/reporter.ts';
import { documentText, readBeir, readCorpus } from '../../data/index.ts';
import { makeDemoCorpus } from '../../recipes/demo/demo-corpus.ts';
import { openDemoFolder, writeDemoCorpus } from '../../recipes/demo/demo-folder.ts';
import { StageClock } from '../../recipes/demo/stage-clock.ts';
import { installedPackages, type MarkdownFile, readMarkdownFiles } from '../../recipes/shared/installed-markdown.ts';
import { runCommand } from './run-command.ts';

interface Context {
  folder: string;
}

const test = suite<Context>('cem demo');

test.before(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-demo-'));
});

test.after(async ({ folder }) => {
  await rm(folder, { recursive: true, force: true });
});

/** A file of `count` sections of 600 characters or so, no two alike. */
function markdownFile(name: string, count: number): MarkdownFile {
  const sections = Array.from({ length: count }, (_, section) => {
    const sentences = Array.from(
      { length: 8 },
      (_, number) => `The ${name} manual explains in section ${section} and sentence ${number} how a reader may go on with it.`,
    );
    return `## Section ${section}\n\n${sentences.join(' ')}\n`;
  });
  return { name, markdown: `# ${name}\n\n${sections.join('\n')}` };
}

const FILES = Array.from({ length: 12 }, (_, number) => markdownFile(`package-${String.fromCharCode(97 + number)}`, 10));

async function errorOf(work: () => unknown): Promise<CemError> {
  const error: unknown = await (async () => work())().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.instance(error, CemError);
  return error as CemError;
}

async function gather<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const all: Value[] = [];
  for await (const value of values) all.push(value);
  return all;
}

test('whole files are held out, each document with a sentence that it no longer has', () => {
  const { training, heldOut } = makeDemoCorpus(FILES, { heldOut: 20, seed: 1 });
  // 12 files of 10 passages; two files make the 20 wanted.
  assert.is(heldOut.length, 20);
  assert.is(training.length, 100);
  const fileOf = (id: string): string => id.split('#')[0]!;
  const trained = new Set(training.map(({ id }) => fileOf(id)));
  for (const { document } of heldOut) assert.not.ok(trained.has(fileOf(document.id)), document.id);
  const everything = [...training, ...heldOut.map(({ document }) => document)].map(documentText).join('\n');
  for (const { query } of heldOut) assert.not.ok(everything.includes(query), query);
  const source = FILES.map(({ markdown }) => markdown).join('\n');
  for (const { query } of heldOut) assert.ok(source.includes(query), query);
});

test('the same files give the same corpus; another seed holds out others', () => {
  const first = makeDemoCorpus(FILES, { heldOut: 20, seed: 1 });
  assert.equal(makeDemoCorpus(FILES, { heldOut: 20, seed: 1 }), first);
  assert.not.equal(makeDemoCorpus(FILES, { heldOut: 20, seed: 2 }).heldOut, first.heldOut);
});

test('at most a fifth is held out, and a passage that occurs twice is taken once', () => {
  const again = FILES.map(({ name, markdown }) => ({ name: `copy-of-${name}`, markdown }));
  const { training, heldOut } = makeDemoCorpus([...FILES, ...again], { heldOut: 1000, seed: 1 });
  assert.is(training.length + heldOut.length, 120);
  assert.ok(heldOut.length <= 26 && heldOut.length >= 20, `${heldOut.length} held out`);
});

test('too little text is refused', async () => {
  const error = await errorOf(() => makeDemoCorpus(FILES.slice(0, 1), { heldOut: 20, seed: 1 }));
  assert.is(error.code, 'DEMO_TOO_LITTLE_TEXT');
});

test('of several versions of a package the least deep file is read; legal texts and lists of changes are not', async ({
  folder,
}) => {
  const modules = join(folder, 'packages', 'node_modules');
  const files = {
    'alpha/README.md': 'top',
    'alpha/CHANGELOG.md': 'changes',
    'alpha/LICENSE.md': 'terms',
    'alpha/index.js': 'code',
    'beta/node_modules/alpha/README.md': 'nested',
    'beta/node_modules/@scope/gamma/docs/guide.markdown': 'guide',
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(modules, name, '..'), { recursive: true });
    await writeFile(join(modules, name), text);
  }
  assert.equal(await readMarkdownFiles(modules), [
    { name: '@scope/gamma/docs/guide.markdown', markdown: 'guide' },
    { name: 'alpha/README.md', markdown: 'top' },
  ]);
  await mkdir(join(folder, 'empty'));
  for (const missing of ['empty', 'nowhere']) {
    assert.is((await errorOf(() => readMarkdownFiles(join(folder, missing)))).code, 'DEMO_NO_MARKDOWN');
  }
});

test('the installed packages hold enough for the demo', async () => {
  const { training, heldOut } = makeDemoCorpus(await readMarkdownFiles(installedPackages()), { heldOut: 600, seed: 1 });
  assert.ok(training.length > 1000, `${training.length} to train on`);
  assert.ok(heldOut.length > 300, `${heldOut.length} held out`);
});

test('the corpus is written as JSONL and in BEIR layout, and reads back', async ({ folder }) => {
  const corpus = makeDemoCorpus(FILES, { heldOut: 20, seed: 1 });
  const demo = await openDemoFolder(join(folder, 'written'), false);
  await writeDemoCorpus(demo, corpus);
  const training = await gather(readCorpus(demo.training));
  assert.equal(
    training.map(({ id, title, text }) => ({ id, title, text })),
    corpus.training,
  );
  const { documents, queries, qrels } = await readBeir(demo.heldOut, 'test');
  assert.is((await gather(documents())).length, 20);
  for (const { document, query } of corpus.heldOut) {
    assert.is(queries.get(`query:${document.id}`), query);
    assert.equal([...qrels.get(`query:${document.id}`)!], [[document.id, 1]]);
  }
  const again = await openDemoFolder(demo.path, false);
  assert.is(again.continued, true);
  await rm(demo.training);
  await writeDemoCorpus(again, corpus);
  assert.is((await gather(readCorpus(demo.training))).length, 100);
  const other = makeDemoCorpus(FILES, { heldOut: 20, seed: 2 });
  assert.is((await errorOf(() => writeDemoCorpus(again, other))).code, 'DEMO_CORPUS_CHANGED');
});

test('--force deletes a demo and nothing else', async ({ folder }) => {
  const other = join(folder, 'other');
  await mkdir(other);
  await writeFile(join(other, 'thesis.txt'), 'three years of work');
  for (const force of [false, true]) {
    const error = await errorOf(() => openDemoFolder(other, force));
    assert.instance(error, UsageError);
    assert.is(error.code, 'DEMO_FOLDER');
  }
  assert.is(await readFile(join(other, 'thesis.txt'), 'utf8'), 'three years of work');

  const demo = await openDemoFolder(join(folder, 'forced'), false);
  await writeDemoCorpus(demo, makeDemoCorpus(FILES, { heldOut: 20, seed: 1 }));
  assert.is((await openDemoFolder(demo.path, true)).continued, false);
  assert.is((await errorOf(() => gather(readCorpus(demo.training)))).code, 'FILE_OPEN');
});

test('the clock notes what is done, in order', async () => {
  const clock = new StageClock();
  const reporter = clock.watch(createReporter({ quiet: true }));
  reporter.stage('first').done();
  reporter.stage('broken').fail();
  assert.is(await clock.time('second', async () => 7), 7);
  assert.equal(
    clock.times.map(({ name }) => name),
    ['first', 'second'],
  );
  for (const { seconds } of clock.times) assert.ok(seconds >= 0 && seconds < 10);
});

/** Settings that make a demo of seconds. */
const SMALL = [
  'model.tables.rows=1000',
  'model.local.dimension=64',
  'model.global.layers=0',
  'teacher.dimension=64',
  'training.steps=60',
  'training.optimizer.learningRate=0.003',
  'training.optimizer.tablesLearningRate=0.02',
  'training.sentences.batchSize=32',
  'training.passages.batchSize=8',
  'training.schedule.warmupSteps=5',
].flatMap((setting) => ['--set', setting]);

/** The Markdown of two installed packages. */
async function copyDocumentation(folder: string): Promise<string> {
  for (const name of ['fastify', 'pino']) {
    await cp(join(installedPackages(), name, 'docs'), join(folder, name), {
      recursive: true,
      filter: (path) => extname(path) === '' || extname(path) === '.md',
    });
  }
  return folder;
}

test('the whole demo in small: trains, evaluates, indexes, searches, and goes on when it is run again', async ({ folder }) => {
  const source = await copyDocumentation(join(folder, 'source'));
  const run = join(folder, 'run');
  const words = ['demo', '--source', source, '--run', run, '--json', ...SMALL];
  const report = JSON.parse(await runCommand(demoCommand, words));
  const { student, random } = report.evaluation.encoders;
  assert.ok(student.ndcg_at_10 >= 5 * random.ndcg_at_10, `${student.ndcg_at_10} against ${random.ndcg_at_10}`);
  assert.equal(
    // Where the package brings a checkpoint and its teacher is at hand, that has a stage too.
    report.stages.flatMap(({ name }: { name: string }) => (name === 'evaluate cem-small-en' ? [] : [name])),
    [
      'corpus',
      'pack',
      'known text',
      'fit teacher',
      'label passages',
      'label sentences',
      'compress sentences',
      'train',
      'evaluate',
      'index',
      'search',
    ],
  );
  assert.is(report.searches.length, 3);
  for (const { results } of report.searches) assert.is(results.length, 3);

  const { query, results } = report.searches[0];
  const found = JSON.parse(
    await runCommand(searchCommand, ['search', query, '--index', join(run, 'index'), '--k', '3', '--json']),
  );
  assert.equal(found.results, results);

  // The run itself as the checkpoint that is there already: it ranks the same documents, packed alike, as the student does.
  process.env['CEM_CHECKPOINT'] = run;
  const again = JSON.parse(await runCommand(demoCommand, words));
  delete process.env['CEM_CHECKPOINT'];
  const { run: ready, ...own } = again.evaluation.encoders;
  for (const name of ['teacher', 'student', 'bm25', 'random']) assert.equal(own[name], report.evaluation.encoders[name]);
  assert.equal(ready, own.student);
  assert.ok(again.stages.some(({ name }: { name: string }) => name === 'evaluate run'));
  assert.not.ok(again.stages.some(({ name }: { name: string }) => name === 'pack' || name === 'fit teacher'));
});

test('a student that learned nothing fails the demo', async ({ folder }) => {
  const source = await copyDocumentation(join(folder, 'source'));
  const settings = ['training.steps=1', 'training.optimizer.learningRate=1e-9', 'training.optimizer.tablesLearningRate=1e-9'];
  const words = ['demo', '--source', source, '--run', join(folder, 'weak'), ...SMALL];
  for (const setting of settings) words.push('--set', setting);
  assert.is((await errorOf(() => runCommand(demoCommand, words))).code, 'DEMO_NOT_LEARNED');
});

test.run();
