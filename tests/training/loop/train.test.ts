import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { listCheckpoints, loadStudent, readKnownText, readSafetensors, shareKnown } from '../../../checkpoints/index.ts';
import { DocumentReader, documentText, readCorpus, trainingDocuments } from '../../../data/index.ts';
import { LsaEmbedder } from '../../../encoders/index.ts';
import { CemModel } from '../../../model/embedder.ts';
import { modelOfCase, parseParityCase } from '../../../model/parity/parity-case.ts';
import { type TrainingListener, train } from '../../../training/index.ts';
import { testBackend } from '../../backend.ts';
import { collect, errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { silent, trainOptions } from '../../fixtures/train-options.ts';
import { metricsOf, passageRows, tinyRun, writePassages } from '../tiny-run.ts';

const test = suite('train');
test.before(async () => {
  await testBackend();
});

const DOCUMENTS = 60;

/** Mean reciprocal rank of each passage's own frame, when the teacher's vector of its text is what is searched for. */
async function reciprocalRank(student: CemModel, teacher: LsaEmbedder, run: string, source: string): Promise<number> {
  const reader = await DocumentReader.open(join(run, 'corpus.zpkg'));
  const documents = await collect(readCorpus(source));
  const frames = await Promise.all(documents.map((document) => reader.compressedChunk(reader.chunksOf(document.id)[0]!)));
  const vectors = await student.encodeChunks(frames, reader.dictionary);
  const queries = await teacher.embedQueries(documents.map(documentText));
  await reader.close();
  const { dimension } = vectors;
  let sum = 0;
  documents.forEach((_, query) => {
    const score = (row: number) => {
      let product = 0;
      for (let c = 0; c < dimension; c++) product += queries.data[query * dimension + c]! * vectors.data[row * dimension + c]!;
      return product;
    };
    const own = score(query);
    sum += 1 / (1 + documents.filter((_, row) => row !== query && score(row) >= own).length);
  });
  return sum / documents.length;
}

test('a short run lowers the loss, ranks far better than an untrained model, and leaves a whole run folder', () =>
  withTemporaryFolder(async (folder) => {
    const source = await writePassages(folder, DOCUMENTS);
    const run = join(folder, 'run');
    const values = tinyRun(source, 80, {
      logEvery: 10,
      checkpointEvery: 30,
      keepCheckpoints: 2,
      optimizer: { learningRate: 0.01, tablesLearningRate: 0.02 },
    });
    const options = trainOptions(run, values);
    const result = await train(options);

    assert.equal([result.step, result.interrupted, result.run], [80, false, run]);
    assert.is(result.checkpoint, join(run, 'checkpoints', '80'));
    assert.is(result.texts['passages'], DOCUMENTS);
    assert.ok(result.texts['sentences']! > DOCUMENTS);
    assert.ok(result.saving > 0 && result.saving < 1);

    const lines = metricsOf(run);
    assert.equal(
      lines.map((line) => line.step),
      Array.from({ length: 8 }, (_, index) => 10 * (index + 1)),
    );
    for (const line of lines) {
      assert.equal(Object.keys(line.terms), [
        'passages/distillation',
        'passages/info_nce',
        'passages/triplet',
        'sentences/distillation',
        'sentences/info_nce',
        'sentences/triplet',
      ]);
      for (const number of [line.loss, line.learning_rate, line.gradient_norm, line.seconds, ...Object.values(line.terms)])
        assert.ok(Number.isFinite(number));
    }
    assert.ok(lines.at(-1)!.loss < 0.6 * lines[0]!.loss, `loss ${lines[0]!.loss} -> ${lines.at(-1)!.loss}`);

    // Every file of a run; of the checkpoints at 30, 60 and 80 the newest two.
    for (const file of ['config.yaml', 'environment.json', 'corpus.zpkg', 'corpus.zpkg.map', 'teacher']) {
      assert.ok(existsSync(join(run, file)), file);
    }
    assert.not.ok(existsSync(join(run, 'checkpoints', '30')));
    assert.ok(existsSync(join(run, 'checkpoints', '60', 'state.json')));

    const loaded = await loadStudent(run);
    const teacher = await LsaEmbedder.load(join(run, 'teacher'));
    const trained = await reciprocalRank(loaded.student, teacher, run, source);
    const untrained = CemModel.create(options.model, loaded.student.dimension, 99);
    const random = await reciprocalRank(untrained, teacher, run, source);
    // By chance: the mean of 1/1 … 1/60, 4.68 / 60 = 0.078.
    assert.ok(trained > 0.4 && trained > 2 * random, `trained ${trained}, untrained ${random}`);
    loaded.dispose();
    untrained.dispose();
  }));

test('a run that was stopped by its signal says so, and the resumed one ends with the same weights', () =>
  withTemporaryFolder(async (folder) => {
    const source = await writePassages(folder, 20);
    const values = tinyRun(source, 6, { checkpointEvery: 4 });
    const whole = await train(trainOptions(join(folder, 'whole'), values));
    const stop = new AbortController();
    const stopped = trainOptions(join(folder, 'stopped'), values);
    const first = await train({
      ...stopped,
      signal: stop.signal,
      listener: {
        ...silent,
        stage: () => ({
          ...silent.stage(''),
          progress: (done, _total, extra) => {
            // Progress with a loss is a step's.
            if (extra !== undefined && done === 3) stop.abort();
          },
        }),
      },
    });
    assert.equal([first.step, first.interrupted], [3, true]);
    assert.ok(existsSync(join(first.checkpoint, 'optimizer.safetensors')));
    const resumed = await train({ ...stopped, resume: true });
    assert.equal([resumed.step, resumed.interrupted], [6, false]);
    // Byte equality is stated in resume.test.ts, on one backend and one thread; sums of several threads have no fixed order.
    const [a, b] = await Promise.all(
      [whole, resumed].map(
        async ({ checkpoint }) => (await readSafetensors(join(checkpoint, 'tables.safetensors'))).get('bytes')!.data,
      ),
    );
    assert.ok(a!.every((value, i) => Math.abs(value - b![i]!) < 1e-3));
    assert.equal(
      metricsOf(resumed.run).map((line) => line.step),
      [1, 2, 3, 4, 5, 6],
    );
  }));

test('no sentences, or no passages, and nothing at all', () =>
  withTemporaryFolder(async (folder) => {
    const source = await writePassages(folder, 12);
    const nothing = { batchSize: 0, weight: 1 };
    const passages = await train(trainOptions(join(folder, 'a'), tinyRun(source, 2, { sentences: nothing })));
    assert.equal(passages.texts, { passages: 12 });
    await train(trainOptions(join(folder, 'b'), tinyRun(source, 2, { passages: nothing })));
    const names = metricsOf(join(folder, 'b')).flatMap((line) => Object.keys(line.terms));
    assert.ok(names.every((name) => name.startsWith('sentences/')));
    const error = await errorOf(() =>
      train(trainOptions(join(folder, 'c'), tinyRun(source, 2, { passages: nothing, sentences: nothing }))),
    );
    assert.is(error.code, 'TRAINING_NO_TEXTS');
  }));

test('a signal while texts are labelled ends the run at once, and the resumed one goes on', () =>
  withTemporaryFolder(async (folder) => {
    const source = await writePassages(folder, 12);
    const values = tinyRun(source, 2);
    const run = join(folder, 'run');
    const stop = AbortSignal.abort();
    const error = await errorOf(() => train({ ...trainOptions(run, values), signal: stop }));
    assert.is(error.code, 'TRAINING_STOPPED');
    assert.is((await train({ ...trainOptions(run, values), resume: true })).step, 2);
  }));

test('titles, words and spans are granularities too, each labelled, compressed and logged', () =>
  withTemporaryFolder(async (folder) => {
    const source = await writePassages(folder, 12);
    const few = { batchSize: 4, weight: 0.5 };
    const spans = { ...few, maximum: 50, shortest: 2, longest: 6 };
    const run = join(folder, 'run');
    const { texts } = await train(trainOptions(run, tinyRun(source, 2, { titles: few, words: { ...few, maximum: 40 }, spans })));
    assert.equal(Object.keys(texts), ['passages', 'sentences', 'titles', 'words', 'spans']);
    assert.ok(texts['titles']! > 1 && texts['titles']! <= 12);
    assert.is(texts['words'], 40);
    assert.ok(texts['spans']! > 40 && texts['spans']! <= 50);
    const [line] = metricsOf(run);
    for (const name of Object.keys(texts)) assert.ok(Number.isFinite(line!.terms[`${name}/distillation`]), name);
  }));

test('lists of texts from files are granularities, each text once; one that is not there is named', () =>
  withTemporaryFolder(async (folder) => {
    const source = await writePassages(folder, 12);
    const list = join(folder, 'definitions.txt');
    await writeFile(
      list,
      'cat: a small animal\n\ndog: a larger one\r\ncat: a small animal\nhorse: an even larger one\nnever: not taken\n',
    );
    const lists = [{ name: 'definitions', source: list, batchSize: 2, weight: 0.5, maximum: 3 }];
    const run = join(folder, 'run');
    const { texts } = await train(trainOptions(run, tinyRun(source, 2, { lists })));
    assert.equal([Object.keys(texts), texts['definitions']], [['passages', 'sentences', 'definitions'], 3]);
    assert.ok(Number.isFinite(metricsOf(run)[0]!.terms['definitions/distillation']));
    // What stands in a list alone is known as well, but not what was not taken of it.
    const known = (await readKnownText(join(run, 'checkpoints', '2')))!;
    assert.is(shareKnown(known, ['cat small animal larger']).words.byType, 1);
    assert.ok(shareKnown(known, ['never']).words.byType < 1);
    const missing = tinyRun(source, 2, { lists: [{ ...lists[0]!, source: join(folder, 'nothing.txt') }] });
    assert.is((await errorOf(() => train(trainOptions(join(folder, 'other'), missing)))).code, 'DATA_MISSING');
    assert.throws(() => trainOptions(run, tinyRun(source, 2, { lists: [...lists, ...lists] })), /have one name twice/);
    assert.throws(
      () => trainOptions(run, tinyRun(source, 2, { lists: [{ ...lists[0]!, name: 'words' }] })),
      /must not be called/,
    );
  }));

test('a loss that is no number ends the run with one clear line, and no checkpoint of it', () =>
  withTemporaryFolder(async (folder) => {
    const source = await writePassages(folder, 12);
    const run = join(folder, 'run');
    const values = tinyRun(source, 50, { optimizer: { learningRate: 1e38, tablesLearningRate: 1e38 } });
    const error = await errorOf(() => train(trainOptions(run, values)));
    assert.is(error.code, 'TRAINING_NOT_FINITE');
    assert.match(error.message, /lower optimizer\.learningRate/);
    assert.not.ok(existsSync(join(run, 'checkpoints', '50')));
    assert.ok((await readFile(join(run, 'config.yaml'), 'utf8')).startsWith('name: tiny'));
    const failed = JSON.parse(await readFile(join(run, 'failed-step.json'), 'utf8')) as {
      step: number;
      texts: Record<string, string[]>;
    };
    assert.match(error.message, new RegExp(`step ${failed.step} .*failed-step\\.json`));
    assert.equal(
      Object.entries(failed.texts).map(([name, texts]) => [name, texts.length]),
      [
        ['passages', 8],
        ['sentences', 8],
      ],
    );
  }));

test('a model of texts is trained without a container; several batches make a step; checkpoints stay that are asked for', () =>
  withTemporaryFolder(async (folder) => {
    const run = join(folder, 'run');
    const values = tinyRun(await writePassages(folder, 20), 6, {
      accumulate: 2,
      checkpointEvery: 1,
      keepCheckpoints: 1,
      keepCheckpointsEvery: 2,
      schedule: { kind: 'warmup-stable-decay', warmupSteps: 0 },
      optimizer: { tables: 'rowwise-adagrad' },
    });
    const result = await train(trainOptions(run, { ...values, model: { ...(values['model'] as object), input: 'text' } }));
    assert.is(result.step, 6);
    assert.equal(await listCheckpoints(run), [2, 4, 6]);
    const lines = metricsOf(run);
    assert.ok(lines.at(-1)!.loss < lines[0]!.loss);
    const state = await readSafetensors(join(run, 'checkpoints', '6', 'optimizer.safetensors'));
    assert.ok([...state.keys()].includes('tables/0/squares'));
  }));

test('a warm start takes what a BLT checkpoint has, and says what it has not', () =>
  withTemporaryFolder(async (folder) => {
    const golden = fileURLToPath(new URL('../../golden/parity/', import.meta.url));
    const blt = join(folder, 'blt');
    await mkdir(blt);
    await copyFile(join(golden, 'weights.safetensors'), join(blt, 'model.safetensors'));
    // The case has tables of 31 rows for two hash functions.
    await writeFile(
      join(blt, 'config.json'),
      JSON.stringify({ encoder_hash_byte_group_vocab: 31, encoder_hash_byte_group_nb_functions: 2 }),
    );
    const shape = modelOfCase(parseParityCase(await readFile(join(golden, 'case.json'), 'utf8'), 'golden'), 'golden');
    const source = await writePassages(folder, 20);
    const values = tinyRun(source, 1, { warmStart: blt, optimizer: { learningRate: 1e-9, tablesLearningRate: 1e-9 } });
    const notes: string[] = [];
    const run = join(folder, 'run');
    const model = { ...shape, input: 'symbols', patching: { kind: 'static' }, maximumSymbols: 128 };
    const listener: TrainingListener = { ...silent, note: (line) => notes.push(line) };
    await train({ ...trainOptions(run, { ...values, model }), listener });
    const note = notes.find((line) => line.startsWith('warm start:'));
    assert.match(note ?? '', /^warm start: \d+ weights from .*; drawn: local\/kind\/table, /);
    const reference = await readSafetensors(join(golden, 'weights.safetensors'));
    const trained = await readSafetensors(join(run, 'checkpoints', '1', 'tables.safetensors'));
    const bytes = reference.get('local_encoder.embed_tokens.weight')!;
    const kept = trained.get('bytes')!;
    assert.equal(kept.shape, bytes.shape);
    kept.data.forEach((value, index) => {
      assert.ok(Math.abs(value - bytes.data[index]!) < 1e-6);
    });
  }));

test('a warm start from a checkpoint of ours takes what has the same shape, and a run of two corpora takes its share of each', () =>
  withTemporaryFolder(async (folder) => {
    const source = await writePassages(folder, 40);
    const still = { optimizer: { learningRate: 1e-9, tablesLearningRate: 1e-9, weightDecay: 0 } };
    const first = join(folder, 'first');
    await train(trainOptions(first, tinyRun(source, 2)));

    const further = join(folder, 'further.jsonl');
    const rows = passageRows(60).slice(40);
    await writeFile(further, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const corpora = await trainingDocuments({ source }, [{ source: further, weight: 0.5 }]);
    const values = tinyRun(source, 1, { ...still, warmStart: first });
    const model = {
      ...(values['model'] as Record<string, unknown>),
      global: { dimension: 24, layers: 2, heads: 2, feedForward: 32 },
    };
    const notes: string[] = [];
    const run = join(folder, 'run');
    const result = await train({
      ...trainOptions(run, { ...values, model }),
      ...corpora,
      listener: { ...silent, note: (line) => notes.push(line) },
    });
    assert.is(result.texts['passages'], 60);
    const note = notes.find((line) => line.startsWith('warm start:'));
    assert.match(note ?? '', /drawn: global\/1\/.*; of other shapes: none; 0 tensors not used$/);
    const missing = trainOptions(join(folder, 'none'), tinyRun(source, 1, { warmStart: join(folder, 'nowhere') }));
    const error = await errorOf(() => train(missing));
    assert.is(error.code, 'IMPORT_MISSING');
    assert.match(error.message, /nowhere is neither a checkpoint or run folder of ours nor a BLT checkpoint/);
    // 40 passages and half of 20 others make an epoch of 50 / 8 batches.
    assert.match(notes.find((line) => line.startsWith('train:')) ?? '', /1 steps, 0\.2 epochs of passages/);
    for (const file of ['tables.safetensors', 'model.safetensors']) {
      const before = await readSafetensors(join(first, 'checkpoints', '2', file));
      const after = await readSafetensors(join(run, 'checkpoints', '1', file));
      for (const [name, { data }] of before) {
        const now = after.get(name)!.data;
        assert.ok(
          data.every((value, index) => Math.abs(value - now[index]!) < 1e-6),
          `${file}: ${name}`,
        );
      }
    }
  }));

test.run();
