import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { selectBackend } from '../../../model/backend/index.ts';
import { train } from '../../../training/index.ts';
import { restoreBackend } from '../../backend.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { trainOptions } from '../../fixtures/train-options.ts';
import { xlaAtHand } from '../../model/backend/xla/xla-at-hand.ts';
import { metricsOf, tinyRun, writePassages } from '../tiny-run.ts';

const test = suite('runs on the device');
// Byte equality is stated of one thread: sums of several have no fixed order.
test.before(async () => {
  await selectBackend('wasm');
});
test.after(async () => {
  await restoreBackend();
});

const STEPS = 20;
const SETTINGS = { checkpointEvery: 10, keepCheckpoints: 5, ema: { decay: 0.9 } };
/** Float32's rounding after so many steps. */
const LARGEST_DIFFERENCE = 1e-3;

/** A run of so many steps; `first`: a run that it goes on from at its checkpoint of step 10. */
async function run(folder: string, source: string, name: string, tables: string, first?: string): Promise<number[]> {
  const path = join(folder, name);
  if (first) {
    await cp(join(folder, first), path, { recursive: true });
    await rm(join(path, 'checkpoints', String(STEPS)), { recursive: true });
  }
  const options = trainOptions(path, tinyRun(source, STEPS, { ...SETTINGS, tables }), { resume: first !== undefined });
  await train(options);
  return metricsOf(path).flatMap(({ loss, gradient_norm }) => [loss, gradient_norm]);
}

const largest = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((value, index) => Math.abs(value - b[index]!) / Math.max(1, Math.abs(value))));

test('a run with tables on the device has the losses of one on the host, and resumes to the byte', () =>
  withTemporaryFolder(async (folder) => {
    const source = await writePassages(folder, 24);
    const host = await run(folder, source, 'host', 'host');
    const device = await run(folder, source, 'device', 'device');
    assert.is(device.length, 2 * STEPS);
    const apart = largest(host, device);
    console.log(`losses and norms of ${STEPS} steps differ by ${apart.toExponential(1)}`);
    assert.ok(apart < LARGEST_DIFFERENCE, `${apart}`);
    assert.equal(await run(folder, source, 'resumed', 'device', 'device'), device);
    for (const file of ['model.safetensors', 'tables.safetensors', 'optimizer.safetensors']) {
      const [a, b] = await Promise.all(
        ['device', 'resumed'].map((name) => readFile(join(folder, name, 'checkpoints', String(STEPS), file))),
      );
      assert.ok(a!.equals(b!), file);
    }
  }));

test('a run on xla has the losses of one on the host, with few programs', () =>
  withTemporaryFolder(async (folder) => {
    if (!(await xlaAtHand())) return;
    const source = await writePassages(folder, 24);
    await selectBackend('wasm');
    const host = await run(folder, source, 'host', 'host');
    await selectBackend('xla');
    const device = await run(folder, source, 'xla', 'auto');
    const apart = largest(host, device);
    const { compilations, padding_share: padding } = metricsOf(join(folder, 'xla')).at(-1)!;
    console.log(`differ by ${apart.toExponential(1)}; ${compilations} programs, ${(100 * padding!).toFixed(1)}% padding`);
    assert.ok(apart < LARGEST_DIFFERENCE, `${apart}`);
    assert.ok(compilations! <= 5, `${compilations}`);
    await selectBackend('wasm');
  }));

test.run();
