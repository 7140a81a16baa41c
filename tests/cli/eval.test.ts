import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readCheckpointState, saveCheckpoint } from '../../checkpoints/index.ts';
import { encodeCommand } from '../../cli/commands/encode.ts';
import { evalCommand } from '../../cli/commands/eval.ts';
import { documentText, packCorpus, readCorpus } from '../../data/index.ts';
import { LsaEmbedder } from '../../encoders/index.ts';
import { modelConfigSchema } from '../../model/config.ts';
import { CemModel } from '../../model/embedder.ts';
import { collect } from '../fixtures/temporary-folder.ts';
import { saveUntrainedStudent } from '../fixtures/untrained-student.ts';
import { runCommand } from './run-command.ts';

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
const PACK = { level: 3, targetChunkSize: 512, dictionarySize: 1024 };

interface Context {
  folder: string;
  data: string;
  run: string;
}

const test = suite<Context>('cem eval');

const jsonLines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** A small benchmark, and a run folder with an untrained student: the plumbing is what is under test. */
test.before(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-eval-cli-'));
  context.data = join(context.folder, 'small-beir');
  context.run = join(context.folder, 'run');
  await mkdir(join(context.data, 'qrels'), { recursive: true });
  const documents = Array.from({ length: 48 }, (_, index) => {
    const topic = TOPICS[index % TOPICS.length]!;
    return {
      _id: `d${index}`,
      title: `${topic} ${index}`,
      text: `Notes on the ${topic}, part ${index}: ${`${topic} and what belongs to it. `.repeat(3)}`,
    };
  });
  await writeFile(join(context.data, 'corpus.jsonl'), jsonLines(documents));
  await writeFile(join(context.data, 'queries.jsonl'), jsonLines(TOPICS.map((text, index) => ({ _id: `q${index}`, text }))));
  const judgments = TOPICS.map((_, index) => `q${index}\td${index}\t1\n`);
  await writeFile(join(context.data, 'qrels', 'dev.tsv'), `query-id\tcorpus-id\tscore\n${judgments.join('')}`);

  const texts = documents.map(({ _id, title, text }) => documentText({ id: _id, title, text }));
  await saveUntrainedStudent(context.run, { texts, dimension: 8, pack: PACK, steps: [2, 10] });
  await packCorpus(() => readCorpus(context.data), join(context.run, 'corpus.zpkg'), { ...PACK, metadata: false });
});

test.after(async (context) => {
  await rm(context.folder, { recursive: true, force: true });
});

const evaluate = ({ run, data }: Context, ...words: string[]): Promise<string> =>
  runCommand(evalCommand, ['eval', '--checkpoint', run, '--data', data, '--split', 'dev', ...words]);

interface Result {
  readonly encoders: Record<string, Record<string, number>>;
  readonly retention: number | null;
  readonly saving: number;
  readonly saving_training: number;
  readonly counts: { readonly documents: number };
  readonly checkpoint: { readonly step: number } | null;
  readonly codec: { readonly dictionary_bytes: number };
  readonly conditions: Record<string, { readonly input: string; readonly maximum_length: unknown }>;
}

test('JSON: four rows with their measures, retention and saving; a run folder means its newest checkpoint', async (context) => {
  const result = JSON.parse(await evaluate(context, '--json')) as Result;
  assert.equal(Object.keys(result.encoders), ['teacher', 'student', 'bm25', 'random']);
  for (const row of Object.values(result.encoders)) {
    for (const name of ['ndcg_at_10', 'recall_at_10', 'recall_at_100', 'mrr_at_10']) assert.type(row[name], 'number');
  }
  const { teacher, student } = result.encoders;
  assert.is(result.retention, student!['ndcg_at_10']! / teacher!['ndcg_at_10']!);
  assert.ok(result.saving > 0 && result.saving < 1);
  assert.is(result.counts.documents, 48);
  assert.is(result.checkpoint!.step, 10);
  // The run packed this very corpus with these settings, and its dictionary is used again: the containers are equal.
  assert.is(result.saving, result.saving_training);
});

test('candidates, checkpoint and dictionary as asked', async (context) => {
  const words = ['--candidates', 'judged', '--dictionary', 'none', '--json'];
  const result = JSON.parse(await evaluate({ ...context, run: join(context.run, 'checkpoints', '2') }, ...words)) as Result;
  assert.is(result.counts.documents, TOPICS.length);
  assert.is(result.checkpoint!.step, 2);
  assert.is(result.codec.dictionary_bytes, 0);
  const file = join(context.folder, 'dictionary.bin');
  await writeFile(file, 'Notes on the quarry, part : and what belongs to it. '.repeat(4));
  const withFile = JSON.parse(await evaluate(context, '--dictionary', file, '--json')) as Result;
  assert.is(withFile.codec.dictionary_bytes, 4 * 52);
});

test('text: the table', async (context) => {
  const lines = (await evaluate(context)).split('\n');
  assert.match(lines[0]!, /nDCG@10 +recall@10 +recall@100 +MRR@10/);
  assert.match(lines.join('\n'), /\nretention .*\nsaving .*training corpus.*\nover +48 documents/);
});

