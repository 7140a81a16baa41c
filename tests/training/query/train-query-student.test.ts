import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { listCheckpoints, loadQueryStudent, loadStudent } from '../../../checkpoints/index.ts';
import { parseConfig } from '../../../configs/index.ts';
import type { TextEmbedder } from '../../../encoders/index.ts';
import { QueryStudent } from '../../../encoders/index.ts';
import { parseBackendRequest, selectBackend } from '../../../model/backend/index.ts';
import { type TrainingListener, type TrainOptions, train } from '../../../training/index.ts';
import { labelQueries, queryTexts } from '../../../training/query/query-texts.ts';
import { testBackend } from '../../backend.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { silent, trainOptions } from '../../fixtures/train-options.ts';
import { metricsOf, tinyRun, writePassages } from '../tiny-run.ts';

const test = suite('query student');

const QUERY_MODEL = {
  maximumSymbols: 64,
  patchSize: 4,
  tables: { sizes: [3], rows: 300 },
  local: { dimension: 16, layers: 0, heads: 2, window: 8, crossAttentionHeads: 2 },
  global: { dimension: 16, layers: 1, heads: 2, feedForward: 24 },
};

const QUERY_STEPS = 6;
const STEPS = 5;

function values(source: string, training: Record<string, unknown> = {}): Record<string, unknown> {
  const run = tinyRun(source, STEPS, { checkpointEvery: 2, query: { steps: QUERY_STEPS, batchSize: 6 }, ...training });
  return { ...run, model: { ...(run['model'] as object), query: QUERY_MODEL } };
}

function options(run: string, source: string, listener: TrainingListener): TrainOptions {
  return trainOptions(run, values(source), { resume: existsSync(join(run, 'config.yaml')), listener });
}

/** Calls back after a step of one of the two trainings. */
function atStep(stageName: string, step: number, action: () => void): TrainingListener {
  return {
    ...silent,
    stage: (name) => ({
      ...silent.stage(name),
      progress: (done, _total, extra) => {
        // Progress with a loss is a step's.
        if (name === stageName && extra !== undefined && done === step) action();
      },
    }),
  };
}

/** Contents of all files of the run's newest checkpoint, by path. */
async function newestCheckpoint(run: string): Promise<Map<string, string>> {
  const folder = join(run, 'checkpoints', String((await listCheckpoints(run)).at(-1)));
  const files = (await readdir(folder, { recursive: true })).sort().filter((file) => file.includes('.'));
  return new Map(await Promise.all(files.map(async (file) => [file, await readFile(join(folder, file), 'hex')] as const)));
}

test('a signal while texts are labelled as queries ends the run at once, and the resumed one goes on', () =>
  withTemporaryFolder(async (folder) => {
    const run = join(folder, 'run');
    const source = await writePassages(folder, 16);
    const error = await errorOf(() => train({ ...options(run, source, silent), signal: AbortSignal.abort() }));
    assert.is(error.code, 'TRAINING_STOPPED');
    assert.equal(await listCheckpoints(join(run, 'query')), []);
    assert.is((await train(options(run, source, silent))).step, STEPS);
  }));

test('killed and stopped in both trainings and resumed: checkpoints, query student included, of an uninterrupted run, to the byte', () =>
  withTemporaryFolder(async (folder) => {
    // One thread: sums have one order.
    await selectBackend(parseBackendRequest('wasm'));
    try {
      const source = await writePassages(folder, 16);
      const whole = join(folder, 'whole');
      const result = await train(options(whole, source, silent));
      assert.equal([result.step, result.interrupted], [STEPS, false]);
      assert.equal(await listCheckpoints(join(whole, 'query')), [QUERY_STEPS]);
      assert.equal(
        metricsOf(join(whole, 'query')).map(({ step }) => step),
        [1, 2, 3, 4, 5, 6],
      );

      const run = join(folder, 'broken');
      const kill = () => {
        throw new Error('killed by the test');
      };
      const stopAt = async (stage: string, step: number) => {
        const stop = new AbortController();
        return train({
          ...options(
            run,
            source,
            atStep(stage, step, () => stop.abort()),
          ),
          signal: stop.signal,
        });
      };
      // Checkpoints are at even steps: two are lost here.
      await train(options(run, source, atStep('query student: train', 3, kill))).then(
        () => assert.unreachable('it was killed'),
        () => undefined,
      );
      assert.equal(await listCheckpoints(join(run, 'query')), [2]);
      const stopped = await stopAt('query student: train', 5);
      assert.equal([stopped.step, stopped.interrupted, stopped.loss], [0, true, null]);
      assert.is(stopped.checkpoint, join(run, 'query', 'checkpoints', '5'));
      assert.equal(await listCheckpoints(run), []);
      await train(options(run, source, atStep('train', 3, kill))).then(
        () => assert.unreachable('it was killed'),
        () => undefined,
      );
      assert.equal(await listCheckpoints(run), [2]);
      assert.ok(existsSync(join(run, 'checkpoints', '2', 'query', 'state.json')), 'every checkpoint has the query student');
      assert.is((await stopAt('train', 4)).step, 4);
      assert.is((await train(options(run, source, silent))).step, STEPS);

      const [got, expected] = await Promise.all([newestCheckpoint(run), newestCheckpoint(whole)]);
      assert.equal([...got.keys()], [...expected.keys()]);
      const weights = ['query/model.safetensors', 'query/state.json', 'query/tables.safetensors', 'optimizer.safetensors'];
      for (const file of weights) assert.ok(got.has(file), file);
      for (const [file, content] of expected) assert.ok(got.get(file) === content, `${file} differs`);

      // One run serves as a sample of a whole checkpoint, too.
      const { query, state, dispose } = await loadStudent(whole);
      dispose();
      assert.is(query!.hash, state.query!.contentHash);
      const student = await loadQueryStudent(query!);
      assert.equal(student.description.settings, { teacher: { id: state.teacher.id, revision: state.teacher.revision } });
      const { rows, dimension, data } = await student.embedQueries(['granite', 'Straße 日本']);
      assert.equal([rows, dimension], [2, state.dimension]);
      for (const row of [0, 1])
        assert.ok(Math.abs(Math.hypot(...data.subarray(row * dimension, (row + 1) * dimension)) - 1) < 1e-4);
      await student.dispose();
      const exchanged = await errorOf(() => loadQueryStudent({ ...query!, hash: 'f'.repeat(64) }));
      assert.is(exchanged.code, 'CHECKPOINT_HASH');
    } finally {
      await testBackend();
    }
  }));

