import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadCrossEncoder } from '../../../checkpoints/index.ts';
import { openPairTokenizer, type PairScorer } from '../../../encoders/index.ts';
import { tf } from '../../../model/backend/index.ts';
import { CrossEncoderModel } from '../../../model/cross-encoder/index.ts';
import { openReranker } from '../../../rag/rerank/index.ts';
import { type RerankerRun, type RerankerTrainOptions, trainReranker } from '../../../training/index.ts';
import { PairGroups } from '../../../training/reranker/pair-groups.ts';
import { RerankerStep } from '../../../training/reranker/reranker-step.ts';
import { testBackend } from '../../backend.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { writeTinyTokenizer } from '../../fixtures/tiny-cross-encoder.ts';
import { silent, stopAfter } from '../../fixtures/train-options.ts';
import { metricsOf } from '../tiny-run.ts';
import { letterExamples, tinyRerankerRun } from './tiny-reranker.ts';

interface Context {
  folder: string;
  tokenizer: string;
}

const test = suite<Context>('training a reranker');
test.before(async (context) => {
  await testBackend();
  context.folder = await mkdtemp(join(tmpdir(), 'cem-reranker-'));
  context.tokenizer = join(context.folder, 'tokenizer-files');
  await writeTinyTokenizer(context.tokenizer);
});
test.after(({ folder }) => rm(folder, { recursive: true, force: true }));

const examples = letterExamples(12);

function train(context: Context, run: string, config: RerankerRun, options: Partial<RerankerTrainOptions> = {}) {
  return trainReranker(config, {
    run: join(context.folder, run),
    resume: false,
    resolved: config,
    environment: {},
    examples,
    tokenizer: context.tokenizer,
    listener: silent,
    ...options,
  });
}

/** Share of the queries whose relevant text comes before its other candidates. */
async function firstShare(scorer: PairScorer): Promise<number> {
  let found = 0;
  for (const { text, positives, candidates } of examples.queries) {
    const scores = await scorer.scorePairs(
      text,
      candidates.map((id) => examples.texts.get(id)!),
    );
    const best = candidates[scores.indexOf(Math.max(...scores))]!;
    if (positives.includes(best)) found++;
  }
  return found / examples.queries.length;
}

for (const loss of ['listwise', 'binary'] as const) {
  test(`${loss}: the loss goes down, and the trained reranker finds what it was trained on`, async (context) => {
    const config = tinyRerankerRun({ loss, steps: 100 });
    const result = await train(context, loss, config);
    assert.ok(result.loss!.last < 0.5 * result.loss!.first, `${result.loss!.first} -> ${result.loss!.last}`);
    assert.equal([result.step, result.interrupted, result.best, result.pairs], [100, false, null, 100 * 16]);
    const reranker = await openReranker(`checkpoint:${result.run}`);
    assert.is(reranker.name, `cem-reranker:${loss}`);
    const scorer = {
      scorePairs: async (query: string, texts: readonly string[]) => Float32Array.from(await reranker.score(query, texts)),
    };
    assert.ok((await firstShare(scorer as PairScorer)) > 0.9);
    const hits = [...examples.texts].map(([document, text], place) => ({ document, text, score: -place }));
    const [best] = await reranker.rerank(examples.queries[5]!.text, hits.slice(3, 8), { topN: 1 });
    assert.is(best!.document, 'd5');
    await reranker.dispose();
  });
}

test('steps leave no tensor behind', async ({ tokenizer }) => {
  const { model: shape, training } = tinyRerankerRun({ embeddings: false, recompute: true });
  const model = CrossEncoderModel.create(shape, 1);
  const step = new RerankerStep(model, await openPairTokenizer(tokenizer), training);
  const groups = new PairGroups(examples, 1, training);
  await step.run(groups.at(0), 0);
  const before = tf.memory().numTensors;
  for (let number = 1; number < 5; number++) await step.run(groups.at(number), number);
  assert.is(tf.memory().numTensors, before);
  step.dispose();
  model.dispose();
});

test('groups that are computed in parts have the gradient of all together', async ({ tokenizer }) => {
  const lossesOf = async (microQueries: number) => {
    const { model: shape, training } = tinyRerankerRun({ microQueries });
    const model = CrossEncoderModel.create(shape, 1);
    const step = new RerankerStep(model, await openPairTokenizer(tokenizer), training);
    const groups = new PairGroups(examples, 1, training);
    const results: number[] = [];
    for (let number = 0; number < 4; number++) {
      const { loss, gradientNorm } = await step.run(groups.at(number), number);
      results.push(loss, gradientNorm);
    }
    step.dispose();
    model.dispose();
    return results;
  };
  const [whole, parts] = [await lossesOf(4), await lossesOf(3)];
  whole.forEach((value, index) => {
    assert.ok(Math.abs(value - parts[index]!) < 1e-4 * (1 + Math.abs(value)), `${index}: ${parts[index]}, not ${value}`);
  });
});

