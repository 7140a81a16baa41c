import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { trainCommand } from '../../../cli/commands/train.ts';
import { loadConfig } from '../../../configs/index.ts';
import { uniqueSentences } from '../../../data/index.ts';
import { tf } from '../../../model/backend/index.ts';
import { modelConfigSchema, queryModelConfigSchema } from '../../../model/config.ts';
import { CemModel } from '../../../model/embedder.ts';
import { compiledKernels } from '../../../model/kernels/compiled/compiled-kernels.ts';
import type { RunPlan } from '../../../recipes/train/train-plan.ts';
import { compressInMemory } from '../../../training/batches/granularity.ts';
import { planTraining, trainingConfigSchema } from '../../../training/index.ts';
import { TrainingStep } from '../../../training/loop/step.ts';
import { testBackend } from '../../backend.ts';
import { runCommand } from '../../cli/run-command.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { passageRows } from '../tiny-run.ts';

const test = suite('plan');
test.before(async () => {
  await testBackend();
});

const CHILD = fileURLToPath(new URL('./plan-child.ts', import.meta.url));
const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

function tinyModel(changes: Record<string, unknown> = {}) {
  return modelConfigSchema.parse({
    maximumSymbols: 128,
    patchSize: 4,
    tables: { sizes: [3, 5], rows: 400 },
    local: { dimension: 16, layers: 1, heads: 2, feedForward: 24, window: 8, crossAttentionHeads: 2 },
    global: { dimension: 24, layers: 5, heads: 2, feedForward: 32 },
    ...changes,
  });
}

const training = trainingConfigSchema.parse({ passages: { batchSize: 8, weight: 1 }, sentences: { batchSize: 4, weight: 1 } });

test('blt-1b has the parameters of BLT, to the last one', async () => {
  const { model, training: run } = await loadConfig(file('../../../configs/blt-1b.yaml'));
  const { parameters } = await planTraining(model, 1024, run, {
    batches: [{ name: 'passages', size: 1, symbols: 512 }],
  });
  // shared/design/blt-encoder.md. Tables: 6 * 500002 * 1024. Local encoder: byte embeddings 260 * 1024; a block 4 * 1024^2 + 3 * 1024 * 2816 + 2 * 1024; cross attention
  // 4 * 1024^2 + 2 * 1024 and 1024 * 2048. Global: 25 blocks of 4 * 2048^2 + 3 * 2048 * 5632 + 2 * 2048.
  assert.is(parameters.hashTables, 3_072_012_288);
  assert.is(parameters.localEncoder, 266_240 + 12_847_104 + 4_196_352 + 2_097_152);
  assert.is(parameters.global, 25 * 51_384_320);
});

test('negatives beyond the batch take what their vectors and similarities take', async () => {
  const steps = async (infoNce: object) => {
    const loss = { ...training.loss, infoNce: { ...training.loss.infoNce, ...infoNce } };
    return (await planTraining(tinyModel(), 16, { ...training, loss })).memory.activations;
  };
  const [none, some, more] = [await steps({}), await steps({ memory: { size: 500 } }), await steps({ memory: { size: 5000 } })];
  // Kept at least, in float32: the vectors, and the similarities of 8 passages and 4 sentences to them.
  assert.ok(some - none > 0.9 * 4 * 500 * (2 * 16 + 8 + 4), `${none}, ${some}`);
  assert.ok(more - some > 0.9 * 4 * 4500 * (2 * 16 + 8 + 4), `${some}, ${more}`);
});

test('the count is that of a real model, extrapolated layers included; backend and tensors stay as they were', async () => {
  const [backend, tensors] = [tf.getBackend(), tf.memory().numTensors];
  const config = tinyModel();
  const { parameters, memory } = await planTraining(config, 16, training);
  assert.equal([tf.getBackend(), tf.memory().numTensors], [backend, tensors]);
  const real = CemModel.create(config, 16, 1);
  assert.is(parameters.total, real.graph.countParams() + real.tables.size);
  assert.is(memory.tables, 4 * real.tables.size);
  assert.is(memory.tableOptimizer, 8 * real.tables.size);
  assert.is(memory.weights, 4 * real.graph.countParams());
  real.dispose();
});

