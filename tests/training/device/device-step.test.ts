import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { selectBackend, tf } from '../../../model/backend/index.ts';
import type { CemModel } from '../../../model/embedder.ts';
import { DeviceTrainingStep } from '../../../training/device/device-step.ts';
import type { OptimizerStep } from '../../../training/device/optimizer-step.ts';
import type { FitShape } from '../../../training/device/step-shape.ts';
import { TrainingStep } from '../../../training/loop/step.ts';
import { type TrainingConfig, trainingConfigSchema } from '../../../training/options/config.ts';
import { restoreBackend } from '../../backend.ts';
import { tinyModel } from '../../model/tiny-model.ts';
import { losses } from '../loop/gradient-batches.ts';
import { batchesOf, CONFIG, DIMENSION } from './device-batches.ts';

const test = suite('training step on the device');
// Byte equality is stated of one thread: sums of several have no fixed order.
test.before(async () => {
  await selectBackend('wasm');
});
test.after(async () => {
  await restoreBackend();
});

const STEPS = 6;
/** Float32's rounding, which grows from step to step: several times the largest difference that was seen. */
const LARGEST_DIFFERENCE = 2e-4;

const training = (changes: Record<string, unknown> = {}): TrainingConfig =>
  trainingConfigSchema.parse({ steps: STEPS, schedule: { warmupSteps: 3 }, loss: losses, ...changes });

/** The groups of a step. */
function groupsOf(model: CemModel, settings: TrainingConfig, number: number) {
  const { accumulate: groups = 1 } = settings;
  return Array.from({ length: groups }, (_, group) => batchesOf(model, (number * groups + group) % 12));
}

async function take(step: OptimizerStep, model: CemModel, settings: TrainingConfig, from = 0, to = STEPS): Promise<number[][]> {
  const lines: number[][] = [];
  for (let number = from; number < to; number++) {
    const { loss, terms, gradientNorm } = await step.runAccumulated(groupsOf(model, settings, number), number);
    lines.push([loss, gradientNorm, ...Object.values(terms)]);
  }
  return lines;
}

function allWeights(model: CemModel): Float32Array[] {
  return [
    ...model.graph.trainableWeights.map((weight) => (weight.read().dataSync() as Float32Array).slice()),
    ...model.tables.tables.map((table) => table.slice()),
  ];
}

function apart(a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]): number {
  return Math.max(
    ...a.flatMap((values, part) =>
      Array.from(values, (value, i) => Math.abs(value - b[part]![i]!) / Math.max(1, Math.abs(value))),
    ),
  );
}

/** Room for whatever comes: everything is padded. */
const roomy: FitShape = ({ batches, rows }) => ({
  batches: batches.map((batch) => ({ symbols: 64, patches: batch.patches && 32, positions: 1000, negatives: 8 })),
  rows: rows.map((count) => count + 5),
});

const FRAME = { ...CONFIG, patching: { kind: 'frame', maximumLength: 6 } as const };
const CASES: Record<string, { changes?: Record<string, unknown>; fit?: FitShape; shape?: typeof CONFIG }> = {
  'AdamW and Adam': {},
  'Adafactor and row-wise Adagrad': {
    changes: {
      optimizer: { kind: 'adafactor', adafactor: { relativeStep: true }, tables: 'rowwise-adagrad', decayEmbeddings: false },
    },
  },
  Lion: { changes: { optimizer: { kind: 'lion', learningRate: 1e-4 } } },
  'averages of weights': { changes: { ema: { decay: 0.9 } } },
  accumulation: { changes: { accumulate: 2 } },
  'gradient caching and recomputation': { changes: { gradientCaching: { microBatch: 2 }, recompute: true, accumulate: 2 } },
  'padded batches': { fit: roomy },
  'padded batches, patches of any length': { fit: roomy, shape: FRAME },
};

for (const [name, { changes, fit, shape = CONFIG }] of Object.entries(CASES))
  test(`${name}: the numbers of the step on the host, up to rounding`, async () => {
    const before = tf.memory().numTensors;
    const settings = training(changes);
    const numbers: number[][][] = [];
    const weights: Float32Array[][] = [];
    const arrays: ReadonlyMap<string, Float32Array>[] = [];
    for (const make of [
      (model: CemModel) => new TrainingStep(model, settings),
      (model: CemModel) => new DeviceTrainingStep(model, settings, fit),
    ]) {
      const model = tinyModel(shape, DIMENSION);
      const step: OptimizerStep = make(model);
      numbers.push(await take(step, model, settings));
      await step.showAverages();
      arrays.push(new Map([...(await step.arrays())].map(([key, values]) => [key, values.slice()])));
      weights.push(allWeights(model));
      step.dispose();
      model.dispose();
    }
    assert.equal([...arrays[1]!.keys()], [...arrays[0]!.keys()], 'checkpoints hold the same');
    const differences = [
      apart(numbers[0]!, numbers[1]!),
      apart(weights[0]!, weights[1]!),
      apart([...arrays[0]!.values()], [...arrays[1]!.values()]),
    ];
    console.log(`${name}: losses, weights and state differ by ${differences.map((value) => value.toExponential(1)).join(', ')}`);
    for (const value of differences) assert.ok(value < LARGEST_DIFFERENCE, `${value}`);
    assert.is(tf.memory().numTensors, before, 'nothing is left behind');
  });

test.run();
