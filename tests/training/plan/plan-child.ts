/** Takes two real training steps of the configuration in its first argument, with its gradient threads, and prints the peak that was planned and the most memory that the process held, in bytes. */

import { RandomNumbers } from '../../../base/random.ts';
import { selectBackend } from '../../../model/backend/index.ts';
import type { ModelConfig } from '../../../model/config.ts';
import { CemModel } from '../../../model/embedder.ts';
import { planTraining, type TrainingConfig } from '../../../training/index.ts';
import { TrainingStep } from '../../../training/loop/step.ts';
import { GradientWorkers } from '../../../training/workers/gradient-workers.ts';

const {
  model: config,
  dimension,
  training,
} = JSON.parse(process.argv[2]!) as {
  model: ModelConfig;
  dimension: number;
  training: TrainingConfig;
};
await selectBackend(training.workers ? 'wasm' : 'tensorflow');
const { peak } = await planTraining(config, dimension, training);
const model = CemModel.create(config, dimension, 1);
const workers = await GradientWorkers.start(model, training);
const step = new TrainingStep(model, training, workers);
const random = new RandomNumbers(1, 'rows');
const count = config.maximumSymbols;
const { size, rows } = { size: training.passages.batchSize, rows: config.tables.rows };
const chunks = Array.from({ length: size }, () => ({
  count,
  lengths: new Uint32Array(count).fill(3),
  kinds: new Uint8Array(count).fill(1),
  rows: Array.from({ length: 1 + config.tables.sizes.length }, (_, table) =>
    Int32Array.from({ length: 3 * count }, () => random.integer(table === 0 ? 256 : rows)),
  ),
}));
const targets = new Float32Array(size * dimension).fill(dimension ** -0.5);
for (let number = 0; number < 2; number++)
  await step.run([{ name: 'passages', weight: 1, symbols: model.batch(chunks), targets }], number);
// What a checkpoint is written from, beside one weight at a time.
await step.arrays();
await workers?.close();
// maxRSS is in KiB.
process.stdout.write(`${JSON.stringify({ planned: peak, measured: process.resourceUsage().maxRSS * 1024 })}\n`);