/** A teacher that counts the texts that it is asked for. */
function countingTeacher(settings: Record<string, unknown>): {
  teacher: TextEmbedder;
  asked: { documents: number; queries: number };
} {
  const asked = { documents: 0, queries: 0 };
  const embed = (kind: keyof typeof asked) => async (texts: readonly string[]) => {
    asked[kind] += texts.length;
    return { rows: texts.length, dimension: 2, data: new Float32Array(2 * texts.length).fill(0.5) };
  };
  const description = { id: 'counting', revision: '1', dimension: 2, settings };
  return {
    asked,
    teacher: { description, embedDocuments: embed('documents'), embedQueries: embed('queries'), dispose: async () => {} },
  };
}

test('labels: the vectors of queries; of documents, which the cache has, where the teacher reads both alike', async () => {
  const { training } = parseConfig(values('unused'), 'test');
  const texts = [{ name: 'words', texts: ['one', 'two', 'three'], settings: { batchSize: 2, weight: 1 } }];
  for (const [settings, documents, queries] of [
    [{}, 3, 0],
    [{ queryPrompt: '', documentPrompt: '' }, 3, 0],
    [{ queryPrompt: 'query: ', documentPrompt: 'passage: ' }, 0, 3],
    [{ queryPrompt: 'Instruct: find\nQuery:' }, 0, 3],
  ] as const) {
    const { teacher, asked } = countingTeacher(settings);
    const [words, ...others] = await labelQueries(teacher, texts, { training, seed: 1, listener: silent });
    assert.equal(asked, { documents, queries }, JSON.stringify(settings));
    assert.equal([words!.name, words!.count, others.length], ['words', 3, 0]);
  }
});

test('texts: all short ones, in batches of the size asked for; passages where there are no others; none with batchSize 0', () => {
  const { training } = parseConfig(values('unused'), 'test');
  const shorts = [
    { name: 'sentences', texts: ['a b'], settings: { batchSize: 8, weight: 1 } },
    { name: 'words', texts: ['a'], settings: { batchSize: 4, weight: 0.5 } },
  ];
  const sizes = (query: object | undefined, others: typeof shorts) =>
    queryTexts(['a passage'], others, parseConfig(values('unused', { query }), 'test').training).map(({ name, settings }) => [
      name,
      settings.batchSize,
      settings.weight,
    ]);
  assert.equal(sizes({ batchSize: 6 }, shorts), [
    ['sentences', 6, 1],
    ['words', 6, 0.5],
  ]);
  assert.equal(sizes(undefined, shorts), [
    ['sentences', 8, 1],
    ['words', 4, 0.5],
  ]);
  assert.equal(sizes({}, []), [['passages', training.passages.batchSize, 1]]);
  const nothing = { ...training, query: undefined, passages: { batchSize: 0, weight: 1 } };
  assert.equal(queryTexts(['a passage'], [], { ...nothing, query: {} }), []);
});

test('the query student gives its model the bytes of the text and nothing else', async () => {
  const seen: Uint8Array[] = [];
  const model = {
    dimension: 1,
    encodeTexts: async (texts: readonly Uint8Array[]) => {
      seen.push(...texts);
      return { rows: texts.length, dimension: 1, data: new Float32Array(texts.length).fill(1) };
    },
    dispose() {},
  };
  const student = new QueryStudent(model, 'r', { id: 't', revision: '1' });
  const texts = ['how do I rotate logs?', 'Größe 😀'];
  await student.embedQueries(texts);
  // Independent of Buffer: the encoding standard's own encoder.
  assert.equal(
    seen.map((bytes) => [...bytes]),
    texts.map((text) => [...new TextEncoder().encode(text)]),
  );
});

test('configuration: text is the only input, entropy patching is refused, training.query needs model.query', async () => {
  const problem = async (changes: { model?: object; query?: object; training?: Record<string, unknown> }) => {
    const base = tinyRun('unused', 1, changes.training ?? {});
    const model = { ...(base['model'] as object), ...(changes.query && { query: changes.query }) };
    return (await errorOf(async () => parseConfig({ ...base, model }, 'test'))).message;
  };
  assert.match(await problem({ query: { input: 'symbols' } }), 'model.query.input');
  assert.match(await problem({ query: { patching: { kind: 'entropy', model: 'm' } } }), 'model.query.patching.kind');
  assert.match(await problem({ query: { patching: { kind: 'frame' } } }), 'model.query.patching.kind');
  assert.match(await problem({ query: { unknown: 1 } }), 'model.query.unknown');
  assert.match(await problem({ training: { query: { steps: 3 } } }), 'needs model.query');
  const without = parseConfig(tinyRun('unused', 1), 'test');
  assert.not.ok('query' in without.model || 'query' in without.training, 'configurations of before stay as they are');
  const { query } = parseConfig(values('unused'), 'test').model;
  assert.is(query!.input, 'text');
});

test.run();
