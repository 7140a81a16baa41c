import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CemError } from '../../base/index.ts';
import { RandomNumbers } from '../../base/random.ts';
import { TeacherCache } from '../../encoders/cache/teacher-cache.ts';
import { type BackendChoice, selectBackend } from '../../model/backend/index.ts';
import { modelConfigSchema } from '../../model/config.ts';
import { CemModel } from '../../model/embedder.ts';
import { compressInMemory, Granularity } from '../../training/batches/granularity.ts';
import { BatchPrefetch } from '../../training/loop/prefetch.ts';
import { TrainingStep } from '../../training/loop/step.ts';
import { type TrainingConfig, trainingConfigSchema } from '../../training/options/config.ts';
import { GradientWorkers } from '../../training/workers/gradient-workers.ts';
import { trainDictionary } from '../../zpkg/index.ts';
import { type Measurement, median } from '../measurement.ts';

const DIMENSION = 256;
const TEXTS = 2000;
const WORDS_A_TEXT = 150;
const VOCABULARY = 5000;
const BATCH_SIZE = 32;
const LEVEL = 3;
const WARM_UP_STEPS = 4;
/** Share of a step that may be spent waiting for its batch (issue 6). */
const LOADER_BAR = 0.02;
/** What two workers must be faster than one (issue 6). */
const WORKERS_BAR = 1.5;
/** Turns that one worker, two, and none with threads take. */
const WORKER_TURNS = 3;
const CACHED_VECTORS = 20_000;

/** The encoder of `configs/techdocs.yaml` in outline, with chunks of half the symbols. */
const modelConfig = modelConfigSchema.parse({
  maximumSymbols: 512,
  patchSize: 4,
  tables: { sizes: [3, 4, 5, 6, 7, 8], rows: 50_000 },
  local: { dimension: 128, layers: 1, heads: 4, feedForward: 256, window: 16 },
  global: { dimension: 128, layers: 2, heads: 4, feedForward: 384 },
});

interface TrainLoopOptions {
  /** Timed steps a figure. */
  readonly steps: number;
}

/** What the loop around a training step costs: waiting for batches, gradient caching, workers, the teacher's cache. */
export async function measureTrainLoop(
  { steps }: TrainLoopOptions,
  say: (line: string) => void,
): Promise<{ measurements: Measurement[]; notes: string[] }> {
  say('train loop: texts');
  const texts = randomTexts();
  const measurements: Measurement[] = [];
  const fastest = await selectBackend('auto');
  say(`train loop: loader wait on ${fastest.name}`);
  const plain = await timeSteps(texts, {}, steps);
  measurements.push({
    name: `time that steps wait for their batches, ${fastest.name}`,
    value: plain.waitShare,
    unit: 'of the time',
    bar: { atMost: LOADER_BAR },
  });
  say('train loop: gradient caching');
  const cached = await timeSteps(texts, { gradientCaching: { microBatch: BATCH_SIZE / 4 } }, steps);
  measurements.push({
    name: `step with gradient caching in 4 pieces, ${fastest.name}`,
    value: cached.milliseconds,
    unit: 'ms',
    reference: { name: 'ms, in one piece', value: plain.milliseconds },
  });
  measurements.push(...(await measureWorkers(texts, steps, fastest, say)));
  say('train loop: teacher cache');
  measurements.push(await measureTeacherCache());
  const notes = [
    `Loop: ${BATCH_SIZE} texts of ${WORDS_A_TEXT} random words a step, ${steps} steps after ${WARM_UP_STEPS} of warming up (medians); the encoder of configs/techdocs.yaml in outline. On wasm one worker has one core, two have two; medians of ${WORKER_TURNS} turns.`,
  ];
  return { measurements, notes };
}

async function measureWorkers(
  texts: readonly string[],
  steps: number,
  fastest: BackendChoice,
  say: (line: string) => void,
): Promise<Measurement[]> {
  const threads = process.env['CEM_THREADS'];
  try {
    // One worker on one core against two on two, whose tables the main thread updates on both while they wait; in turns, because the machine is not the same all the time.
    const times = { one: [] as number[], two: [] as number[], kernels: [] as number[] };
    const waits: number[] = [];
    for (let turn = 1; turn <= WORKER_TURNS; turn++) {
      say(`train loop: workers on wasm, turn ${turn} of ${WORKER_TURNS}`);
      process.env['CEM_THREADS'] = '1';
      await selectBackend('wasm');
      times.one.push((await timeSteps(texts, {}, steps)).milliseconds);
      process.env['CEM_THREADS'] = '2';
      await selectBackend('wasm');
      const two = await timeSteps(texts, { workers: 2 }, steps);
      times.two.push(two.milliseconds);
      waits.push(two.waitShare);
      times.kernels.push((await timeSteps(texts, {}, steps)).milliseconds);
    }
    const [one, two, kernels] = [median(times.one), median(times.two), median(times.kernels)];
    return [
      {
        name: 'steps without workers, products and attention on two threads, wasm',
        value: 1000 / kernels,
        unit: '/s',
        reference: { name: '/s, one worker on one core', value: 1000 / one },
      },
      {
        name: 'steps with two workers, wasm',
        value: 1000 / two,
        unit: '/s',
        reference: { name: '/s, one worker on one core', value: 1000 / one },
        bar: { atLeast: WORKERS_BAR },
      },
      {
        name: 'time that steps wait for their batches, wasm, two workers',
        value: median(waits),
        unit: 'of the time',
        bar: { atMost: LOADER_BAR },
      },
    ];
  } finally {
    if (threads === undefined) delete process.env['CEM_THREADS'];
    else process.env['CEM_THREADS'] = threads;
    await selectBackend(fastest.name);
  }
}