test('recomputation, gradient caching and row-wise Adagrad take less memory; the first two for more operations', async () => {
  const config = tinyModel();
  const plan = (changes: Record<string, unknown>) =>
    planTraining(config, 16, trainingConfigSchema.parse({ ...training, ...changes }));
  const whole = await plan({});
  const recomputed = await plan({ recompute: true });
  const cached = await plan({ gradientCaching: { microBatch: 2 } });
  assert.ok(recomputed.memory.activations < 0.6 * whole.memory.activations);
  assert.ok(cached.memory.activations < 0.5 * whole.memory.activations);
  // A step is one forward and two backward products; each of them adds a forward pass, of the blocks or of everything.
  for (const { operations } of [recomputed, cached]) {
    assert.ok(operations > 1.1 * whole.operations && operations < 1.4 * whole.operations, `${operations / whole.operations}`);
  }
  const adagrad = await plan({ optimizer: { tables: 'rowwise-adagrad' } });
  // One number a row: (400 * 2 + 260) rows.
  assert.is(adagrad.memory.tableOptimizer, 4 * 1060);
  const twice = await plan({ accumulate: 2 });
  assert.is(twice.operations, 2 * whole.operations);
});

test('the state of each optimiser and of averages is that of a real one', async () => {
  const config = tinyModel();
  const model = CemModel.create(config, 16, 1);
  const numbers = model.graph.countParams();
  // Where operations of tfjs update matrices and gains together, their decays are a vector besides.
  for (const [changes, decays] of [
    [{}, compiledKernels() ? 0 : numbers],
    [{ optimizer: { kind: 'lion' } }, numbers],
    [{ optimizer: { kind: 'adafactor', tables: 'rowwise-adagrad' } }, 0],
    [{ optimizer: { kind: 'adafactor' }, ema: { decay: 0.9 } }, 0],
  ] as const) {
    const run = trainingConfigSchema.parse({ ...training, ...changes });
    const { memory } = await planTraining(config, 16, run);
    const step = new TrainingStep(model, run);
    const arrays = [...(await step.arrays())].filter(([name]) => name !== 'average/step');
    const bytes = (tables: boolean) =>
      arrays.reduce((sum, [name, { length }]) => sum + (name.startsWith('tables/') === tables ? 4 * length : 0), 0);
    assert.equal([memory.optimizer, memory.tableOptimizer], [bytes(false) + 4 * decays, bytes(true)], JSON.stringify(changes));
    step.dispose();
  }
  model.dispose();
});

test('deep models hold all gradients once in one piece, twice in several', async () => {
  const deep = tinyModel({ maximumSymbols: 64, global: { dimension: 256, layers: 12, heads: 2, feedForward: 512 } });
  for (const [microBatch, times] of [
    [4, 1],
    [1, 2],
  ] as const) {
    const run = { passages: { batchSize: 4, weight: 1 }, sentences: { batchSize: 0, weight: 1 }, recompute: true };
    const changes = { ...run, gradientCaching: { microBatch }, optimizer: { kind: 'adafactor' } };
    const { activations, weights, step } = (await planTraining(deep, 16, trainingConfigSchema.parse(changes))).memory;
    // The gradients, and the sum over the pieces before. Activations of 64 symbols are small beside 8 million weights.
    assert.ok(activations >= times * weights && activations < (times + 0.2) * weights, `${activations} for ${weights}`);
    assert.is(step, activations);
  }
});

test('averages of large tables: a checkpoint is written from the most that is ever held', async () => {
  const large = tinyModel({ tables: { sizes: [3, 5], rows: 10_000_000 } });
  const { memory } = await planTraining(large, 16, trainingConfigSchema.parse({ ...training, ema: { decay: 0.999 } }));
  const { step, tables, weights, optimizer } = memory;
  // The tables that averages stand in for, the weights likewise and their copy, and a copy of the optimiser's state, averaged weights included.
  assert.is(step, tables + 2 * weights + optimizer);
});

test('gradient threads have program, weights and the activations of their share each; the main thread has losses alone', async () => {
  // Threads are for backends without native kernels, which are those to count.
  const tested = tf.getBackend();
  await tf.setBackend('cpu');
  const config = tinyModel();
  const plan = (changes: Record<string, unknown>) =>
    planTraining(config, 16, trainingConfigSchema.parse({ ...training, ...changes }));
  const [one, two, four] = [await plan({}), await plan({ workers: 2 }), await plan({ workers: 4 })];
  assert.is(one.memory.workers, 0);
  for (const [threads, { memory, operations }] of [
    [2, two],
    [4, four],
  ] as const) {
    // The activations of all threads are those of the whole batch; 8 and 4 texts divide evenly. The losses, some tensors of 12 texts, the gradients and the scalars are all that differs.
    const rest = memory.workers - threads * (125e6 + 2 * memory.weights) - 2 * memory.weights;
    assert.ok(Math.abs(rest - one.memory.activations) < 0.1 * one.memory.activations, `${rest}, ${one.memory.activations}`);
    assert.ok(memory.activations < 0.1 * one.memory.activations, `${memory.activations}`);
    assert.ok(Math.abs(operations - one.operations) < 0.02 * one.operations, `${operations}, ${one.operations}`);
  }
  const cached = await plan({ workers: 2, gradientCaching: { microBatch: 1 }, accumulate: 2 });
  assert.ok(cached.memory.workers - two.memory.workers < -0.5 * one.memory.activations);
  assert.ok(cached.operations > 2.2 * one.operations);
  await tf.setBackend(tested);
});

