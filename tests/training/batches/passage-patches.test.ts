import { existsSync } from 'node:fs';
import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type ExportFormat,
  exportEncoder,
  loadEntropyPatcher,
  loadLayersModelExport,
  loadStudent,
  saveEntropyCheckpoint,
} from '../../../checkpoints/index.ts';
import { evalCommand } from '../../../cli/commands/eval.ts';
import { parseConfig } from '../../../configs/index.ts';
import { patchesPathOf } from '../../../data/patches/patch-boundaries.ts';
import { tf } from '../../../model/backend/index.ts';
import { patchingOf } from '../../../model/config.ts';
import type { CemModel } from '../../../model/embedder.ts';
import { entropyModelConfigSchema } from '../../../model/entropy/config.ts';
import { EntropyModel } from '../../../model/entropy/entropy-model.ts';
import { devEvaluatorOf } from '../../../recipes/train/dev-evaluator.ts';
import { type TrainResult, train } from '../../../training/index.ts';
import { testBackend } from '../../backend.ts';
import { runCommand } from '../../cli/run-command.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { silent, stopAfter, trainOptions } from '../../fixtures/train-options.ts';
import { passageRows, tinyRun, writeDevData } from '../tiny-run.ts';

const test = suite('patches of a run over texts');
test.before(async () => {
  await testBackend();
});

const STEPS = 2;
const SHAPE = entropyModelConfigSchema.parse({ dimension: 16, layers: 1, heads: 2, feedForward: 24, window: 8, context: 32 });
const TEXTS = passageRows(6).map(({ text }) => Buffer.from(text, 'utf8'));

/** An untrained language model in a folder, and the middle of its entropies: a threshold that makes patches. */
async function makeEntropyModel(folder: string, seed: number): Promise<number> {
  const model = EntropyModel.create(SHAPE, seed);
  const [entropies] = await model.entropies(TEXTS.slice(0, 1));
  await saveEntropyCheckpoint(join(folder, 'checkpoints', '1'), model, { step: 1, seed, threshold: null, config: {} }, new Map());
  model.dispose();
  return entropies!.slice().sort()[entropies!.length >> 1]!;
}

interface Trained {
  readonly result: TrainResult;
  /** What the stage `patches` said of itself, where there was one. */
  readonly patches: string | undefined;
}

async function run(
  path: string,
  source: string,
  patching: Record<string, unknown>,
  options: { stopAt?: number; training?: Record<string, unknown> } = {},
): Promise<Trained> {
  const values = tinyRun(source, STEPS, { checkpointEvery: 1, keepCheckpoints: 2, ...options.training });
  const model = { ...(values['model'] as object), input: 'text', patching };
  const data = { source, dev: {} };
  let patches: string | undefined;
  const stage = (name: string) => ({
    ...silent.stage(name),
    done: (summary?: string) => {
      if (name === 'patches') patches = summary;
    },
  });
  const openDevEvaluator = await devEvaluatorOf(parseConfig({ ...values, model, data }, 'test'));
  const result = await train(
    trainOptions(
      path,
      { ...values, model, data },
      {
        resume: existsSync(path),
        ...(openDevEvaluator && { openDevEvaluator }),
        ...stopAfter(options.stopAt, { ...silent, stage }),
      },
    ),
  );
  return { result, patches };
}

/** The vectors of texts by a run's encoder, by two exports of it, and what `cem eval` says of it. */
async function checkEncoder(folder: string, checkpoint: string, data: string): Promise<void> {
  const loaded = await loadStudent(checkpoint);
  const dispose = await withPatcher(loaded.student);
  const { data: expected } = await loaded.student.encodeTexts(TEXTS);
  const exported = async (format: ExportFormat) => {
    const output = join(folder, format);
    await exportEncoder(loaded, output, { format, force: true });
    return output;
  };
  const [carried, layers] = [await exported('safetensors'), await exported('layers-model')];
  loaded.dispose();
  dispose();

  const again = await loadStudent(carried);
  const { model } = await loadLayersModelExport(layers);
  const ends = [await withPatcher(again.student), await withPatcher(model)];
  assert.equal((await again.student.encodeTexts(TEXTS)).data, expected);
  assert.equal((await model.encodeTexts(TEXTS)).data, expected);
  again.dispose();
  model.dispose();
  for (const end of ends) end();

  const words = ['eval', '--checkpoint', checkpoint, '--data', data, '--split', 'dev', '--json'];
  const { encoders } = JSON.parse(await runCommand(evalCommand, words)) as {
    encoders: { student: { ndcg_at_10: number }; random: { ndcg_at_10: number } };
  };
  assert.ok(encoders.student.ndcg_at_10 > encoders.random.ndcg_at_10, JSON.stringify(encoders));
}