/** Steps of a new model on the backend that is selected. */
async function timeSteps(
  texts: readonly string[],
  settings: Partial<TrainingConfig>,
  steps: number,
): Promise<{ milliseconds: number; waitShare: number }> {
  const training = trainingConfigSchema.parse({ steps: WARM_UP_STEPS + steps, schedule: { warmupSteps: 0 }, ...settings });
  const model = CemModel.create(modelConfig, DIMENSION, 0);
  const dictionary = trainDictionary(
    texts.slice(0, TEXTS / 4).map((text) => Buffer.from(text, 'utf8')),
    { size: 65_536, level: LEVEL },
  );
  const frames = compressInMemory(texts, dictionary, LEVEL, () => {});
  const part = new Granularity(
    'passages',
    { ...frames, count: texts.length, targets: unitVectors(texts.length, DIMENSION) },
    { batchSize: BATCH_SIZE, weight: 1, windowBatches: 16, seed: 0 },
  );
  const workers = await GradientWorkers.start(model, training);
  const prefetch = new BatchPrefetch([part], model, model.prepareDictionary(dictionary), { groups: 1, steps: training.steps });
  const step = new TrainingStep(model, training, workers);
  try {
    const times: number[] = [];
    for (let number = 0; number < training.steps; number++) {
      if (number === WARM_UP_STEPS) prefetch.waitShare();
      const start = performance.now();
      await step.runAccumulated(await prefetch.take(number), number);
      if (number >= WARM_UP_STEPS) times.push(performance.now() - start);
    }
    return { milliseconds: median(times), waitShare: prefetch.waitShare() };
  } finally {
    await prefetch.close();
    await workers?.close();
    step.dispose();
    model.dispose();
  }
}

/** Vectors that a teacher's cache reads back a second, all of them asked for at once. */
async function measureTeacherCache(): Promise<Measurement> {
  const folder = await mkdtemp(join(tmpdir(), 'cem-bench-cache-'));
  try {
    const dimension = 384;
    const texts = Array.from({ length: CACHED_VECTORS }, (_, index) => `text ${index}`);
    const description = { id: 'bench', revision: '0', dimension, settings: {} };
    const vectors = unitVectors(CACHED_VECTORS, dimension);
    let next = 0;
    const filled = await TeacherCache.open(folder, description);
    await filled.getOrCompute(texts, 'document', async (missing) => {
      const data = vectors.subarray(next * dimension, (next + missing.length) * dimension);
      next += missing.length;
      return { rows: missing.length, dimension, data };
    });
    await filled.close();
    const cache = await TeacherCache.open(folder, description);
    const start = performance.now();
    await cache.getOrCompute(texts, 'document', refuse);
    const seconds = (performance.now() - start) / 1000;
    await cache.close();
    return { name: `teacher cache, vectors of ${dimension} read`, value: CACHED_VECTORS / seconds, unit: '/s' };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The cache has all vectors: a teacher that is asked spoils the figure. */
const refuse = (): Promise<never> =>
  Promise.reject(new CemError('BENCH_TEACHER', 'the cache asked the teacher for vectors that it was given; report this'));

/** Texts whose words are drawn from one vocabulary, frequent ones first (1 / rank): they compress and share n-grams as texts do. */
function randomTexts(): string[] {
  const random = new RandomNumbers(0, 'bench train loop');
  const letters = 'etaoinshrdlucmfwypvbgk';
  const words = Array.from({ length: VOCABULARY }, () =>
    Array.from({ length: 2 + random.integer(8) }, () => letters[random.integer(letters.length)]!).join(''),
  );
  const word = () => words[Math.floor(VOCABULARY ** random.uniform()) - 1]!;
  return Array.from({ length: TEXTS }, () => Array.from({ length: WORDS_A_TEXT }, word).join(' '));
}

/** [rows, dimension], each of length one. */
function unitVectors(rows: number, dimension: number): Float32Array {
  const values = new Float32Array(rows * dimension);
  new RandomNumbers(0, 'bench vectors').fillTruncatedNormal(values, 1);
  for (let row = 0; row < rows; row++) {
    const vector = values.subarray(row * dimension, (row + 1) * dimension);
    const norm = Math.hypot(...vector);
    vector.forEach((value, index) => {
      vector[index] = value / norm;
    });
  }
  return values;
}