test('tables that are kept do not change, the rest does', async (context) => {
  const config = tinyRerankerRun({ embeddings: false, steps: 3 });
  const { run } = await train(context, 'kept', config);
  const [{ model }, fresh] = [await loadCrossEncoder(run), CrossEncoderModel.create(config.model, config.seed)];
  for (const [index, weight] of model.graph.weights.entries()) {
    const difference = (await tf.max(tf.abs(tf.sub(weight.read(), fresh.graph.weights[index]!.read()))).data())[0]!;
    assert.is(difference === 0, weight.originalName.startsWith('embeddings/'), weight.originalName);
  }
  model.dispose();
  fresh.dispose();
});

test('a run that was stopped and resumed is the run that was not', async (context) => {
  const config = tinyRerankerRun({ steps: 12, checkpointEvery: 5, evaluateEvery: 4 });
  const evaluate = async (scorer: PairScorer) => {
    const [score] = await scorer.scorePairs('a d', ['a d x']);
    return { 'ndcg@10': score!, retention: 1 };
  };
  const whole = await train(context, 'whole', config, { evaluate });
  const stopped = await train(context, 'stopped', config, { evaluate, ...stopAfter(7) });
  assert.ok(stopped.interrupted && stopped.step < 12);
  // The tokenizer is the run's own by now.
  const resumed = await train(context, 'stopped', config, { evaluate, resume: true, tokenizer: join(context.folder, 'gone') });
  assert.equal([resumed.step, resumed.interrupted], [12, false]);
  for (const name of ['model.safetensors', 'optimizer.safetensors'])
    assert.equal(await readFile(join(resumed.checkpoint, name)), await readFile(join(whole.checkpoint, name)), name);
  const lines = (run: string) => metricsOf(join(context.folder, run)).map(({ step, loss, dev }) => ({ step, loss, dev }));
  assert.equal(lines('stopped'), lines('whole'));
  assert.equal(resumed.best, whole.best);
  const again = await train(context, 'stopped', config, { evaluate, resume: true });
  assert.is(again.loss, null);
});

test('the best checkpoint by the development data stays, and can be named', async (context) => {
  const config = tinyRerankerRun({ steps: 8, checkpointEvery: 4, evaluateEvery: 2, keepCheckpoints: 1 });
  const values = [0.1, 0.9, 0.5, 0.4];
  const evaluate = async () => ({ 'ndcg@10': values.shift()!, retention: 1 });
  const result = await train(context, 'best', config, { evaluate });
  assert.equal(result.best, { step: 4, 'ndcg@10': 0.9, retention: 1 });
  const steps = await Promise.all([result.run, result.checkpoint, join(result.run, 'checkpoints', 'best')].map(loadCrossEncoder));
  assert.equal(
    steps.map(({ state }) => state.step),
    [8, 8, 4],
  );
  for (const { model } of steps) model.dispose();
});

test('a run that never trained gives its place, tokenizer included, to one with other settings', async (context) => {
  const other = join(context.folder, 'other-tokenizer');
  await writeTinyTokenizer(other, 30);
  // The model's weights are not there: the run has a tokenizer by then, and no step.
  const config = tinyRerankerRun({ steps: 2 });
  const missing = await errorOf(() => train(context, 'begun', config, { startFrom: join(context.folder, 'absent') }));
  assert.is(missing.code, 'IMPORT_MISSING');
  const { checkpoint } = await train(context, 'begun', tinyRerankerRun({ steps: 3 }), { tokenizer: other });
  assert.equal(await readFile(join(checkpoint, 'tokenizer_config.json')), await readFile(join(other, 'tokenizer_config.json')));
});

test('what cannot be trained or loaded is refused in words', async (context) => {
  const config = tinyRerankerRun({ steps: 2 });
  const few = await errorOf(() => train(context, 'few', config, { examples: { queries: [], texts: new Map() } }));
  assert.is(few.code, 'TRAINING_NO_TEXTS');
  const long = await errorOf(() => train(context, 'long', tinyRerankerRun({ maximumTokens: 64 })));
  assert.match(long.message, /training\.maximumTokens is 64, and the model has 32 places/);
  const noTokenizer = await errorOf(() => train(context, 'bare', config, { tokenizer: join(context.folder, 'absent') }));
  assert.is(noTokenizer.code, 'IMPORT_MISSING');
  const { run, checkpoint } = await train(context, 'damaged', config);
  assert.is((await errorOf(() => train(context, 'damaged', config))).code, 'RUN_EXISTS');
  await writeTinyTokenizer(checkpoint, 31);
  assert.is((await errorOf(() => openReranker(`checkpoint:${run}`))).code, 'CHECKPOINT_HASH');
  await writeFile(join(checkpoint, 'state.json'), '{"kind":"encoder"}');
  assert.is((await errorOf(() => openReranker(`checkpoint:${run}`))).code, 'CHECKPOINT_MALFORMED');
  assert.is((await errorOf(() => openReranker(`checkpoint:${context.folder}`))).code, 'CHECKPOINT_MISSING');
});

test.run();
