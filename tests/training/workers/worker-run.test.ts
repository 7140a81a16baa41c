import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseConfig } from '../../../configs/index.ts';
import { readCorpus } from '../../../data/index.ts';
import { selectBackend } from '../../../model/backend/index.ts';
import { type TrainResult, train } from '../../../training/index.ts';
import { testBackend } from '../../backend.ts';
import { withTemporaryFolder } from '../../data/temporary-folder.ts';
import { metricsOf, tinyRun, writePassages } from '../tiny-run.ts';

const test = suite('run with workers');
test.before(async () => {
  await selectBackend('wasm');
});
test.after(async () => {
  await testBackend();
});

const STEPS = 4;
/** `CEM_WORKER_RESUME=1` for the runs that are stopped and resumed: six threads more. */
const RESUME = process.env['CEM_WORKER_RESUME'] === '1';

/** Trains, and stops behind `stopAt` steps. */
async function run(
  path: string,
  source: string,
  training: Record<string, unknown>,
  options: { stopAt?: number; resume?: boolean } = {},
): Promise<TrainResult> {
  const config = parseConfig(tinyRun(source, STEPS, training), 'test');
  const stop = new AbortController();
  return train({
    run: path,
    resume: options.resume ?? false,
    seed: config.seed,
    model: config.model,
    teacher: config.teacher,
    pack: config.pack,
    training: config.training,
    resolved: config,
    environment: {},
    documents: () => readCorpus(config.data.source),
    signal: stop.signal,
    listener: {
      note() {},
      stage: (name) => ({
        progress: (done) => {
          if (name === 'train' && done === options.stopAt) stop.abort();
        },
        done() {},
        fail() {},
      }),
    },
  });
}

test('a run with two workers goes the way of the run with one', () =>
  withTemporaryFolder(async (folder) => {
    const source = await writePassages(folder, 30);
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    await run(one, source, {});
    await run(two, source, { workers: 2 });
    const losses = (path: string) => metricsOf(path).flatMap(({ loss, gradient_norm }) => [loss, gradient_norm]);
    const [expected, got] = [losses(one), losses(two)];
    assert.is(got.length, 2 * STEPS);
    got.forEach((value, index) => {
      assert.ok(Math.abs(value - expected[index]!) < 1e-3 * expected[index]!, `${value}, not ${expected[index]}`);
    });
    for (const { loader_wait_share: share } of metricsOf(two)) assert.ok(share! >= 0 && share! < 1, `${share}`);

    if (!RESUME) {
      console.log('stopping and resuming with workers: skipped, CEM_WORKER_RESUME=1 runs it');
      return;
    }
    const stopped = join(folder, 'stopped');
    assert.is((await run(stopped, source, { workers: 2 }, { stopAt: 2 })).step, 2);
    assert.is((await run(stopped, source, { workers: 2 }, { resume: true })).step, STEPS);
    for (const file of ['model.safetensors', 'tables.safetensors', 'optimizer.safetensors']) {
      const [a, b] = await Promise.all([two, stopped].map((path) => readFile(join(path, 'checkpoints', String(STEPS), file))));
      assert.ok(a!.equals(b!), `${file} differs`);
    }
  }));

test.run();
