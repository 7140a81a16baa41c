import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadQueryHead, openProjection } from '../../../checkpoints/index.ts';
import { tf } from '../../../model/backend/index.ts';
import { type QueryHeadModel, queryHeadModelConfigSchema } from '../../../model/query-head/index.ts';
import { type QueryHeadRun, type QueryHeadTrainOptions, TokenRows, trainQueryHead } from '../../../training/index.ts';
import { PairBatches } from '../../../training/query-head/pair-batches.ts';
import { QueryHeadStep } from '../../../training/query-head/query-head-step.ts';
import { testBackend } from '../../backend.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { silent, stopAfter } from '../../fixtures/train-options.ts';
import { metricsOf } from '../tiny-run.ts';
import { DIMENSION, noisyExamples, tinyHeadRun } from './tiny-head.ts';

const test = suite<{ folder: string }>('training a head');
test.before(async (context) => {
  await testBackend();
  context.folder = await mkdtemp(join(tmpdir(), 'cem-head-'));
});
test.after(({ folder }) => rm(folder, { recursive: true, force: true }));

const examples = noisyExamples(24);
const encoder = { id: 'words', revision: '1', dimension: DIMENSION, settings: { pooling: 'mean' } };

function train(folder: string, run: string, config: QueryHeadRun, options: Partial<QueryHeadTrainOptions> = {}) {
  return trainQueryHead(config, {
    run: join(folder, run),
    resume: false,
    resolved: config,
    environment: {},
    encoder,
    examples,
    listener: silent,
    ...options,
  });
}

const shapes: [string, Record<string, unknown>][] = [
  ['one layer', {}],
  ['two layers, two heads, token weights', { layers: 2, shared: false, tokenWeights: true }],
];
for (const [name, shape] of shapes) {
  test(`${name}: it learns, and the head without a backend is the same`, async ({ folder }) => {
    const { run, checkpoint, loss, texts } = await train(folder, name.slice(0, 3), tinyHeadRun({}, shape));
    assert.ok(loss!.last < loss!.first - 0.4, `${loss!.first} -> ${loss!.last}`);
    assert.equal(texts, { queries: 24, passages: 24 });
    const { model, state } = await loadQueryHead(checkpoint);
    const { projection } = await openProjection(run);
    assert.equal([projection.inputDimension, projection.dimension, state.encoder.id], [DIMENSION, DIMENSION, 'words']);
    const rows = new Float32Array(examples.keys.count(0) * DIMENSION);
    examples.keys.read(0, rows, 0);
    for (const role of ['query', 'key'] as const) {
      const output = tf.tidy(() => {
        const { vectors: units, weights: counts } = model.apply(tf.tensor2d(rows, [rows.length / DIMENSION, DIMENSION]), role);
        return { units, counts };
      });
      const { vectors, weights } = projection.project(rows, rows.length / DIMENSION, role);
      assert.is(weights !== undefined, state.model.tokenWeights);
      const expected = await output.units.data();
      for (let row = 0; row < rows.length; row += DIMENSION) {
        const length = Math.hypot(...vectors.subarray(row, row + DIMENSION));
        for (let i = row; i < row + DIMENSION; i++) assert.ok(Math.abs(vectors[i]! / length - expected[i]!) < 1e-5);
      }
      const counted = await output.counts.data();
      weights?.forEach((weight, token) => {
        assert.ok(Math.abs(weight - counted[token]!) < 1e-5);
      });
    }
    model.dispose();
  });
}

test('by both scores it learns, and its loss is the mean of theirs', async ({ folder }) => {
  const firsts: number[] = [];
  for (const score of ['sum', 'top_mean', 'both']) {
    const { loss } = await train(folder, `by-${score}`, tinyHeadRun({ score, topPerQuery: 1 }));
    firsts.push(loss!.first);
    assert.ok(loss!.last < loss!.first - 0.4, `${score}: ${loss!.first} -> ${loss!.last}`);
  }
  const [sum, mean, both] = firsts as [number, number, number];
  assert.ok(Math.abs(sum - mean) > 1e-3 && Math.abs((sum + mean) / 2 - both) < 1e-5, JSON.stringify(firsts));
});

