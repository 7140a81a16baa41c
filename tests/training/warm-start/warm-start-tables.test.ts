import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadStudent, readSafetensors } from '../../../checkpoints/index.ts';
import { DocumentReader, documentText, readCorpus } from '../../../data/index.ts';
import { LsaEmbedder } from '../../../encoders/index.ts';
import { type TrainOptions, train } from '../../../training/index.ts';
import { testBackend } from '../../backend.ts';
import { collect, errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { silent, trainOptions } from '../../fixtures/train-options.ts';
import { metricsOf, tinyRun, writePassages } from '../tiny-run.ts';

interface Context {
  folder: string;
  source: string;
}

const test = suite<Context>('warm start of tables');
test.before(async (context) => {
  await testBackend();
  context.folder = await mkdtemp(join(tmpdir(), 'cem-warm-'));
  context.source = await writePassages(context.folder, DOCUMENTS);
});
test.after(({ folder }) => rm(folder, { recursive: true, force: true }));

const DOCUMENTS = 60;
const WARM = { tableWarmStart: { ridge: 1, iterations: 12 } };
/** So that what a step leaves is what it began with. */
const STILL = { optimizer: { learningRate: 1e-12, tablesLearningRate: 1e-12 } };

/** @param stages where the names of finished stages go */
function options(run: string, values: Record<string, unknown>, stages: string[] = []): TrainOptions {
  const stage = (name: string) => ({
    ...silent.stage(name),
    done: (summary?: string) => void stages.push(`${name}: ${summary}`),
  });
  return trainOptions(run, values, { listener: { ...silent, stage } });
}

/** Mean reciprocal rank of each document's own frame, when the teacher's vector of its text is what is searched for. */
async function reciprocalRank(run: string, source: string): Promise<number> {
  const { student, dispose } = await loadStudent(run);
  const teacher = await LsaEmbedder.load(join(run, 'teacher'));
  const reader = await DocumentReader.open(join(run, 'corpus.zpkg'));
  const documents = await collect(readCorpus(source));
  const frames = await Promise.all(documents.map(({ id }) => reader.compressedChunk(reader.chunksOf(id)[0]!)));
  const { data, dimension } = await student.encodeChunks(frames, reader.dictionary);
  const queries = (await teacher.embedQueries(documents.map(documentText))).data;
  await reader.close();
  dispose();
  const row = (values: Float32Array, index: number) => values.subarray(index * dimension, (index + 1) * dimension);
  const scores = documents.map((_, query) =>
    documents.map((_, index) => row(queries, query).reduce((sum, value, i) => sum + value * row(data, index)[i]!, 0)),
  );
  const ranks = scores.map((own, query) => own.filter((score) => score >= own[query]!).length);
  return ranks.reduce((sum, rank) => sum + 1 / rank, 0) / documents.length;
}

const tablesOf = (run: string, step: number) => readSafetensors(join(run, 'checkpoints', String(step), 'tables.safetensors'));

test('before its first step a warm model has less than half the loss of a drawn one and ranks far above chance; the same seed gives the same bytes', async ({
  folder,
  source,
}) => {
  const [cold, warm, again] = ['cold', 'warm', 'again'].map((name) => join(folder, name)) as [string, string, string];
  const stages: string[] = [];
  await train(options(cold, tinyRun(source, 1, STILL)));
  await train(options(warm, tinyRun(source, 1, { ...STILL, ...WARM }), stages));
  const losses = [cold, warm].map((run) => metricsOf(run)[0]!.terms['passages/distillation']!);
  // Distillation is 1 - cosine: 1 for vectors that have nothing to do with each other.
  assert.ok(losses[0]! > 0.8 && losses[1]! < 0.5 * losses[0]!, `losses ${losses.join(', ')}`);
  assert.ok(
    stages.some((line) => /^warm start: \d+ texts, \d+ rows, residual 0\.\d+$/.test(line)),
    stages.join('\n'),
  );
  // By chance: the mean of 1/1 … 1/60, 4.68 / 60 = 0.078.
  const ranks = [await reciprocalRank(cold, source), await reciprocalRank(warm, source)];
  assert.ok(ranks[1]! > 0.5 && ranks[1]! > 3 * ranks[0]!, `reciprocal ranks ${ranks.join(', ')}`);

  const fitted = await tablesOf(warm, 1);
  await train(options(again, tinyRun(source, 1, { ...STILL, ...WARM })));
  for (const [name, { data }] of await tablesOf(again, 1)) assert.equal(data, fitted.get(name)!.data, name);
});

test('a run that goes on from a checkpoint does not begin anew, and ends as one that was never stopped', async ({
  folder,
  source,
}) => {
  const [whole, stopped] = [join(folder, 'whole'), join(folder, 'stopped')];
  const values = tinyRun(source, 4, { tableWarmStart: { iterations: 2, texts: 50 }, checkpointEvery: 2 });
  await train(options(whole, values));
  const stop = new AbortController();
  const first = options(stopped, values);
  const result = await train({
    ...first,
    signal: stop.signal,
    listener: {
      note() {},
      stage: (name) => ({
        progress: (done) => {
          if (name === 'train' && done === 2) stop.abort();
        },
        done() {},
        fail() {},
      }),
    },
  });
  assert.is(result.step, 2);
  const stages: string[] = [];
  await train({ ...options(stopped, values, stages), resume: true });
  assert.not.ok(stages.some((line) => line.startsWith('warm start')));
  const expected = await tablesOf(whole, 4);
  for (const [name, { data }] of await tablesOf(stopped, 4)) assert.equal(data, expected.get(name)!.data, name);
});

test('models of texts and tables of more columns than the teacher has numbers start warm, too', async ({ folder, source }) => {
  const run = join(folder, 'texts');
  const values = tinyRun(source, 1, { ...STILL, ...WARM, sentences: { batchSize: 0, weight: 1 } });
  const model = { ...(values['model'] as object), input: 'text' };
  await train(options(run, { ...values, model, teacher: { kind: 'lsa', dimension: 12 } }));
  const [line] = metricsOf(run);
  assert.ok(line!.terms['passages/distillation']! < 0.5, `loss ${line!.terms['passages/distillation']}`);
});

test('where there is no skip path, or other tables are given, it is refused before anything is made', () =>
  withTemporaryFolder(async (folder) => {
    const values = tinyRun('nowhere.jsonl', 1, WARM);
    const model = { ...(values['model'] as object), skipPath: false };
    const run = join(folder, 'run');
    assert.is((await errorOf(() => train(options(run, { ...values, model })))).code, 'WARM_START_NO_SKIP_PATH');
    const own = options(run, values);
    const query = { ...own, model: { ...own.model, query: { ...own.model, input: 'text' as const, skipPath: false } } };
    assert.is((await errorOf(() => train(query))).code, 'WARM_START_NO_SKIP_PATH');
    const twice = tinyRun('nowhere.jsonl', 1, { ...WARM, warmStart: 'blt' });
    assert.is((await errorOf(() => train(options(run, twice)))).code, 'WARM_START_TWICE');
  }));

test.run();