test('texts: vectors, strings, and frames of the short ones in every packing', async () => {
  const rows = passageRows(100).map(({ text }) => text);
  const sentences = uniqueSentences(rows, 400);
  const memory = async (variants: number, corpusBytes?: number, changes = {}) => {
    const settings = { ...training, sentences: { batchSize: 4, weight: 1, maximum: sentences.length }, ...changes };
    const plan = await planTraining(tinyModel(), 16, trainingConfigSchema.parse(settings), { variants, corpusBytes });
    return plan.memory.texts;
  };
  const [none, two] = [await memory(0), await memory(2)];
  const { sizes } = compressInMemory(sentences, new Uint8Array(0), 3, () => {});
  const frames = Array.from(sizes).reduce((sum, size) => sum + size + Float64Array.BYTES_PER_ELEMENT, 0);
  // Planned are technical documentation's lengths, and no dictionary.
  assert.ok(Math.abs((two - none) / (2 * frames) - 1) < 0.3, `${two - none} for two packings of ${frames} bytes`);
  // A corpus of 920 bytes has ten sentences at most; its passage has a vector of 16 numbers, its size and a string.
  const short = (count: number) => count * (16 * 4 + 4 + (92 + 8 + 8) + (92 + 24));
  assert.is(await memory(0, 920), short(10) + (16 * 4 + 4 + 1000 + 24));
  assert.is(none, short(sentences.length));
  // The input `text` has no frames of variants.
  assert.is(
    (await planTraining(tinyModel({ input: 'text' }), 16, training, { variants: 2 })).memory.texts,
    (await planTraining(tinyModel({ input: 'text' }), 16, training)).memory.texts,
  );
});

test('a table warm start comes before the optimiser: the peak is that of the larger', async () => {
  const model = tinyModel({ tables: { sizes: [3, 5], rows: 1_000_000 } });
  const plan = async (texts: number) =>
    (await planTraining(model, 16, trainingConfigSchema.parse({ ...training, tableWarmStart: { texts } }))).memory;
  const [few, many] = [await plan(10), await plan(200_000)];
  // 10 texts of 92 bytes: row and unknown for each position in three tables; as many unknowns at most (256 byte ids and BOE … BPE: 260) of 16 columns in three copies; four times the targets.
  const positions = 10 * 92;
  assert.is(few.warmStart, 4 * (2 * positions * 3 + 3 * (2 * positions + 260) * 16 + 4 * 10 * 16));
  const { program, texts, tables, weights, tableOptimizer } = many;
  assert.is(
    few.peak - few.texts,
    many.program + tables + weights + few.optimizer + tableOptimizer + few.step + few.freed + few.host,
  );
  assert.ok(many.warmStart > tableOptimizer);
  assert.is(many.peak, program + texts + tables + weights + many.warmStart);
});

test('the query student is planned as the run of its own that it is', async () => {
  const query = queryModelConfigSchema.parse({ ...tinyModel(), input: 'text', tables: { sizes: [3], rows: 1_000_000 } });
  const run = trainingConfigSchema.parse({ ...training, query: { batchSize: 6 }, ema: { decay: 0.9 } });
  const plan = await planTraining(tinyModel(), 16, run, { query, variants: 3 });
  const real = CemModel.create(query, 16, 1);
  assert.is(plan.query!.parameters.total, real.graph.countParams() + real.tables.size);
  assert.is(plan.query!.memory.tables, 4 * real.tables.size);
  // Adam's two moments, an average and the step of each row.
  assert.is(plan.query!.memory.tableOptimizer, 4 * (3 * real.tables.size + real.tables.size / 16));
  real.dispose();
  assert.equal(plan.query!.batches, [{ name: 'sentences', size: 6, symbols: 128 }]);
  assert.ok(plan.query!.memory.texts < plan.memory.texts, 'no frames');
  assert.is(plan.peak, plan.query!.memory.peak);
  assert.ok(plan.peak > plan.memory.peak);
  const alone = await planTraining(tinyModel(), 16, run, { variants: 3 });
  assert.equal([alone.query, alone.peak, alone.memory], [null, plan.memory.peak, plan.memory]);
  // Where there are no short texts, it learns from passages.
  const passages = trainingConfigSchema.parse({ ...training, sentences: { batchSize: 0, weight: 1 } });
  assert.equal((await planTraining(tinyModel(), 16, passages, { query })).query!.batches, [
    { name: 'passages', size: 8, symbols: 128 },
  ]);
});

