import { spawnSync } from 'node:child_process';
import { access, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { machineMark } from '../../../base/process-life.ts';
import { layersModelFiles } from '../../../checkpoints/export/index.ts';
import { writeLayersModel } from '../../../checkpoints/export/layers-model.ts';
import {
  type ExportFormat,
  exportEncoder,
  loadLayersModelExport,
  loadStudent,
  readExportDescription,
} from '../../../checkpoints/index.ts';
import { exportCommand } from '../../../cli/commands/export.ts';
import { createTeacher } from '../../../encoders/index.ts';
import { BackendError, selectBackend, tf } from '../../../model/backend/index.ts';
import { symbolKind } from '../../../model/symbols/symbol-kinds.ts';
import { testBackend } from '../../backend.ts';
import { runCommand } from '../../cli/run-command.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { codeOf, largestDifference, makeRun, type TestRun, TINY_MODEL } from '../fixtures.ts';

/** What a child process feeds an exported graph with. */
export interface GraphInputs {
  readonly shape: [number, number, number];
  readonly symbols: number[];
  readonly lengths: number[];
  readonly kinds: number[];
}

/** Two implementations of float32 arithmetic agree on unit vectors to some units in the last place. */
const TOLERANCE = 1e-6;

const test = suite('export');

test.before.each(async () => {
  await testBackend();
});

function withRun(action: (run: TestRun, parent: string) => Promise<void>): Promise<void> {
  return withTemporaryFolder(async (parent) => {
    const run = await makeRun(parent);
    try {
      await action(run, parent);
    } finally {
      run.model.dispose();
    }
  });
}

async function exportRun(run: TestRun, output: string, format: ExportFormat, force = false) {
  const loaded = await loadStudent(run.folder);
  try {
    return await exportEncoder(loaded, output, { format, force });
  } finally {
    loaded.dispose();
  }
}

const sizes = async (folder: string) => (await readdir(folder)).sort();

test('safetensors: a checkpoint that can be carried away, without its run', () =>
  withRun(async (run, parent) => {
    const expected = await run.model.encodeChunks(run.frames, run.dictionary);
    const result = await exportRun(run, join(parent, 'made', 'deep'), 'safetensors');
    assert.equal(await sizes(join(parent, 'made')), ['deep']);
    const carried = join(parent, 'carried');
    await rename(join(parent, 'made', 'deep'), carried);
    const teacherOfRun = await createTeacher((await loadStudentState(run)).teacher, { folder: join(run.folder, 'teacher') });
    const query = ['what does the header hold?'];
    const queryVector = (await teacherOfRun.embedQueries(query)).data;
    await rm(run.folder, { recursive: true });

    assert.equal(await sizes(carried), [
      'README.md',
      'encoder.json',
      'model.safetensors',
      'state.json',
      'tables.safetensors',
      'teacher',
    ]);
    const loaded = await loadStudent(carried);
    assert.is(loaded.hash, run.hash);
    assert.is(loaded.teacherFolder, join(carried, 'teacher'));
    assert.equal((await loaded.student.encodeChunks(run.frames, run.dictionary)).data, expected.data);
    const teacher = await createTeacher(loaded.teacher, { folder: loaded.teacherFolder! });
    assert.is(teacher.description.revision, loaded.state.teacher.revision);
    assert.equal((await teacher.embedQueries(query)).data, queryVector);
    loaded.dispose();
    assert.is(
      result.bytes,
      result.files.reduce((sum, { bytes }) => sum + bytes, 0),
    );
    assert.ok(result.files.some(({ file }) => file === join('teacher', 'lsa.json')));
  }));

async function loadStudentState(run: TestRun) {
  const loaded = await loadStudent(run.folder);
  loaded.dispose();
  return loaded;
}

test('onnx: the same vectors of real chunks in onnxruntime', () =>
  withRun(async (run, parent) => {
    const { model } = run;
    const output = join(parent, 'onnx');
    await exportRun(run, output, 'onnx');
    assert.equal(await sizes(output), ['README.md', 'encoder.json', 'encoder.onnx', 'tables.safetensors', 'teacher']);
    const description = await readExportDescription(output);
    assert.ok('encoder.onnx' in description.sha256);
    const card = await readFile(join(output, 'README.md'), 'utf8');
    assert.ok(card.includes("InferenceSession.create('encoder.onnx')"));
    const dictionary = model.prepareDictionary(run.dictionary);
    const { InferenceSession, Tensor } = await import('onnxruntime-node');
    const session = await InferenceSession.create(join(output, 'encoder.onnx'));
    try {
      for (const frame of run.frames) {
        const batch = model.batch([model.encode(frame, dictionary)]);
        const shape = [1, batch.symbols];
        const { embedding } = await session.run({
          symbols: new Tensor('float32', model.tables.embed(batch).slice(), [...shape, TINY_MODEL.local.dimension]),
          lengths: new Tensor('float32', batch.lengths, shape),
          kinds: new Tensor('int32', batch.kinds, shape),
        });
        const expected = await model.encodeChunks([frame], run.dictionary);
        assert.ok(largestDifference(embedding!.data as Float32Array, expected.data) < 1e-4);
      }
    } finally {
      await session.release();
    }
  }));

test('layers-model: the same vectors of real chunks through graph and tables', () =>
  withRun(async (run, parent) => {
    const expected = await run.model.encodeChunks(run.frames, run.dictionary);
    const output = join(parent, 'web');
    await exportRun(run, output, 'layers-model');
    assert.equal(await sizes(output), [
      'README.md',
      'encoder.json',
      'group1-shard1of1.bin',
      'model.json',
      'tables.safetensors',
      'teacher',
    ]);
    const tensors = tf.memory().numTensors;
    const { model, description } = await loadLayersModelExport(output);
    assert.is(description.contentHash, run.hash);
    const got = await model.encodeChunks(run.frames, run.dictionary);
    assert.ok(largestDifference(got.data, expected.data) <= TOLERANCE);
    model.dispose();
    assert.is(tf.memory().numTensors, tensors);
  }));

test('layers-model: plain tf.loadLayersModel in another process, on wasm and on tensorflow', () =>
  withRun(async (run, parent) => {
    const expected = await run.model.encodeChunks(run.frames, run.dictionary);
    const output = join(parent, 'web');
    await exportRun(run, output, 'layers-model');
    const { model } = run;
    const dictionary = model.prepareDictionary(run.dictionary);
    const batch = model.batch(run.frames.map((frame) => model.encode(frame, dictionary)));
    assert.ok(batch.symbols > 2 * TINY_MODEL.local.window, 'long enough for attention by blocks');
    const inputs: GraphInputs = {
      shape: [batch.size, batch.symbols, TINY_MODEL.local.dimension],
      symbols: [...model.tables.embed(batch)],
      lengths: [...batch.lengths],
      kinds: [...batch.kinds],
    };
    const inputsPath = join(parent, 'inputs.json');
    await writeFile(inputsPath, JSON.stringify(inputs));
    const program = fileURLToPath(new URL('./apply-exported-graph.ts', import.meta.url));
    for (const [backend, how] of await waysToLoad()) {
      const child = spawnSync(process.execPath, ['--import', 'tsx', program, backend, how, output, inputsPath], {
        encoding: 'utf8',
      });
      assert.is(child.status, 0, child.stderr);
      const vectors = JSON.parse(child.stdout) as number[];
      const difference = largestDifference(vectors, expected.data);
      assert.ok(difference <= TOLERANCE, `${backend}, ${how}: ${difference}`);
    }
  }));

/** wasm works everywhere; TensorFlow where it is installed, which also brings the file:// addresses. */
async function waysToLoad(): Promise<(readonly [string, string])[]> {
  const ways = [['wasm', 'files'] as const];
  try {
    await selectBackend('tensorflow');
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    console.log('skipped: export on tensorflow, which does not work here');
    return ways;
  } finally {
    await testBackend();
  }
  return [...ways, ['tensorflow', 'files'], ['tensorflow', 'url']];
}

test('weights of several shards are put together again', () =>
  withTemporaryFolder(async (folder) => {
    // Two matrices of 3 MiB and 2 MiB: the first shard ends inside of the second.
    const input = tf.input({ shape: [1024] });
    const dense = (units: number) => tf.layers.dense({ units, useBias: false, kernelInitializer: 'randomNormal' });
    const graph = tf.model({ inputs: input, outputs: dense(683).apply(dense(768).apply(input)) as tf.SymbolicTensor });
    assert.equal(await writeLayersModel(graph, folder), ['model.json', 'group1-shard1of2.bin', 'group1-shard2of2.bin']);
    const loaded = await tf.loadLayersModel(layersModelFiles(folder));
    for (const [index, weight] of graph.getWeights().entries()) {
      assert.equal(await loaded.getWeights()[index]!.data(), await weight.data());
    }
    graph.dispose();
    loaded.dispose();
  }));

test('what a browser bundles needs no Node', async () => {
  const pending = [fileURLToPath(new URL('../../../model/layers/index.ts', import.meta.url))];
  const seen = new Set<string>();
  const packages = new Set<string>();
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const source = await readFile(path, 'utf8');
    assert.not.match(source, /\b(?:import|require)\(/);
    // Imports of types alone are gone at run time.
    for (const [, specifier = ''] of source.matchAll(/^(?:import|export) (?!type )(?:[^;']*? from )?'([^']+)';/gm)) {
      if (specifier.startsWith('.')) pending.push(fileURLToPath(new URL(specifier, `file://${path}`)));
      else packages.add(specifier);
    }
  }
  assert.ok(seen.size >= 7, [...seen].join(' '));
  assert.equal([...packages], ['@tensorflow/tfjs']);
});

test('the description says how the encoder is fed', () =>
  withRun(async (run, parent) => {
    const output = join(parent, 'web');
    await exportRun(run, output, 'layers-model');
    const { inputs, output: vectors, padding, tables, kinds, teacher, sha256 } = await readExportDescription(output);
    const graph = await tf.loadLayersModel(layersModelFiles(output));
    assert.equal(
      graph.inputs.map(({ shape, dtype }, index) => ({ name: graph.inputNames[index], dtype, shape })),
      inputs,
    );
    assert.equal(graph.outputs[0]!.shape, [null, vectors.dimension]);
    graph.dispose();
    assert.equal(padding, { patchSize: 4, window: 8, maximumSymbols: 256 });
    assert.equal(tables.names, ['bytes', 'ngram-3', 'ngram-4']);
    // The first of BLT's primes (facebookresearch/blt).
    assert.equal(tables.hashPrimes, [1000000007]);
    assert.is(tables.byteIdOffset, 4);
    assert.equal(Object.keys(sha256).sort(), ['group1-shard1of1.bin', 'model.json', 'tables.safetensors']);
    assert.is(teacher.folder, 'teacher');
    // Reading `copyLengths` as documented gives the kind that the model has.
    for (const length of [1, 3, 65, 66, 67, 131, 132, 133, 5000, 1e6, 1e8]) {
      const entry = kinds.copyLengths.findLastIndex((smallest) => smallest <= length);
      assert.is(kinds.firstCopy + entry, symbolKind(true, length), String(length));
    }
    assert.is(kinds.firstCopy + kinds.copyLengths.length, kinds.count);
  }));

test('the model card has data, teacher, settings, and only figures of these weights', () =>
  withRun(async (run, parent) => {
    const evaluation = (hash: string) =>
      JSON.stringify({
        encoders: { teacher: { ndcg_at_10: 0.5 }, student: { ndcg_at_10: 0.4321 }, bm25: { ndcg_at_10: 0.6 } },
        retention: 0.8642,
        saving: 0.613,
        candidates: 'judged',
        dataset: 'techdocs-beir',
        split: 'dev',
        checkpoint: { hash },
      });
    const plain = join(parent, 'plain');
    await writeFile(join(run.folder, 'evaluation-broken.json'), '{');
    await writeFile(join(run.folder, 'evaluation-old.json'), evaluation('another').replace('0.4321', '0.9999'));
    assert.equal((await exportRun(run, plain, 'safetensors')).evaluations, []);
    assert.match(await readFile(join(plain, 'README.md'), 'utf8'), /no evaluation of these weights/);

    await writeFile(join(run.folder, 'evaluation.json'), evaluation(run.hash));
    const measured = join(parent, 'measured');
    assert.equal((await exportRun(run, measured, 'safetensors')).evaluations, ['evaluation.json']);
    const card = await readFile(join(measured, 'README.md'), 'utf8');
    for (const part of [
      '# tiny',
      'Data: `texts`, the documents of its split `train`',
      'fitted on the training texts, in `teacher/`',
      `Content hash: \`${run.hash}\``,
      '### techdocs-beir, split `dev`, candidates `judged`',
      '| student | 0.4321 |',
      '86.4%',
      '61.3%',
    ])
      assert.ok(card.includes(part), part);
    assert.not.ok(card.includes('0.9999'));
    assert.not.ok(card.includes(parent), 'no path of this machine');

    // Figures travel with an export that is exported again.
    const loaded = await loadStudent(measured);
    const again = await exportEncoder(loaded, join(parent, 'again'), { format: 'layers-model' });
    loaded.dispose();
    assert.equal(again.evaluations, ['evaluation.json']);
  }));

test('an output that exists is refused, replaced with force, and never when it is not ours', () =>
  withRun(async (run, parent) => {
    const output = join(parent, 'out');
    await exportRun(run, output, 'safetensors');
    assert.is(await codeOf(() => exportRun(run, output, 'layers-model')), 'EXPORT_EXISTS');
    await access(join(output, 'model.safetensors'));
    await exportRun(run, output, 'layers-model', true);
    assert.not.ok((await readdir(output)).includes('model.safetensors'));
    await access(join(output, 'model.json'));

    const mine = join(parent, 'mine');
    await mkdir(mine);
    await writeFile(join(mine, 'thesis.txt'), 'years of work');
    for (const path of [mine, run.folder, run.checkpoint, parent])
      assert.is(await codeOf(() => exportRun(run, path, 'safetensors', true)), 'EXPORT_NOT_REPLACEABLE', path);
    assert.is(await readFile(join(mine, 'thesis.txt'), 'utf8'), 'years of work');
    assert.equal(await sizes(parent), ['mine', 'out', 'run']);
  }));

test('an export that fails leaves nothing, and the next one clears what a killed one left', () =>
  withRun(async (run, parent) => {
    // No process has the largest number that Linux allows; where the start is not known, it is `f`.
    const temporary = (pid: number): string => `.out.${pid}.${machineMark()}${'f'.repeat(16)}0badcafe.tmp`;
    const living = temporary(process.ppid);
    for (const name of [temporary(2 ** 22), living]) await mkdir(join(parent, name));
    const loaded = await loadStudent(run.folder);
    await rename(join(run.checkpoint, 'tables.safetensors'), join(parent, 'tables'));
    assert.is(await codeOf(() => exportEncoder(loaded, join(parent, 'out'), { format: 'safetensors' })), 'EXPORT_WRITE');
    // What another living process is writing stays.
    assert.equal(await sizes(parent), [living, 'run', 'tables']);
    await rename(join(parent, 'tables'), join(run.checkpoint, 'tables.safetensors'));
    await rm(join(run.folder, 'teacher'), { recursive: true });
    const orphan = await loadStudent(run.folder);
    assert.is(
      await codeOf(() => exportEncoder(orphan, join(parent, 'out'), { format: 'safetensors' })),
      'EXPORT_TEACHER_MISSING',
    );
    loaded.dispose();
    orphan.dispose();
  }));

test('a damaged layers-model export is refused', () =>
  withRun(async (run, parent) => {
    const output = join(parent, 'web');
    await exportRun(run, output, 'layers-model');
    const shard = join(output, 'group1-shard1of1.bin');
    const weights = await readFile(shard);
    const changed = Buffer.from(weights);
    changed[5]! ^= 1;
    await writeFile(shard, changed);
    assert.is(await codeOf(() => loadLayersModelExport(output)), 'EXPORT_HASH');
    await writeFile(shard, weights.subarray(0, -4));
    assert.is(await codeOf(() => tf.loadLayersModel(layersModelFiles(output))), 'LAYERS_MODEL_MALFORMED');
    await rm(shard);
    assert.is(await codeOf(() => loadLayersModelExport(output)), 'EXPORT_HASH');
    assert.is(await codeOf(() => tf.loadLayersModel(layersModelFiles(output))), 'LAYERS_MODEL_MALFORMED');

    const model = join(output, 'model.json');
    const json = await readFile(model, 'utf8');
    for (const text of ['', '{}', json.replace('group1-shard1of1.bin', '../web/group1-shard1of1.bin')]) {
      await writeFile(model, text);
      assert.is(await codeOf(() => tf.loadLayersModel(layersModelFiles(output))), 'LAYERS_MODEL_MALFORMED');
    }

    const description = join(output, 'encoder.json');
    const text = await readFile(description, 'utf8');
    for (const other of ['{', text.replace('"version": 2', '"version": 1')]) {
      await writeFile(description, other);
      assert.is(await codeOf(() => loadLayersModelExport(output)), 'EXPORT_MALFORMED');
    }
    await writeFile(description, text.replace('"weights": "layers-model"', '"weights": "safetensors"'));
    assert.is(await codeOf(() => loadLayersModelExport(output)), 'EXPORT_FORMAT');
    await rm(description);
    assert.is(await codeOf(() => loadLayersModelExport(output)), 'EXPORT_MISSING');
  }));

test('cem export writes the folder and says so', () =>
  withRun(async (run, parent) => {
    const output = join(parent, 'out');
    const words = ['export', '--checkpoint', run.folder, '--output', output];
    const result = JSON.parse(await runCommand(exportCommand, [...words, '--json'])) as Record<string, unknown>;
    assert.is(result['output'], output);
    assert.is(result['format'], 'safetensors');
    assert.equal(result['checkpoint'], { path: run.checkpoint, hash: run.hash, step: 7 });
    const text = await runCommand(exportCommand, [...words, '--format', 'layers-model', '--force']);
    assert.match(text, /as layers-model, .*kB in 7 files/);
    assert.match(text, 'no figures in the model card');
    assert.is(await codeOf(() => runCommand(exportCommand, words)), 'EXPORT_EXISTS');
    assert.is(
      await codeOf(() => runCommand(exportCommand, ['export', '--checkpoint', parent, '--output', join(parent, 'x')])),
      'CHECKPOINT_MISSING',
    );
  }));

test.run();