test('untrained, a head of all dimensions changes no similarity', async ({ folder }) => {
  let first: Float32Array | undefined;
  const rows = new Float32Array(2 * DIMENSION);
  examples.keys.read(0, rows, 0);
  const evaluate = async (model: QueryHeadModel) => {
    const { vectors } = (await model.projection('now', '0')).project(rows, 2, 'key');
    first ??= vectors;
    return { 'ndcg@10': 0, retention: 0 };
  };
  await train(folder, 'start', tinyHeadRun({ steps: 1, optimizer: { learningRate: 1e-9 } }, { layers: 2 }), { evaluate });
  const cosine = (values: Float32Array) => {
    const [one, other] = [values.subarray(0, DIMENSION), values.subarray(DIMENSION)];
    return one.reduce((sum, value, i) => sum + value * other[i]!, 0) / (Math.hypot(...one) * Math.hypot(...other));
  };
  assert.ok(Math.abs(cosine(first!) - cosine(rows)) < 1e-5);
});

test('queries and passages may have vectors of two lengths, of two encoders: then there are two heads', async ({ folder }) => {
  const keys = new TokenRows(DIMENSION + 3);
  for (let key = 0; key < examples.keys.size; key++) {
    const rows = new Float32Array(examples.keys.count(key) * DIMENSION);
    examples.keys.read(key, rows, 0);
    const wider = new Float32Array(examples.keys.count(key) * keys.dimension);
    for (let i = 0; i < rows.length; i++) wider[Math.floor(i / DIMENSION) * keys.dimension + 3 + (i % DIMENSION)] = rows[i]!;
    keys.add(wider);
  }
  const patches = { revision: 'some weights', dimension: keys.dimension };
  const options = { examples: { ...examples, keys }, patches };
  const { loss, checkpoint } = await train(folder, 'wider', tinyHeadRun({}, { shared: false }), options);
  assert.ok(loss!.last < loss!.first - 0.4, `${loss!.first} -> ${loss!.last}`);
  const { projection, state } = await openProjection(checkpoint);
  assert.equal([projection.inputDimension, projection.keyDimension], [DIMENSION, DIMENSION + 3]);
  assert.equal(state.patches, patches);
  assert.is(projection.project(new Float32Array(2 * keys.dimension), 2, 'key').vectors.length, 2 * DIMENSION);
  const { model } = await loadQueryHead(checkpoint);
  assert.equal([model.inputDimension, model.keyDimension], [DIMENSION, DIMENSION + 3]);
  model.dispose();
  const shared = await errorOf(() => train(folder, 'one', tinyHeadRun({}, { shared: true }), options));
  assert.is(shared.code, 'CONFIG_INVALID');
  assert.match(shared.message, 'set model.shared to false');
});

test('a run that was stopped and resumed is the run that was not', async ({ folder }) => {
  const config = tinyHeadRun(
    { steps: 12, checkpointEvery: 5, evaluateEvery: 4, distillation: 0.3 },
    { layers: 2, tokenWeights: true },
  );
  const scored = {
    ...examples,
    score: async (query: number, keys: readonly number[]) => keys.map((key) => -Math.abs(query - key)),
  };
  const evaluate = async (model: QueryHeadModel) => {
    const { vectors } = (await model.projection('now', '0')).project(new Float32Array(DIMENSION).fill(1), 1, 'query');
    return { 'ndcg@10': vectors[0]!, retention: 1 };
  };
  const whole = await train(folder, 'whole', config, { evaluate, examples: scored });
  const stopped = await train(folder, 'stopped', config, { evaluate, examples: scored, ...stopAfter(7) });
  assert.ok(stopped.interrupted && stopped.step < 12);
  const resumed = await train(folder, 'stopped', config, { evaluate, examples: scored, resume: true });
  assert.equal([resumed.step, resumed.interrupted], [12, false]);
  for (const name of ['model.safetensors', 'optimizer.safetensors', 'state.json'])
    assert.equal(await readFile(join(resumed.checkpoint, name)), await readFile(join(whole.checkpoint, name)), name);
  const lines = (run: string) => metricsOf(join(folder, run)).map(({ step, loss, dev }) => ({ step, loss, dev }));
  assert.equal(lines('stopped'), lines('whole'));
  assert.equal(resumed.best, whole.best);
});

