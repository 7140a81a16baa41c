import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  averageMeasures,
  compareRows,
  EvaluationFolder,
  measureRun,
  RETRIEVAL_MEASURES,
  readEvaluationRecord,
  readTrecQrels,
  readTrecRun,
} from '../../../eval/index.ts';
import { reportData, reportPage } from '../../../eval/report/index.ts';
import { evaluateSmall, SMALL_DATA } from '../small-evaluation.ts';

const test = suite<{ folder: string; first: string; second: string }>('evaluation folder');

test.before(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-eval-folder-'));
  context.first = join(context.folder, 'first');
  context.second = join(context.folder, 'second');
  await evaluateSmall(context.first);
  await evaluateSmall(context.second, 3);
});

test.after(async ({ folder }) => {
  await rm(folder, { recursive: true, force: true });
});

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

test('rankings and judgments in TREC form give the same figures again', async ({ first }) => {
  const { encoders } = await readEvaluationRecord(first);
  const qrels = await readTrecQrels(join(first, 'qrels.txt'));
  // 64 candidates: all of a ranking is in its file.
  for (const row of ['teacher', 'student', 'bm25', 'random']) {
    const run = await readTrecRun(join(first, 'rankings', `${row}.trec`));
    const means = averageMeasures(measureRun(run, qrels, RETRIEVAL_MEASURES, { complete: true }).values());
    assert.equal(means, encoders[row]);
  }
});

test('what every figure depends on stands beside it', async ({ first }) => {
  const { conditions, corpus_hash } = await readEvaluationRecord(first);
  assert.equal(conditions['teacher'], {
    encoder: 'transformers:org/topics',
    revision: 'r1',
    input: 'text',
    maximum_length: { limit: 256, unit: 'tokens' },
    prompts: { query: 'query: ', document: null },
    codec: null,
    index: 'exact, inner product',
    drop_own_id: false,
    corpus_hash,
    passages: null,
    coverage: null,
  });
  const student = conditions['student']!;
  assert.equal(student.maximum_length, { limit: 1024, unit: 'symbols a passage' });
  assert.is(student.input, 'compressed chunks');
  assert.is(student.prompts.query, 'query: ');
  assert.match(student.codec!, /^zstd level 3, .* dictionary of 0 bytes$/);
  assert.is(conditions['bm25']!.index, 'inverted index');
});

test('evaluations of before passages and the whole system were counted are read as those without', async ({ folder, first }) => {
  const old = join(folder, 'old');
  await cp(first, old, { recursive: true });
  const path = join(old, 'result.json');
  const { system, passages: _, ...result } = JSON.parse(await readFile(path, 'utf8'));
  assert.ok(system.usual > result.bytes.text);
  delete result.bytes.metadata;
  for (const conditions of Object.values<Record<string, unknown>>(result.conditions)) {
    delete conditions['passages'];
    delete conditions['coverage'];
  }
  await writeFile(path, JSON.stringify(result));
  const record = await readEvaluationRecord(old);
  assert.equal([record.system, record.bytes.metadata, record.conditions['student']!.coverage], [null, 0, null]);
  const page = reportPage(reportData([record]));
  assert.not.match(page, 'The whole system');
  assert.match(reportPage(reportData([await readEvaluationRecord(first)])), 'The whole system');
});

test("results in MTEB's form, by model, revision and task", async ({ first }) => {
  const path = join(first, 'results', 'org__topics', 'r1', 'SciFact.json');
  const result = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  const { encoders, corpus_hash } = await readEvaluationRecord(first);
  for (const key of ['dataset_revision', 'task_name', 'mteb_version', 'scores', 'evaluation_time']) assert.ok(key in result, key);
  assert.is(result['task_name'], 'SciFact');
  assert.is(result['dataset_revision'], corpus_hash);
  const [scores] = (result['scores'] as Record<string, Record<string, unknown>[]>)['test']!;
  assert.is(scores!['main_score'], encoders['teacher']!['ndcg_at_10']);
  assert.is(scores!['map_at_100'], encoders['teacher']!['map_at_100']);
  assert.equal([scores!['hf_subset'], scores!['languages']], ['default', ['eng-Latn']]);
  assert.equal((await readdir(join(first, 'results'))).sort(), ['bm25', 'cem', 'org__topics', 'random']);
});

test('queries with their measures and texts', async ({ first }) => {
  const { queries, encoders } = await readEvaluationRecord(first);
  assert.is(queries.length, 64);
  const query = queries[5]!;
  assert.is(query.text, SMALL_DATA.queries.get('q5'));
  assert.equal([query.relevant_count, query.relevant[0]!.id, query.relevant[0]!.grade], [1, 'd5', 2]);
  assert.match(query.relevant[0]!.excerpt, 'saffron');
  assert.ok(query.relevant[0]!.excerpt.length <= 241);
  assert.equal(averageMeasures(queries.map(({ measures }) => measures['student']!)), encoders['student']);
});

