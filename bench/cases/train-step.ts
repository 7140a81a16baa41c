/**
 * One side of `npm run bench -- train`: times our training step on random input, in a process of its own, and prints one JSON line. The options are those of the peers
 * (bench_train.py, bench_plain.py), so that one list of arguments describes the same work to all of them.
 */
import { parseArgs } from 'node:util';
import { RandomNumbers } from '../../base/random.ts';
import { parseBackendRequest, selectBackend, setProductPrecision } from '../../model/backend/index.ts';
import { type ModelConfig, modelConfigSchema } from '../../model/config.ts';
import { CemModel } from '../../model/embedder.ts';
import type { TrainingBatch } from '../../training/batches/training-batch.ts';
import { compilesFunctions, deviceMemoryUsed } from '../../training/device/choose-step.ts';
import { DeviceTrainingStep } from '../../training/device/device-step.ts';
import type { OptimizerStep } from '../../training/device/optimizer-step.ts';
import { StepInputMaker } from '../../training/device/step-inputs.ts';
import { shapesFor } from '../../training/loop/create-step.ts';
import { TrainingStep } from '../../training/loop/step.ts';
import { trainingConfigSchema } from '../../training/options/config.ts';
import { KernelClock } from './kernel-clock.ts';
import { StepClock } from './step-clock.ts';

const { values } = parseArgs({
  options: {
    backend: { type: 'string', default: 'tensorflow' },
    batch: { type: 'string', default: '16' },
    bytes: { type: 'string', default: '1024' },
    stride: { type: 'string', default: '8' },
    'dim-local': { type: 'string', default: '128' },
    'layers-local': { type: 'string', default: '1' },
    'heads-local': { type: 'string', default: '4' },
    'dim-global': { type: 'string', default: '256' },
    'layers-global': { type: 'string', default: '4' },
    'heads-global': { type: 'string', default: '4' },
    'hash-rows': { type: 'string', default: '20000' },
    'hash-sizes': { type: 'string', default: '3,4,5' },
    'out-dim': { type: 'string', default: '1024' },
    steps: { type: 'string', default: '12' },
    warmup: { type: 'string', default: '3' },
    /** Positions that local attention sees on each side; 0: all of them, as the peers. */
    window: { type: 'string', default: '0' },
    /** What products are computed in: float32 or bf16 (backend xla). */
    precision: { type: 'string', default: 'float32' },
    /** Devices that a step is divided between (backend xla). */
    devices: { type: 'string', default: '1' },
    /** Prints the kernels of one step by time. */
    kernels: { type: 'boolean', default: false },
  },
});
const number = (name: Exclude<keyof typeof values, 'kernels' | 'backend' | 'hash-sizes' | 'precision'>): number =>
  Number(values[name]);

const batchSize = number('batch');
const bytes = number('bytes');
const backend = await selectBackend(parseBackendRequest(values.backend));
setProductPrecision(values.precision === 'bf16' ? 'bf16' : 'float32');
const config: ModelConfig = modelConfigSchema.parse({
  input: 'bytes',
  maximumSymbols: bytes,
  patchSize: number('stride'),
  tables: { sizes: values['hash-sizes'].split(',').map(Number), rows: number('hash-rows') },
  local: {
    dimension: number('dim-local'),
    layers: number('layers-local'),
    heads: number('heads-local'),
    crossAttentionHeads: number('heads-local'),
    window: number('window') || bytes,
  },
  global: { dimension: number('dim-global'), layers: number('layers-global'), heads: number('heads-global') },
  skipPath: false,
});
const model = CemModel.create(config, number('out-dim'), 0);
const steps = number('warmup') + number('steps');
const training = trainingConfigSchema.parse({
  steps,
  devices: number('devices'),
  schedule: { warmupSteps: 0 },
  loss: { distillation: { weight: 1, kind: 'cosine' }, infoNce: { weight: 1, temperature: 0.05, falseNegativeMargin: 1 } },
});
const random = new RandomNumbers(0, 'bench train');
const dictionary = model.prepareDictionary(new Uint8Array(0));

/** Random bytes and unit targets: hashing them is not timed, as in the peer that is written for speed. */
function makeBatch(): TrainingBatch {
  const frames = Array.from({ length: batchSize }, () => Uint8Array.from({ length: bytes }, () => random.integer(256)));
  const targets = new Float32Array(batchSize * model.dimension);
  random.fillTruncatedNormal(targets, 1);
  for (let row = 0; row < batchSize; row++) {
    const target = targets.subarray(row * model.dimension, (row + 1) * model.dimension);
    const norm = Math.hypot(...target);
    target.forEach((value, index) => {
      target[index] = value / norm;
    });
  }
  return { name: 'passages', weight: 1, symbols: model.batch(frames.map((frame) => model.encode(frame, dictionary))), targets };
}

/** As `cem train` takes it: one program where the backend compiles. */
function makeStep(): OptimizerStep {
  if (!compilesFunctions()) return new TrainingStep(model, training);
  const sample = Array.from({ length: 2 }, () => new StepInputMaker(model).shapeOf([[makeBatch()]]));
  const shapes = shapesFor(model, sample, [batchSize]);
  return new DeviceTrainingStep(model, training, (exact) => shapes.fit(exact));
}

const step = makeStep();
const clock = new StepClock();
const seconds: number[] = [];
let firstStepSeconds = 0;
let groups = [[makeBatch()]];
for (let index = 0; index < steps; index++) {
  if (index === number('warmup')) clock.begin();
  const next = [[makeBatch()]];
  const start = performance.now();
  await clock.time(() => step.runAccumulated(groups, index, Promise.resolve(next)));
  groups = next;
  const taken = (performance.now() - start) / 1000;
  if (index === 0) firstStepSeconds = taken;
  if (index >= number('warmup')) seconds.push(taken);
}
const costs = clock.costs();
seconds.sort((a, b) => a - b);
let kernels: ReturnType<KernelClock['table']> | undefined;
if (values.kernels) {
  const kernelClock = new KernelClock();
  const start = performance.now();
  await step.runAccumulated(groups, steps);
  kernels = kernelClock.table(performance.now() - start);
}
process.stdout.write(
  `${JSON.stringify({
    secondsPerStep: seconds[seconds.length >> 1],
    backend: backend.name,
    parametersWithoutHashTables: model.graph.countParams(),
    /** With what is compiled, or loaded. */
    firstStepSeconds,
    ...costs,
    deviceBytes: deviceMemoryUsed(),
    residentMegabytes: Math.round(process.memoryUsage().rss / 2 ** 20),
    ...(kernels && { kernels }),
  })}\n`,
);
