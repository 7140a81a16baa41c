import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadStudent, readSafetensors } from '../../../checkpoints/index.ts';
import { selectBackend, tf } from '../../../model/backend/index.ts';
import { namedWeights } from '../../../model/named-weights.ts';
import { train } from '../../../training/index.ts';
import { restoreBackend } from '../../backend.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { stopAfter, trainOptions } from '../../fixtures/train-options.ts';
import { tinyRun, writePassages } from '../tiny-run.ts';

const test = suite('optimisers under resume');
// One thread: sums of several have no fixed order.
test.before(async () => {
  await selectBackend('wasm');
});
test.after(async () => {
  await restoreBackend();
});

const STEPS = 6;
const WEIGHT_FILES = ['model.safetensors', 'tables.safetensors', 'optimizer.safetensors'];

/** Trains, and asks for an end after a step. */
function trainUntil(last: number, run: string, values: Record<string, unknown>, resume: boolean) {
  return train(trainOptions(run, values, { resume, ...stopAfter(last) }));
}

for (const [name, changes] of [
  ['lion', { optimizer: { kind: 'lion', learningRate: 0.001 } }],
  ['adafactor', { optimizer: { kind: 'adafactor', tables: 'rowwise-adagrad' } }],
  ['adamw with averages', { ema: { decay: 0.9 } }],
] as const) {
  test(`${name}: an interrupted run ends as one that was not, to the byte`, () =>
    withTemporaryFolder(async (folder) => {
      const values = tinyRun(await writePassages(folder, 16), STEPS, { checkpointEvery: 4, ...changes });
      const whole = await trainUntil(STEPS, join(folder, 'whole'), values, false);
      const broken = join(folder, 'broken');
      assert.is((await trainUntil(3, broken, values, false)).step, 3);
      const resumed = await trainUntil(STEPS, broken, values, true);
      assert.equal([whole.step, resumed.step], [STEPS, STEPS]);
      for (const file of WEIGHT_FILES) {
        const [a, b] = await Promise.all([whole, resumed].map(({ checkpoint }) => readFile(join(checkpoint, file))));
        assert.ok(a!.equals(b!), file);
      }
      if (!('ema' in changes)) return;
      // The checkpoint's model is the averaged one, in all parts; what training goes on from stands beside the optimiser's state.
      const { student, dispose } = await loadStudent(resumed.checkpoint, 'training');
      const state = await readSafetensors(join(resumed.checkpoint, 'optimizer.safetensors'));
      const averaged = namedWeights(student.graph).flatMap((weight) => [...tf.tidy(() => weight.read().dataSync())]);
      assert.equal(averaged, [...state.get('dense/average')!.data]);
      assert.not.equal(averaged, [...state.get('dense/weights')!.data]);
      assert.is(state.get('tables/1/weights')!.data.length, student.tables.tables[1]!.length);
      assert.not.equal(student.tables.tables[1], state.get('tables/1/weights')!.data);
      dispose();
    }));
}

test.run();
