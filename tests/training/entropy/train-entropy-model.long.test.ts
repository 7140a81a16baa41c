import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadEntropyModel } from '../../../checkpoints/index.ts';
import { type Document, documentText, readCorpus } from '../../../data/index.ts';
import { tf } from '../../../model/backend/index.ts';
import { EntropyModel } from '../../../model/entropy/entropy-model.ts';
import { entropyBoundaries } from '../../../model/patching/entropy-boundaries.ts';
import { type EntropyRun, type EntropyTrainOptions, trainEntropyModel } from '../../../training/index.ts';
import { testBackend } from '../../backend.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { silent } from '../../fixtures/train-options.ts';
import { metricsOf, writePassages } from '../tiny-run.ts';
import { tinyEntropyRun } from './tiny-entropy-run.ts';

interface Context {
  folder: string;
  source: string;
}

const test = suite<Context>('training an entropy model');
test.before(async (context) => {
  await testBackend();
  context.folder = await mkdtemp(join(tmpdir(), 'cem-entropy-'));
  context.source = await writePassages(context.folder, 60);
});
test.after(({ folder }) => rm(folder, { recursive: true, force: true }));

const CHILD = fileURLToPath(new URL('train-child.ts', import.meta.url));
/** Longest that a child of these tests may take, on a machine that is busy with others. */
const PATIENCE = 120_000;

function train(context: Context, run: string, config: EntropyRun, options: Partial<EntropyTrainOptions> = {}) {
  return trainEntropyModel(config, {
    run: join(context.folder, run),
    resume: false,
    resolved: config,
    environment: {},
    documents: () => readCorpus(context.source),
    listener: silent,
    ...options,
  });
}

/** The texts that a run holds out: every tenth, up to so many bytes. */
async function heldOutTexts(source: string, limit: number): Promise<Uint8Array[]> {
  const texts: Uint8Array[] = [];
  let number = 0;
  let left = limit;
  for await (const document of readCorpus(source)) {
    if (++number % 10 !== 0 || left <= 0) continue;
    const bytes = new Uint8Array(Buffer.from(documentText(document)));
    texts.push(bytes.subarray(0, left));
    left -= bytes.length;
  }
  return texts;
}

