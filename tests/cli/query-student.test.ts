import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stringify } from 'yaml';
import { loadStudent, readCheckpointState } from '../../checkpoints/index.ts';
import { copyWeights } from '../../checkpoints/store/checkpoint.ts';
import { evalCommand } from '../../cli/commands/eval.ts';
import { exportCommand } from '../../cli/commands/export.ts';
import { trainCommand } from '../../cli/commands/train.ts';
import { LsaEmbedder, probeTeacher } from '../../encoders/index.ts';
import type { IndexManifest } from '../../rag/index.ts';
import { openQueryEncoder } from '../../rag/retrieval/query-encoder.ts';
import { anyBackend } from '../backend.ts';
import { errorOf } from '../fixtures/temporary-folder.ts';
import { tinyRun, writeDevData } from '../training/tiny-run.ts';
import { runCommand } from './run-command.ts';

interface Context {
  folder: string;
  run: string;
  data: string;
  index: string;
}

const test = suite<Context>('query student, end to end');

const DOCUMENTS = 40;
const QUERIES = 20;

/** A run with a query student, on passages that its benchmark asks for by their titles and first words; and what an index of them is without its vectors. */
test.before(async (context) => {
  await anyBackend();
  context.folder = await mkdtemp(join(tmpdir(), 'cem-query-student-'));
  context.run = join(context.folder, 'run');
  context.index = join(context.folder, 'index');
  context.data = await writeDevData(context.folder, DOCUMENTS, QUERIES);
  const values = tinyRun(context.data, 20, {
    checkpointEvery: 100,
    logEvery: 20,
    optimizer: { learningRate: 0.01, tablesLearningRate: 0.02 },
    query: { steps: 50, batchSize: 16 },
  });
  const query = {
    maximumSymbols: 128,
    patchSize: 8,
    tables: { sizes: [3, 5], rows: 400 },
    local: { dimension: 16, layers: 0, heads: 2, window: 8, crossAttentionHeads: 2 },
    global: { dimension: 16, layers: 0, heads: 2, feedForward: 24 },
  };
  const config = join(context.folder, 'tiny.yaml');
  await writeFile(config, stringify({ ...values, model: { ...(values['model'] as object), query } }));
  await runCommand(trainCommand, ['train', '--config', config, '--run', context.run]);
  const { folder, hash, state, query: queryStudent, student, teacherFolder, dispose } = await loadStudent(context.run);
  dispose();
  await copyWeights(queryStudent!.folder, join(context.index, 'query'));
  const { id, revision, config: teacherConfig, probe } = state.teacher;
  const manifest: IndexManifest = {
    version: 1,
    id: '0'.repeat(16),
    checkpoint: { path: folder, hash },
    teacher: { id, revision, config: teacherConfig, probe, folder: teacherFolder },
    dimension: student.dimension,
    zpkg: { path: join(context.run, 'corpus.zpkg'), identity: '' },
    queryStudent: { hash: queryStudent!.hash },
    store: { kind: 'pglite' },
    documents: DOCUMENTS,
    chunks: DOCUMENTS,
  };
  await writeFile(join(context.index, 'index.json'), JSON.stringify(manifest));
});
test.after(({ folder }) => rm(folder, { recursive: true, force: true }));

interface Result {
  readonly encoders: Record<string, Record<string, number>>;
  readonly conditions: Record<string, { readonly input: string }>;
  readonly descriptions: Record<string, { readonly settings: { readonly queries?: { readonly id: string } } }>;
  readonly speed: Record<string, unknown>;
}

const evaluate = ({ run, data }: Context, ...words: string[]): Promise<string> =>
  runCommand(evalCommand, ['eval', '--checkpoint', run, '--data', data, '--split', 'dev', ...words]);