/** Gives a model its entropy model, where it needs one. */
async function withPatcher(model: CemModel): Promise<() => void> {
  const patching = patchingOf(model.config);
  if (patching.kind !== 'entropy') return () => {};
  const { patcher, dispose } = await loadEntropyPatcher(patching, model.config.maximumSymbols);
  model.useEntropyPatcher(patcher);
  return dispose;
}

const weightsOf = (checkpoint: string) => readFile(join(checkpoint, 'model.safetensors'));

test('patches behind words: a run trains, is measured, exported and loaded to equal vectors', () =>
  withTemporaryFolder(async (folder) => {
    const data = await writeDevData(folder, 20, 6);
    const path = join(folder, 'space');
    const { result, patches } = await run(path, data, { kind: 'space', maximumLength: 12 });
    assert.is(result.step, STEPS);
    assert.ok(result.best!['ndcg@10'] >= 0);
    assert.is(patches, undefined);
    assert.not(existsSync(patchesPathOf(join(path, 'corpus.zpkg'))));
    await checkEncoder(folder, path, data);
    // Other patches make another encoder.
    const other = await run(join(folder, 'shorter'), data, { kind: 'space', maximumLength: 5 });
    assert.not((await weightsOf(other.result.checkpoint)).equals(await weightsOf(result.checkpoint)));
  }));

test('patches by entropy: kept beside the container, read from there, refused with another language model', () =>
  withTemporaryFolder(async (folder) => {
    const before = tf.memory().numTensors;
    const data = await writeDevData(folder, 20, 6);
    const entropy = join(folder, 'entropy');
    const threshold = await makeEntropyModel(entropy, 1);
    const patching = { kind: 'entropy', model: entropy, threshold, maximumLength: 12 };
    // The tables' warm start reads texts before the first step.
    const training = { tableWarmStart: { texts: 40, iterations: 1 } };
    const [whole, path] = [join(folder, 'whole'), join(folder, 'run')];
    const kept = patchesPathOf(join(whole, 'corpus.zpkg'));
    const { result, patches } = await run(whole, data, patching, { training });
    assert.match(patches!, /^20 chunks, by .*entropy, kept as .*corpus\.zpkg\.patches$/);
    await checkEncoder(folder, whole, data);

    const file = await readFile(kept);
    await run(path, data, patching, { training, stopAt: 1 });
    assert.equal(await readFile(patchesPathOf(join(path, 'corpus.zpkg'))), file);
    // A kill anywhere may have left none, or a damaged one.
    const resumed = await cloned(path, join(folder, 'resumed'));
    const from = await run(resumed, data, patching, { training });
    assert.match(from.patches!, /^20 chunks, from /);
    assert.ok((await weightsOf(from.result.checkpoint)).equals(await weightsOf(result.checkpoint)));
    const bare = await cloned(path, join(folder, 'bare'));
    await rm(patchesPathOf(join(bare, 'corpus.zpkg')));
    const anew = await run(bare, data, patching, { training });
    assert.match(anew.patches!, /by .*entropy, kept as/);
    assert.ok((await weightsOf(anew.result.checkpoint)).equals(await weightsOf(result.checkpoint)));

    await rm(entropy, { recursive: true });
    await makeEntropyModel(entropy, 2);
    const words = ['eval', '--checkpoint', whole, '--data', data, '--split', 'dev'];
    for (const action of [() => run(path, data, patching, { training }), () => runCommand(evalCommand, words)]) {
      const error = await errorOf(action);
      assert.is(error.code, 'ENTROPY_MODEL_OTHER');
      assert.match(error.message, /is not the entropy model that the encoder was trained with/);
    }
    assert.is(tf.memory().numTensors, before, 'nothing is left behind');
  }));

async function cloned(run: string, copy: string): Promise<string> {
  await cp(run, copy, { recursive: true });
  return copy;
}

test.run();
