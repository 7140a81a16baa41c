import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isCemError } from '../../../base/index.ts';
import { listCheckpoints } from '../../../checkpoints/index.ts';
import { selectBackend, tf } from '../../../model/backend/index.ts';
import { loadPjrtAddon } from '../../../model/backend/xla/pjrt/addon.ts';
import { train } from '../../../training/index.ts';
import { restoreBackend } from '../../backend.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { trainOptions } from '../../fixtures/train-options.ts';
import { xlaAtHand } from '../../model/backend/xla/xla-at-hand.ts';
import { tinyRun, writePassages } from '../tiny-run.ts';

const test = suite('a device that fails in a run');
test.after(async () => {
  await restoreBackend();
});

const STEPS = 6;
const FAILURES = [
  // 13, INTERNAL: what a plugin says of a lost device. 8, RESOURCE_EXHAUSTED.
  { name: 'is lost', pluginCode: '13', message: 'CUDA_ERROR_ILLEGAL_ADDRESS', code: 'TRAINING_DEVICE_FAILED' },
  { name: 'has no memory left', pluginCode: '8', message: 'Out of memory allocating 5 GB', code: 'TRAINING_DEVICE_MEMORY' },
];

/** Runs with a plugin that refuses to run programs from some call on. */
async function withFailing<Result>(
  failure: { message: string; pluginCode: string },
  after: number,
  run: () => Promise<Result>,
): Promise<Result> {
  const addon = loadPjrtAddon();
  const { execute } = addon;
  let calls = 0;
  addon.execute = (...call) => {
    if (++calls > after) throw Object.assign(new Error(failure.message), { code: failure.pluginCode });
    execute(...call);
  };
  try {
    return await run();
  } finally {
    addon.execute = execute;
  }
}

/** Calls of the plugin in a run that does not fail. */
async function callsOf(run: () => Promise<unknown>): Promise<number> {
  const addon = loadPjrtAddon();
  const { execute } = addon;
  let calls = 0;
  addon.execute = (...call) => {
    calls++;
    execute(...call);
  };
  try {
    await run();
    return calls;
  } finally {
    addon.execute = execute;
  }
}

for (const failure of FAILURES) {
  test(`${failure.name}: the run says so, its newest checkpoint is whole, and it goes on from there to the byte`, () =>
    withTemporaryFolder(async (folder) => {
      if (!(await xlaAtHand())) return;
      await selectBackend('xla');
      const values = tinyRun(await writePassages(folder, 16), STEPS, { checkpointEvery: 2, keepCheckpoints: 5 });
      const [whole, broken] = [join(folder, 'whole'), join(folder, 'broken')];
      const calls = await callsOf(() => train(trainOptions(whole, values)));
      const tensors = tf.memory().numTensors;
      // Some checkpoints are written by then.
      const error = await errorOf(() => withFailing(failure, Math.ceil(0.7 * calls), () => train(trainOptions(broken, values))));
      assert.ok(isCemError(error, failure.code), `${error}`);
      assert.match(error.message, failure.message);
      assert.match(error.message, '--resume');
      const kept = await listCheckpoints(broken);
      assert.ok(kept.length > 0 && kept.length < STEPS / 2, `${kept}`);
      await train(trainOptions(broken, values, { resume: true }));
      assert.is(tf.memory().numTensors, tensors, 'nothing is left on the device');
      for (const file of ['model.safetensors', 'tables.safetensors', 'optimizer.safetensors']) {
        const [a, b] = await Promise.all([whole, broken].map((run) => readFile(join(run, 'checkpoints', String(STEPS), file))));
        assert.ok(a!.equals(b!), file);
      }
    }));
}

test.run();