test('a folder of results: the same command again encodes nothing, and gives the same figures', async (context) => {
  const output = join(context.folder, 'evaluation');
  const words = ['--output', output, '--encoders', 'teacher,student,bm25,lsa', '--json'];
  const first = JSON.parse(await evaluate(context, ...words)) as Result;
  assert.equal(JSON.parse(await readFile(join(output, 'result.json'), 'utf8')), first);
  const { size } = await stat(join(output, 'vectors.log'));
  const again = JSON.parse(await evaluate(context, ...words)) as Result;
  assert.equal(again.encoders, first.encoders);
  assert.is((await stat(join(output, 'vectors.log'))).size, size);
  let code: unknown;
  try {
    await evaluate(context, '--output', output);
  } catch (error) {
    code = (error as { code?: unknown }).code;
  }
  assert.is(code, 'EVAL_FOLDER_OTHER');
});

test('without a checkpoint: LSA, and vectors that cem encode wrote', async ({ folder, data }) => {
  const words = ['eval', '--data', data, '--split', 'dev', '--json'];
  const lsa = JSON.parse(await runCommand(evalCommand, [...words, '--encoder', 'lsa'])) as Result;
  assert.equal(Object.keys(lsa.encoders), ['lsa', 'bm25', 'random']);
  assert.is(lsa.retention, null);
  assert.is(lsa.checkpoint, null);
  const file = join(folder, 'lsa.npy');
  const encode = ['encode', '--encoder', 'lsa', '--data', data, '--queries', data, '--split', 'dev', '--output', file];
  await runCommand(encodeCommand, encode);
  const read = JSON.parse(
    await runCommand(evalCommand, [...words, '--encoder', `vectors:${file}`, '--encoders', 'vectors,bm25']),
  ) as Result;
  assert.equal(Object.keys(read.encoders), ['vectors', 'bm25']);
  assert.ok(Math.abs(read.encoders['vectors']!['ndcg_at_10']! - lsa.encoders['lsa']!['ndcg_at_10']!) < 1e-6);
  assert.equal(read.encoders['bm25'], lsa.encoders['bm25']);
});

test('a student of texts is given the texts', async (context) => {
  const run = join(context.folder, 'text-run');
  const {
    seed,
    dimension,
    pack,
    teacher: described,
    config,
    model: shape,
  } = await readCheckpointState(join(context.run, 'checkpoints', '2'));
  const teacher = await LsaEmbedder.load(join(context.run, 'teacher'));
  await teacher.save(join(run, 'teacher'));
  const ofTexts = modelConfigSchema.parse({ ...shape, input: 'text' });
  const model = CemModel.create(ofTexts, dimension, seed);
  const state = { step: 1, seed, model: ofTexts, dimension, pack, teacher: described, config };
  await saveCheckpoint(join(run, 'checkpoints', '1'), model, state);
  const result = JSON.parse(await evaluate({ ...context, run }, '--dictionary', 'corpus', '--json')) as Result;

  // The same by hand: every text's vector against the teacher's of every query.
  const documents = await collect(readCorpus(context.data));
  const vectors = await model.encodeTexts(documents.map((document) => Buffer.from(documentText(document))));
  const queries = await teacher.embedQueries(TOPICS);
  model.dispose();
  const product = (query: number, row: number): number => {
    let sum = 0;
    for (let at = 0; at < dimension; at++) sum += queries.data[query * dimension + at]! * vectors.data[row * dimension + at]!;
    return sum;
  };
  const reciprocal = TOPICS.map((_, query) => {
    const better = documents.filter((__, row) => product(query, row) > product(query, query)).length;
    return better < 10 ? 1 / (1 + better) : 0;
  });
  const mean = reciprocal.reduce((sum, value) => sum + value, 0) / TOPICS.length;
  assert.ok(
    Math.abs(result.encoders['student']!['mrr_at_10']! - mean) < 1e-9,
    `${result.encoders['student']!['mrr_at_10']} and ${mean}`,
  );
  const { input, maximum_length: length } = result.conditions['student']!;
  assert.equal([input, length], ['text', { limit: shape.maximumSymbols, unit: 'bytes' }]);
});

test('what cannot be evaluated is refused by name', async (context) => {
  const codeOf = async (changed: Partial<Context>, ...words: string[]): Promise<unknown> => {
    try {
      return await evaluate({ ...context, ...changed }, ...words);
    } catch (error) {
      return (error as { code?: unknown }).code;
    }
  };
  assert.is(await codeOf({ run: join(context.folder, 'nowhere') }), 'CHECKPOINT_MISSING');
  assert.is(await codeOf({ data: join(context.folder, 'nowhere') }), 'BEIR_FOLDER');
  assert.is(await codeOf({}, '--dictionary', join(context.folder, 'nowhere')), 'EVAL_DICTIONARY_UNREADABLE');
  assert.is(await codeOf({}, '--encoder', 'word2vec'), 'EVAL_ENCODER');
  assert.is(await codeOf({}, '--encoder', 'transformers:some-model'), 'EVAL_ENCODER');
  assert.is(await codeOf({}, '--task', 'scifact'), 'EVAL_ENCODER');
  assert.is(await codeOf({}, '--query-vectors', 'queries.npy'), 'EVAL_ENCODER');
  assert.is(await codeOf({}, '--encoders', 'student,vectors'), 'EVAL_ENCODERS');
  assert.is(await codeOf({}, '--encoders', 'bm25,bm25'), 'EVAL_ENCODERS');
  for (const [code, words] of [
    ['BEIR_SPLIT', ['--checkpoint', context.run, '--split', 'test']],
    ['EVAL_ENCODER', []],
  ] as const) {
    try {
      await runCommand(evalCommand, ['eval', '--data', context.data, ...words]);
      assert.unreachable(code);
    } catch (error) {
      assert.is((error as { code?: unknown }).code, code);
    }
  }
});

test.run();
