import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BROAD_CORPORA, CORPUS_FILES, type FetchCorpusOptions, fetchCorpus } from '../../../recipes/fetch-corpus/index.ts';
import { bringPackage } from '../../../recipes/fetch-corpus/packages/bring-package.ts';
import { debianVersion } from '../../../recipes/fetch-corpus/packages/debian.ts';
import { readPlainTexts } from '../../../recipes/fetch-corpus/readers/books.ts';
import { readBeirDocuments } from '../../../recipes/fetch-corpus/readers/local.ts';
import { codeOf } from '../../checkpoints/fixtures.ts';

interface Context {
  folder: string;
  path: string | undefined;
}

/** Programs that stand in for the registries' clients and write down when they are called. */
const NPM = `#!/bin/sh
echo npm >> "$CALLS"
mkdir package && printf 'The first paragraph of a book is long enough to be a passage of its own here.\\n' > package/book.txt
tar -czf book-1.0.0.tgz package && rm -r package
`;
const PIP = `#!/bin/sh
echo python3 >> "$CALLS"
echo 'no such version' >&2
exit 1
`;

const test = suite<Context>('fetch-corpus');
test.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-corpus-'));
  const programs = join(context.folder, 'programs');
  await mkdir(programs);
  for (const [name, script] of Object.entries({ npm: NPM, python3: PIP }))
    await writeFile(join(programs, name), script, { mode: 0o755 });
  context.path = process.env['PATH'];
  process.env['PATH'] = `${programs}:${context.path}`;
  process.env['CALLS'] = join(context.folder, 'calls');
  await mkdir(join(context.folder, 'local', 'docs-beir', 'qrels'), { recursive: true });
  const documents = Array.from({ length: 6 }, (_, index) => ({
    _id: `d${index}`,
    text: Array.from({ length: 30 }, (_, word) => `w${index * 100 + word}`).join(' '),
  }));
  const set = join(context.folder, 'local', 'docs-beir');
  await writeFile(join(set, 'corpus.jsonl'), documents.map((document) => `${JSON.stringify(document)}\n`).join(''));
  await writeFile(join(set, 'queries.jsonl'), `${JSON.stringify({ _id: 'q', text: 'a query' })}\n`);
  await writeFile(join(set, 'qrels', 'dev.tsv'), 'query-id\tcorpus-id\tscore\nq\td0\t1\n');
});
test.after.each(async ({ folder, path }) => {
  process.env['PATH'] = path;
  delete process.env['CALLS'];
  await rm(folder, { recursive: true, force: true });
});

const SOURCE = { licence: 'none', passages: 1, definitions: 0 };

function options({ folder }: Context): FetchCorpusOptions {
  return {
    into: join(folder, 'corpus'),
    local: join(folder, 'local'),
    corpus: {
      name: 'small',
      language: { tag: 'en', passageLength: 200, shortestPassage: 40 },
      sources: [
        {
          ...SOURCE,
          name: 'book',
          from: { registry: 'npm', name: '@books/book', version: '1.0.0' },
          read: (from) => readPlainTexts(from, /\.txt$/),
        },
        { ...SOURCE, name: 'gone', from: { registry: 'pypi', name: 'gone', version: '1.0' }, read: () => [] },
        { ...SOURCE, name: 'docs', from: { registry: 'local', name: 'docs-beir' }, read: (from) => readBeirDocuments(from) },
        { ...SOURCE, name: 'absent', from: { registry: 'local', name: 'absent-beir' }, read: () => [] },
      ],
      keptOut: [{ name: 'docs-beir', splits: ['dev'] }],
    },
  };
}

test('a corpus: passages of what can be had, the rest reported; a second call downloads nothing and writes the same', async (context) => {
  const result = await fetchCorpus(options(context));
  assert.is(result.passages, 6);
  assert.equal(
    result.sources.map(({ name, version, passages, keptOut }) => ({ name, version, passages, keptOut })),
    [
      { name: 'book', version: '1.0.0', passages: 1, keptOut: {} },
      // d0 is what the set measures with.
      { name: 'docs', version: '', passages: 5, keptOut: { 'docs-beir': 1 } },
    ],
  );
  assert.match(result.sources[0]!.sha256!, /^[0-9a-f]{64}$/);
  assert.equal(
    result.missing.map(({ name }) => name),
    ['gone', 'absent'],
  );
  assert.match(result.missing[0]!.reason, /python3 -m failed \(1\): no such version/);
  const file = join(result.folder, CORPUS_FILES.passages);
  const written = await readFile(file, 'utf8');
  const ids = written
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { _id: string })._id);
  assert.equal(ids.sort(), ['book.0', 'docs.0', 'docs.1', 'docs.2', 'docs.3', 'docs.4']);
  const { folder: _folder, ...manifest } = result;
  assert.equal(JSON.parse(await readFile(join(result.folder, CORPUS_FILES.manifest), 'utf8')), manifest);
  await fetchCorpus(options(context));
  assert.is(await readFile(file, 'utf8'), written);
  const calls = (await readFile(process.env['CALLS']!, 'utf8')).trim().split('\n');
  assert.is(calls.filter((call) => call === 'npm').length, 1);
});

test('a package that was cut while it was unpacked is brought again', async ({ folder }) => {
  const shelf = join(folder, 'packages', 'npm', 'book.part');
  await mkdir(shelf, { recursive: true });
  await writeFile(join(shelf, 'half.tgz'), 'half');
  const brought = await bringPackage({ registry: 'npm', name: 'book', version: '1.0.0' }, { folder });
  assert.match(await readFile(join(brought.folder, 'package', 'book.txt'), 'utf8'), /^The first paragraph/);
  await brought.release();
  assert.is(existsSync(brought.folder), false);
});

test('errors say what is missing', async (context) => {
  const { folder } = context;
  process.env['PATH'] = join(folder, 'nowhere');
  const reference = { registry: 'debian', name: 'wordnet-base' } as const;
  assert.is(await codeOf(() => bringPackage(reference, { folder })), 'CORPUS_TOOL_MISSING');
  assert.is(await codeOf(() => bringPackage({ registry: 'local', name: 'x' }, { folder })), 'CORPUS_LOCAL_MISSING');
  assert.is(await codeOf(() => fetchCorpus({ ...options(context), local: undefined })), 'CORPUS_EMPTY');
  assert.is(await codeOf(() => fetchCorpus({ ...options(context), corpus: 'broad-xx' })), 'CORPUS_UNKNOWN');
  const stopped = fetchCorpus({ ...options(context), signal: AbortSignal.abort(new Error('stopped')) });
  assert.is(await stopped.catch((error: unknown) => String(error)), 'Error: stopped');
});

test('versions of Debian packages, and the corpora themselves', () => {
  assert.is(debianVersion('wordnet-base_1%3a3.0-37_all.deb'), '1:3.0-37');
  for (const { sources, name } of BROAD_CORPORA) {
    assert.is(new Set(sources.map((source) => source.name)).size, sources.length, name);
    assert.ok(
      sources.every(({ licence, passages, definitions }) => licence !== '' && passages + definitions > 0),
      name,
    );
  }
});

test.run();
