import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { listCheckpoints, loadStudent, readBestCheckpoint, writeBestCheckpoint } from '../../../checkpoints/index.ts';
import { findCheckpoint } from '../../../checkpoints/store/checkpoint.ts';
import type { CemModel } from '../../../model/embedder.ts';
import { type TrainingListener, type TrainOptions, type TrainResult, train } from '../../../training/index.ts';
import { testBackend } from '../../backend.ts';
import { silent, trainOptions } from '../../fixtures/train-options.ts';
import { metricsOf, tinyRun, writePassages } from '../tiny-run.ts';

interface Context {
  folder: string;
  source: string;
  /** A run with `VALUES` and averaged weights, to its end. */
  whole: string;
  wholeResult: TrainResult;
  /** Fingerprints of the models that were measured in it. */
  seen: readonly number[];
}

const test = suite<Context>('development data in a run');

const VALUES = [0.1, 0.4, 0.2, 0.4, 0.3, 0.1];

test.before(async (context) => {
  await testBackend();
  context.folder = await mkdtemp(join(tmpdir(), 'cem-dev-'));
  context.source = await writePassages(context.folder, 12);
  context.whole = join(context.folder, 'whole');
  const { options, seen } = scripted(context.whole, context.source, VALUES, AVERAGED);
  context.wholeResult = await train(options);
  context.seen = seen;
});
test.after(({ folder }) => rm(folder, { recursive: true, force: true }));

const AVERAGED = { ema: { decay: 0.9 } };

/** Sum of a weight of the model: tells models of different steps apart. */
async function fingerprint(model: CemModel): Promise<number> {
  const weight = model.graph.trainableWeights[0]!.read();
  return Float32Array.from(await weight.data()).reduce((sum, value) => sum + value, 0);
}

interface Scripted {
  readonly options: TrainOptions;
  /** Fingerprints of the models that were measured. */
  readonly seen: number[];
  closed: number;
}

/** A run of 12 steps that is evaluated at every second, with figures that are given: those of the steps 2, 4, … */
function scripted(run: string, source: string, values: readonly number[], training: Record<string, unknown> = {}): Scripted {
  const settings = { evaluateEvery: 2, checkpointEvery: 3, keepCheckpoints: 1, logEvery: 5, ...training };
  const configured = { ...tinyRun(source, 12, settings), data: { source, dev: {} } };
  const made: Scripted = {
    seen: [],
    closed: 0,
    options: trainOptions(run, configured, {
      resume: existsSync(join(run, 'config.yaml')),
      openDevEvaluator: async (context) => {
        assert.is(context.run, run);
        assert.instance(context.dictionary, Uint8Array);
        assert.is(context.teacher.description.id, 'lsa');
        return {
          evaluate: async (model) => {
            const value = values[evaluated(run).length]!;
            made.seen.push(await fingerprint(model));
            return { 'ndcg@10': value, retention: value / 2 };
          },
          close: async () => {
            made.closed++;
          },
        };
      },
    }),
  };
  return made;
}

const evaluated = (run: string) =>
  metricsOf(run).flatMap(({ step, dev }) => (dev ? [[step, dev['ndcg@10'], dev.retention]] : []));

test('figures stand on the lines of their steps; the best checkpoint is kept, though it was none by its step, and has a name', async (context) => {
  const { whole: run, wholeResult: result, seen } = context;
  assert.equal(evaluated(run), [
    [2, 0.1, 0.05],
    [4, 0.4, 0.2],
    [6, 0.2, 0.1],
    [8, 0.4, 0.2],
    [10, 0.3, 0.15],
    [12, 0.1, 0.05],
  ]);
  // Lines of the log, every 5 steps, stay.
  assert.equal(
    metricsOf(run).map(({ step }) => step),
    [2, 4, 5, 6, 8, 10, 12],
  );
  const best = { step: 4, 'ndcg@10': 0.4, retention: 0.2 };
  assert.equal([result.best, result.stoppedEarly, result.interrupted], [best, false, false]);
  assert.equal(await readBestCheckpoint(run), best);
  assert.equal(await listCheckpoints(run), [4, 12]);

  const named = await loadStudent(join(run, 'checkpoints', 'best'));
  assert.is(named.folder, join(run, 'checkpoints', '4'));
  assert.ok(named.teacherFolder?.endsWith('teacher') && named.trainingZpkg?.endsWith('corpus.zpkg'));
  // The weights that were measured: the averages, and not those of another step.
  assert.is(await fingerprint(named.student), seen[1]);
  named.dispose();
  assert.is(await findCheckpoint(run), join(run, 'checkpoints', '12'), 'a run is its newest');
});

test('a run whose evaluations bring no gain ends early; to go on with it trains nothing', async ({ folder, source }) => {
  const run = join(folder, 'early');
  const early = { earlyStopping: { patience: 2, minimumGain: 0.05 } };
  // 0.1 and 0.3 count; 0.32 and 0.33 are less than 0.05 above 0.3.
  const first = scripted(run, source, [0.1, 0.3, 0.32, 0.33, 0.5, 0.6], early);
  const result = await train(first.options);
  assert.equal([result.step, result.stoppedEarly, result.interrupted, result.best?.step], [8, true, false, 8]);
  assert.is(result.checkpoint, join(run, 'checkpoints', '8'));
  assert.is(first.closed, 1);

  const metrics = await readFile(join(run, 'metrics.jsonl'), 'utf8');
  const again = scripted(run, source, [], early);
  const resumed = await train(again.options);
  assert.equal([resumed.step, resumed.stoppedEarly, resumed.loss, resumed.best], [8, true, null, result.best]);
  assert.is(again.seen.length, 0);
  assert.is(await readFile(join(run, 'metrics.jsonl'), 'utf8'), metrics);
});

test('what a kill left behind the checkpoint does not count: neither its evaluations nor its best', async (context) => {
  const { folder, source, whole } = context;
  const run = join(folder, 'stopped');
  const stop = new AbortController();
  const { options } = scripted(run, source, VALUES, AVERAGED);
  const listener: TrainingListener = {
    ...silent,
    stage: (name) => ({
      ...silent.stage(name),
      progress: (done) => {
        if (name === 'train' && done === 5) stop.abort();
      },
    }),
  };
  assert.is((await train({ ...options, signal: stop.signal, listener })).step, 5);
  // A line of a step that no checkpoint has, a torn one, and a best that the metrics do not know.
  const [line] = metricsOf(run);
  const later = { ...line, step: 6, dev: { 'ndcg@10': 0.9, retention: 0.9 } };
  await appendFile(join(run, 'metrics.jsonl'), `${JSON.stringify(later)}\n{"st`);
  await writeBestCheckpoint(run, { step: 2, 'ndcg@10': 0.95, retention: 1 });
  const result = await train(scripted(run, source, VALUES, AVERAGED).options);
  assert.equal(result.best, { step: 4, 'ndcg@10': 0.4, retention: 0.2 });
  assert.equal(evaluated(run), evaluated(whole));
  assert.equal(await readBestCheckpoint(run), await readBestCheckpoint(whole));
  assert.equal(await listCheckpoints(run), await listCheckpoints(whole));
});

test.run();