test('each epoch meets every pair once, and what is relevant is no negative', () => {
  const pairs = examples.pairs.map((pair, index) => (index === 0 ? { ...pair, positives: [0, 1] } : pair));
  const config = tinyHeadRun({ pairs: 6, negatives: { perPair: 2, depth: 2 } }).training;
  const batches = new PairBatches({ ...examples, pairs }, 3, config);
  const met = [0, 1, 2, 3].flatMap((step) => batches.at(step).queries);
  assert.equal(
    [...met].sort((a, b) => a - b),
    examples.pairs.map(({ query }) => query),
  );
  assert.equal(batches.at(2), new PairBatches({ ...examples, pairs }, 3, config).at(2));
  for (let step = 0; step < 12; step++) {
    const { queries, keys, excluded } = batches.at(step);
    assert.is(keys.length, 6 * 3);
    const row = queries.indexOf(0);
    keys.forEach((key, column) => {
      if (row >= 0) assert.is(excluded[row * keys.length + column], column !== row && (key === 0 || key === 1) ? 1 : 0);
    });
    // Hard negatives come from the first two candidates that are not relevant.
    keys.slice(6).forEach((key, place) => {
      const pair = pairs[queries[Math.floor(place / 2)]!]!;
      assert.ok(pair.candidates.includes(key) && !pair.positives.includes(key));
    });
  }
});

test('steps leave no tensors behind', async ({ folder }) => {
  const { checkpoint } = await train(folder, 'leak', tinyHeadRun({ steps: 1 }));
  const { model } = await loadQueryHead(checkpoint);
  const { training } = tinyHeadRun({ score: 'top_mean' });
  const batches = new PairBatches(examples, 3, training);
  const step = new QueryHeadStep(model, examples, training);
  await step.run(batches.at(0), 0);
  const before = tf.memory().numTensors;
  for (const number of [1, 2, 3]) await step.run(batches.at(number), number);
  assert.is(tf.memory().numTensors, before);
  step.dispose();
  model.dispose();
});

test('what cannot be trained or loaded is refused in words', async ({ folder }) => {
  const none = { queries: new TokenRows(DIMENSION), keys: new TokenRows(DIMENSION), pairs: [] };
  assert.is((await errorOf(() => train(folder, 'none', tinyHeadRun(), { examples: none }))).code, 'TRAINING_NO_TEXTS');
  const wide = { ...tinyHeadRun(), model: queryHeadModelConfigSchema.parse({ dimension: 9 }) };
  const error = await errorOf(() => train(folder, 'wide', wide));
  assert.match(error.message, /model\.dimension is 9, and the token vectors of words have 8 numbers/);
  const { run, checkpoint } = await train(folder, 'damaged', tinyHeadRun({ steps: 2 }));
  assert.is((await errorOf(() => train(folder, 'damaged', tinyHeadRun({ steps: 2 })))).code, 'RUN_EXISTS');
  const state = JSON.parse(await readFile(join(checkpoint, 'state.json'), 'utf8')) as { model: { dimension: number } };
  await writeFile(join(checkpoint, 'state.json'), JSON.stringify({ ...state, model: { ...state.model, dimension: 7 } }));
  assert.is((await errorOf(() => openProjection(run))).code, 'CHECKPOINT_HASH');
  await writeFile(join(checkpoint, 'state.json'), '{"kind":"reranker"}');
  assert.is((await errorOf(() => openProjection(run))).code, 'CHECKPOINT_MALFORMED');
  assert.is((await errorOf(() => openProjection(folder))).code, 'CHECKPOINT_MISSING');
});

test.run();