test('vectors and speed are counted for what has vectors', async ({ first }) => {
  const { bytes, speed, counts } = await readEvaluationRecord(first);
  const floats = 4 * 12 * counts.documents; // 12 dimensions
  assert.equal(bytes.vectors, { teacher: floats, student: floats, random: floats });
  assert.equal(Object.keys(speed), ['teacher', 'student', 'random']);
  const { documents_per_second, megabytes_per_second } = speed['student']!;
  // Both of one time.
  assert.ok(Math.abs(documents_per_second / megabytes_per_second / (counts.documents / (bytes.text / 1e6)) - 1) < 1e-9);
});

test('comparison of two runs and of two rows', async ({ first, second }) => {
  const [one, two] = [await readEvaluationRecord(first), await readEvaluationRecord(second)];
  const measures = ['ndcg_at_10', 'mrr_at_10'];
  const [ndcg] = compareRows({ record: one, row: 'student' }, { record: two, row: 'student' }, measures, { rounds: 2000 });
  assert.is(ndcg!.first, one.encoders['student']!['ndcg_at_10']);
  assert.is(ndcg!.second, two.encoders['student']!['ndcg_at_10']);
  assert.ok(Math.abs(ndcg!.difference - (ndcg!.second - ndcg!.first)) < 1e-12);
  assert.ok(ndcg!.interval.low <= ndcg!.difference && ndcg!.difference <= ndcg!.interval.high);
  assert.is(ndcg!.wins + ndcg!.ties + ndcg!.losses, 64);
  const [same] = compareRows({ record: one, row: 'teacher' }, { record: two, row: 'teacher' }, measures);
  assert.equal([same!.difference, same!.p, same!.ties], [0, 1, 64]);
  const [chance] = compareRows({ record: one, row: 'random' }, { record: one, row: 'bm25' }, measures, { rounds: 2000 });
  assert.ok(chance!.p < 0.01 && chance!.interval.low > 0);
});

test('what cannot be compared is refused', async ({ folder, first }) => {
  const one = await readEvaluationRecord(first);
  const path = join(folder, 'fewer');
  const qrels = new Map([...SMALL_DATA.qrels].slice(1));
  await evaluateSmall(path, 1, { ...SMALL_DATA, qrels });
  const fewer = await readEvaluationRecord(path);
  const codeIn = (work: () => unknown): Promise<unknown> => codeOf((async () => work())());
  const student = (record: typeof one) => ({ record, row: 'student' });
  assert.is(await codeIn(() => compareRows(student(one), student(fewer), ['ndcg_at_10'])), 'COMPARE_QUERIES');
  assert.is(await codeIn(() => compareRows(student(one), { record: one, row: 'lsa' }, ['ndcg_at_10'])), 'COMPARE_ROW');
  assert.is(await codeIn(() => compareRows(student(one), student(one), ['beauty'])), 'COMPARE_MEASURE');
  assert.is(
    await codeIn(() => compareRows(student(one), student({ ...one, corpus_hash: 'x' }), ['ndcg_at_10'])),
    'COMPARE_CORPUS',
  );
});

test('another request, a folder in use, and what is no evaluation are refused by name', async ({ folder, first }) => {
  assert.is(await codeOf(evaluateSmall(first, 2)), 'EVAL_FOLDER_OTHER');
  const open = await EvaluationFolder.open(join(folder, 'open'), {});
  assert.is(await codeOf(EvaluationFolder.open(join(folder, 'open'), {})), 'FOLDER_LOCKED');
  assert.is(await codeOf(readEvaluationRecord(join(folder, 'open'))), 'EVAL_RECORD_MISSING');
  await writeFile(join(folder, 'open', 'result.json'), '{"dataset": 3}');
  assert.is(await codeOf(readEvaluationRecord(join(folder, 'open'))), 'EVAL_RECORD_MALFORMED');
  await open.close();
});

test('an id that TREC files cannot hold is refused before it is written', async ({ folder }) => {
  const queries = new Map([['q 1', 'granite']]);
  const data = { ...SMALL_DATA, queries, qrels: new Map([['q 1', new Map([['d0', 1]])]]) };
  const path = join(folder, 'white-space');
  assert.is(await codeOf(evaluateSmall(path, 1, data)), 'EVAL_ID_TREC');
  assert.not.ok((await readdir(path)).includes('result.json'));
});

test.run();