/** Bits a byte of the best code that knows only how often each byte occurs, counted on the texts trained on (each count one higher, so that none is 0). */
async function unigramBits(source: string, texts: readonly Uint8Array[]): Promise<number> {
  const counts = new Float64Array(256).fill(1);
  let number = 0;
  for await (const document of readCorpus(source)) {
    if (++number % 10 !== 0) for (const byte of Buffer.from(documentText(document))) counts[byte]!++;
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  const bytes = texts.flatMap((text) => [...text]);
  return bytes.reduce((sum, byte) => sum - Math.log2(counts[byte]! / total), 0) / bytes.length;
}

test('a trained model guesses held-out texts better than the counts of bytes do; its checkpoint is the model', async (context) => {
  const tensors = tf.memory().numTensors;
  const config = tinyEntropyRun();
  const result = await train(context, 'whole', config);
  assert.is(tf.memory().numTensors, tensors, 'nothing is left behind');
  assert.equal([result.step, result.interrupted, result.texts], [150, false, { trained: 54, heldOut: 6 }]);
  assert.ok(result.loss!.last < result.loss!.first - 1, JSON.stringify(result.loss));

  const texts = await heldOutTexts(context.source, config.training.heldOutBytes);
  const unigram = await unigramBits(context.source, texts);
  console.log(`held out: ${result.heldOutBits!.toFixed(3)} bits a byte, counts of bytes ${unigram.toFixed(3)}`);
  assert.ok(result.heldOutBits! < unigram - 0.3);

  const { model, state } = await loadEntropyModel(result.run);
  const surprisals = (await model.surprisals(texts)).flatMap((values) => [...values]);
  const bits = surprisals.reduce((sum, value) => sum + value, 0) / surprisals.length / Math.LN2;
  assert.ok(Math.abs(bits - result.heldOutBits!) < 1e-5, `${bits} for ${result.heldOutBits}`);

  // The threshold gives patches of the length that it says, near the one that was wanted; it stands in the checkpoint.
  assert.equal(state.threshold, result.threshold);
  const rule = { threshold: result.threshold!.threshold, monotonic: false };
  const patches = async () => (await model.entropies(texts)).map((values) => [...entropyBoundaries(values, rule)]);
  const boundaries = await patches();
  const mean = surprisals.length / boundaries.reduce((sum, starts) => sum + starts.length, 0);
  assert.is(mean, result.threshold!.meanLength);
  assert.ok(Math.abs(mean - 4.5) < 0.05, `${mean}`);
  assert.equal(await patches(), boundaries, 'the same each time');
  model.dispose();
});

test('on resume of a finished run nothing is left to do; an interrupted one goes on', async (context) => {
  const finished = await train(context, 'whole', tinyEntropyRun(), { resume: true });
  assert.equal([finished.step, finished.loss], [150, null]);
  assert.ok(Math.abs(finished.threshold!.meanLength - 4.5) < 0.05);
  assert.ok(finished.heldOutBits !== null);

  const stop = new AbortController();
  const listener = {
    ...silent,
    stage: () => ({ ...silent.stage(''), progress: (done: number) => (done === 7 ? stop.abort() : undefined) }),
  };
  const config = tinyEntropyRun({ steps: 12 });
  const interrupted = await train(context, 'interrupted', config, { listener, signal: stop.signal });
  assert.equal([interrupted.step, interrupted.interrupted, interrupted.threshold], [7, true, null]);
  const resumed = await train(context, 'interrupted', config, { resume: true });
  assert.equal([resumed.step, resumed.interrupted], [12, false]);
  assert.equal(
    metricsOf(resumed.run).map((line) => line.step),
    Array.from({ length: 12 }, (_, i) => i + 1),
  );
});

test('a length of patches that no threshold gives is said, and the model is kept', async (context) => {
  const notes: string[] = [];
  const listener = { ...silent, note: (line: string) => notes.push(line) };
  const config = { ...tinyEntropyRun({ steps: 3 }), patches: { meanLength: 9, monotonic: false, maximumLength: 4 } };
  const result = await train(context, 'no-threshold', config, { listener });
  assert.is(result.threshold, null);
  assert.match(notes.join('\n'), 'threshold: none, no threshold gives patches of 9 bytes');
  assert.is((await loadEntropyModel(result.run)).state.step, 3);
});

test('what cannot be trained is refused, and leaves no run behind', async (context) => {
  const config = tinyEntropyRun();
  const few = async function* (): AsyncGenerator<Document> {
    yield { id: 'a', title: '', text: 'x'.repeat(63) };
  };
  const short = await errorOf(() => train(context, 'few', config, { documents: few }));
  assert.is(short.code, 'TRAINING_NO_TEXTS');
  // 63 bytes and the begin id; a piece takes 64 and the id that follows.
  assert.match(short.message, 'hold 64 bytes, one piece takes 65');
  assert.not.ok(existsSync(join(context.folder, 'few')));
  assert.is((await errorOf(() => train(context, 'whole', config))).code, 'RUN_EXISTS');
  const other = await errorOf(() => train(context, 'whole', tinyEntropyRun({ steps: 151 }), { resume: true }));
  assert.is(other.code, 'RUN_CONFIG_DIFFERS');
  const diverging = await errorOf(() => train(context, 'diverging', tinyEntropyRun({ optimizer: { learningRate: 1e30 } })));
  assert.is(diverging.code, 'TRAINING_NOT_FINITE');
});

test('a damaged checkpoint is refused by name', async (context) => {
  const newest = join(context.folder, 'whole', 'checkpoints', '150');
  const state = await readFile(join(newest, 'state.json'), 'utf8');
  const code = async () => (await errorOf(() => loadEntropyModel(newest))).code;
  for (const [text, expected] of [
    ['{', 'CHECKPOINT_MALFORMED'],
    [state.replace('"entropy-model"', '"encoder"'), 'CHECKPOINT_MALFORMED'],
    [state.replace(/"contentHash": "./, '"contentHash": "x'), 'CHECKPOINT_HASH'],
    [state.replace('"dimension": 32', '"dimension": 64'), 'CHECKPOINT_HASH'],
  ] as const) {
    await writeFile(join(newest, 'state.json'), text);
    assert.is(await code(), expected, text.slice(0, 60));
  }
  await writeFile(join(newest, 'state.json'), state);
  const { model } = await loadEntropyModel(newest);
  assert.instance(model, EntropyModel);
  model.dispose();
  await rm(join(newest, 'model.safetensors'));
  assert.is(await code(), 'SAFETENSORS_MISSING');
  assert.is((await errorOf(() => loadEntropyModel(context.folder))).code, 'CHECKPOINT_MISSING');
});

test('kill -9 at a random step, then resume: the weights of an uninterrupted run on wasm, to the byte', async ({
  folder,
  source,
}) => {
  const start = (run: string, ...words: string[]) =>
    spawn(process.execPath, ['--import', 'tsx', CHILD, source, run, ...words], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, CEM_THREADS: '1' },
      timeout: PATIENCE,
    });
  const [whole, killed] = [join(folder, 'uninterrupted'), join(folder, 'killed')];
  assert.equal(await once(start(whole), 'close'), [0, null]);

  const step = 1 + Math.floor(Math.random() * 25);
  const child = start(killed);
  const end = once(child, 'close');
  while (child.exitCode === null && child.signalCode === null && (metricsOf(killed).at(-1)?.step ?? 0) < step)
    await setTimeout(2);
  child.kill('SIGKILL');
  assert.equal(await end, [null, 'SIGKILL'], `to be killed at step ${step}`);
  assert.not.ok(existsSync(join(killed, 'checkpoints', '40')));

  assert.equal(await once(start(killed, '--resume'), 'close'), [0, null]);
  console.log(`killed at step ${step}`);
  for (const file of ['model.safetensors', 'optimizer.safetensors', 'state.json']) {
    const [got, expected] = await Promise.all([killed, whole].map((run) => readFile(join(run, 'checkpoints', '40', file))));
    assert.ok(got!.equals(expected!), `${file} differs`);
  }
  const losses = (run: string) => metricsOf(run).map(({ step: number, loss }) => [number, loss]);
  assert.equal(losses(killed), losses(whole));
  assert.equal(await readdir(join(killed, 'checkpoints')), ['30', '40']);
});

test.run();