test('cem eval has a row for it beside the student, asked by the teacher: far above chance', async (context) => {
  const result = JSON.parse(await evaluate(context, '--json')) as Result;
  assert.equal(Object.keys(result.encoders), ['teacher', 'student', 'query-student', 'bm25', 'random']);
  const ndcg = (row: string) => result.encoders[row]!['ndcg_at_10']!;
  console.log(['teacher', 'student', 'query-student'].map((row) => `${row} ${ndcg(row).toFixed(3)}`).join(', '));
  // By chance one relevant document of 40: (1/log2(2) + … + 1/log2(11)) / 40 = 4.54 / 40 = 0.114.
  assert.ok(ndcg('query-student') > 0.34, `nDCG@10 ${ndcg('query-student')}`);
  assert.equal(
    ['student', 'query-student'].map((row) => result.descriptions[row]!.settings.queries!.id),
    ['lsa', 'cem-query'],
  );
  assert.is(result.conditions['query-student']!.input, 'compressed chunks');
  // Its document vectors are the student's: nothing is encoded, or counted, twice.
  assert.equal(Object.keys(result.speed), ['teacher', 'student', 'random']);

  const text = await evaluate(context, '--encoders', 'query-student,student');
  // Before the student's row it encodes the documents itself: the same figures.
  assert.match(text, new RegExp(`^query-student +${ndcg('query-student').toFixed(4)} `, 'm'));
  assert.match(text, /\nqueries +\d+\.\d% of the student's nDCG@10/);
});

test('checkpoints say what their teacher computes; that of the query student inside needs not', async ({ run }) => {
  const { state, query, teacherFolder, dispose } = await loadStudent(run);
  dispose();
  assert.equal(state.teacher.probe, await probeTeacher(await LsaEmbedder.load(teacherFolder!)));
  assert.is((await readCheckpointState(query!.folder)).teacher.probe, undefined);
});

/** What encodes the queries of an index, without the database of its vectors. */
async function openedBy(index: string, options: Parameters<typeof openQueryEncoder>[1] = {}): Promise<string> {
  const manifest = JSON.parse(await readFile(join(index, 'index.json'), 'utf8')) as IndexManifest;
  const queryStudent = manifest.queryStudent && { folder: join(index, 'query'), hash: manifest.queryStudent.hash };
  const { queries, embedder } = await openQueryEncoder({ path: index, manifest, queryStudent }, options);
  const { id } = embedder.description;
  await embedder.dispose();
  return `${queries}: ${id}`;
}

test('the teacher encodes queries where it is at hand; without it, and without the run, the query student that the index keeps', async ({
  index,
  run,
  folder,
}) => {
  assert.is(await openedBy(index), 'teacher: lsa');
  assert.is(await openedBy(index, { queries: 'teacher' }), 'teacher: lsa');
  assert.is(await openedBy(index, { queries: 'student' }), 'student: cem-query');
  await rename(join(run, 'teacher'), join(folder, 'teacher.away'));
  await rename(join(run, 'checkpoints'), join(folder, 'checkpoints.away'));
  try {
    assert.is(await openedBy(index), 'student: cem-query');
    await errorOf(() => openedBy(index, { queries: 'teacher' }));
  } finally {
    await rename(join(folder, 'teacher.away'), join(run, 'teacher'));
    await rename(join(folder, 'checkpoints.away'), join(run, 'checkpoints'));
  }
});

test('a query student that was exchanged, or is not there, is refused by name', async ({ index, folder }) => {
  const other = join(folder, 'damaged-index');
  await mkdir(other);
  for (const part of ['index.json', 'query']) await cp(join(index, part), join(other, part), { recursive: true });
  const tables = join(other, 'query', 'tables.safetensors');
  const bytes = await readFile(tables);
  bytes[bytes.length - 1]! ^= 0x01;
  await writeFile(tables, bytes);
  assert.is((await errorOf(() => openedBy(other, { queries: 'student' }))).code, 'CHECKPOINT_HASH');
  const { queryStudent: _, ...manifest } = JSON.parse(await readFile(join(index, 'index.json'), 'utf8')) as IndexManifest;
  await writeFile(join(other, 'index.json'), JSON.stringify(manifest));
  assert.is((await errorOf(() => openedBy(other, { queries: 'student' }))).code, 'INDEX_NO_QUERY_STUDENT');
  assert.is(await openedBy(other), 'teacher: lsa');
});

test('exports carry it, as it is or rounded, and the hash of the whole covers it', async ({ run, folder }) => {
  const original = await loadStudent(run);
  original.dispose();
  const exported = async (...words: string[]) => {
    const output = join(folder, `export${words.length}`);
    await runCommand(exportCommand, ['export', '--checkpoint', run, '--output', output, ...words]);
    const loaded = await loadStudent(output);
    loaded.dispose();
    return { loaded, card: await readFile(join(output, 'README.md'), 'utf8') };
  };
  const same = await exported();
  assert.equal([same.loaded.hash, same.loaded.query!.hash], [original.hash, original.query!.hash]);
  assert.match(same.card, 'query student');
  const rounded = await exported('--precision', 'fp16', '--tables', 'int8');
  assert.not.equal(rounded.loaded.query!.hash, original.query!.hash);
  const size = async (at: string) => (await readFile(join(at, 'tables.safetensors'))).length;
  assert.ok((await size(rounded.loaded.query!.folder)) < 0.5 * (await size(original.query!.folder)));

  const { encoders } = JSON.parse(
    await evaluate(
      { run: rounded.loaded.folder, data: join(folder, 'dev-beir'), folder, index: '' },
      '--encoders',
      'query-student',
      '--dictionary',
      'corpus',
      '--json',
    ),
  ) as Result;
  assert.ok(encoders['query-student']!['ndcg_at_10']! > 0.3);
});

test.run();