test('every kind of patching, pooling and loss can be planned', async () => {
  const every = trainingConfigSchema.parse({
    ...training,
    loss: { distillation: { kind: 'mse' }, triplet: { weight: 1 }, similarityMatrix: {}, pairwiseOrder: {}, spreadOut: {} },
  });
  for (const changes of [
    { patching: { kind: 'frame' }, pooling: 'attention' },
    { input: 'text', patching: { kind: 'space' }, pooling: 'last', causal: true },
    { input: 'bytes', skipPath: false, matryoshka: [4, 8] },
  ]) {
    const { memory } = await planTraining(tinyModel(changes), 16, every);
    assert.ok(memory.peak > memory.activations && memory.activations > 0);
  }
});

test('cem train --plan: as text, and as JSON with every number', async () => {
  const words = ['train', '--config', file('../../../configs/tiny.yaml'), '--plan'];
  const text = await runCommand(trainCommand, words);
  assert.match(text, /parameters +263,840/);
  assert.match(text, /fits$/m);
  const plan = JSON.parse(await runCommand(trainCommand, [...words, '--json'])) as Omit<RunPlan, 'memory'> & {
    memory: Record<string, number>;
  };
  assert.equal([plan.name, plan.fits, plan.parameters.total], ['tiny', true, 263_840]);
  const { activations: _, warm_start: warmStart, peak, ...parts } = plan.memory;
  assert.is(
    peak,
    Object.values(parts).reduce((sum, bytes) => sum + bytes, 0),
  );
  assert.equal([warmStart, plan.peak, plan.query], [0, peak, null]);
  const changes = [
    'training.workers=2',
    'training.tableWarmStart={}',
    'model.query={}',
    'pack.variants=[{level: 3}, {dictionarySize: 0}]',
    `data.source=${file('../../../README.md')}`,
  ];
  const whole = await runCommand(trainCommand, [...words, ...changes.flatMap((change) => ['--set', change])]);
  for (const row of [
    /^gradient threads +\d/m,
    /^table warm start +\d/m,
    /^query student, trained before: a step takes \d+ sentences/m,
  ])
    assert.match(whole, row);
  const error = await errorOf(() => runCommand(trainCommand, [...words, '--set', 'teacher={kind: transformers, model: any}']));
  assert.is(error.code, 'PLAN_NEEDS_DIMENSION');
});

/** Makes glibc give freed tensors back at once, where it is what holds them. By itself it keeps some for later: 5% to 45% more was held, most with recomputation and pieces of batches. */
const RETURN_MEMORY = { MALLOC_MMAP_THRESHOLD_: String(2 ** 20) };

/** `CEM_PLAN=1`: runs with gradient threads and of a deep model in pieces are measured, too. */
const MEASURED: readonly Record<string, unknown>[] = [
  {},
  ...(process.env['CEM_PLAN'] === '1'
    ? [{ workers: 2 }, { workers: 4 }, { recompute: true, gradientCaching: { microBatch: 2 }, optimizer: { kind: 'adafactor' } }]
    : []),
];

test('the peak is within 20% of what a process really holds', async () => {
  const model = modelConfigSchema.parse({
    maximumSymbols: 512,
    patchSize: 4,
    tables: { rows: 20_000 },
    local: { dimension: 256, layers: 1, heads: 4, window: 64 },
    global: { dimension: 512, layers: 3, heads: 8 },
  });
  for (const [changes, native] of MEASURED.flatMap((changes) => [[changes, '0'] as const, [changes, '1'] as const])) {
    const batches = { passages: { batchSize: 8, weight: 1 }, sentences: { batchSize: 0, weight: 1 } };
    const argument = JSON.stringify({ model, dimension: 128, training: trainingConfigSchema.parse({ ...batches, ...changes }) });
    let output: string;
    try {
      const child = await promisify(execFile)(process.execPath, ['--import', 'tsx', CHILD, argument], {
        env: { ...process.env, ...RETURN_MEMORY, CEM_NATIVE_KERNELS: native },
      });
      output = child.stdout;
    } catch (error) {
      if (!/BACKEND_UNAVAILABLE|does not work here/.test(String(error))) throw error;
      console.log('skipped: the tensorflow backend does not work here');
      return;
    }
    const { planned, measured } = JSON.parse(output) as { planned: number; measured: number };
    const shown = [planned, measured].map((bytes) => (bytes / 1e9).toFixed(2));
    console.log(`${JSON.stringify(changes)}, native kernels ${native}: peak planned ${shown[0]} GB, measured ${shown[1]} GB`);
    assert.ok(Math.abs(planned - measured) < 0.2 * measured, `${planned} planned, ${measured} measured`);
  }
});

test.run();
