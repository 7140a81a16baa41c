import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import workerThreads, { type Transferable, type Worker, type WorkerOptions } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { selectBackend } from '../../../model/backend/index.ts';
import { type TrainResult, train } from '../../../training/index.ts';
import type { GradientAnswer, GradientJob } from '../../../training/workers/gradient-messages.ts';
import { restoreBackend } from '../../backend.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { silent, trainOptions } from '../../fixtures/train-options.ts';
import { metricsOf, tinyRun, writePassages } from '../tiny-run.ts';

const test = suite('run with workers');
test.before(async () => {
  await selectBackend('wasm');
});
test.after(async () => {
  await restoreBackend();
});

const STEPS = 4;

/** When a thread dies: with a job that it has just been given, asleep until the gradients of its vectors are there, or on its way back. */
type Moment = 'embedding' | 'waiting' | 'going back';
/** All moments with `CEM_KILLS` set, two threads each; else the one at which nobody hears of the death but by the thread's end. */
const MOMENTS: readonly Moment[] = process.env['CEM_KILLS'] ? ['embedding', 'going back', 'waiting'] : ['waiting'];

/** Counts down to the death of a gradient thread. */
interface Kill {
  readonly moment: Moment;
  /** Jobs of the run's first gradient thread until then. */
  jobs: number;
}

/** Trains while the first gradient thread of the run dies as `kill` says: ended from outside, as want of memory ends it. */
async function whileKilling<Result>(kill: Kill, action: () => Promise<Result>): Promise<Result> {
  const Original = workerThreads.Worker;
  let victim: Worker | undefined;
  class Mortal extends Original {
    constructor(program: string | URL, options?: WorkerOptions) {
      super(program, options);
      this.on('message', (answer: GradientAnswer) => {
        if (this !== victim || answer !== 'vectors' || kill.jobs > 0) return;
        if (kill.moment === 'waiting') this.terminate();
        // Behind the losses, which are computed at once: the thread has its gradients then.
        if (kill.moment === 'going back') setImmediate(() => this.terminate());
      });
    }

    override postMessage(value: unknown, transferred?: readonly Transferable[]): void {
      super.postMessage(value, transferred);
      if (!(typeof value === 'object' && value !== null && 'pieces' in (value as Partial<GradientJob>))) return;
      victim ??= this;
      if (this === victim && --kill.jobs === 0 && kill.moment === 'embedding') this.terminate();
    }
  }
  workerThreads.Worker = Mortal;
  syncBuiltinESMExports();
  try {
    return await action();
  } finally {
    workerThreads.Worker = Original;
    syncBuiltinESMExports();
  }
}

/** Trains; `ends` collects the stages that ended without success. */
async function run(
  path: string,
  source: string,
  training: Record<string, unknown>,
  { resume = false, ends = [] }: { resume?: boolean; ends?: string[] } = {},
): Promise<TrainResult> {
  const values = tinyRun(source, STEPS, { checkpointEvery: 2, ...training });
  const stage = (name: string) => ({ ...silent.stage(name), fail: () => void ends.push(name) });
  return train(trainOptions(path, values, { resume, listener: { ...silent, stage } }));
}

const losses = (path: string) => metricsOf(path).flatMap(({ loss, gradient_norm }) => [loss, gradient_norm]);

test('a run with two workers goes the way of the run with one, also when a worker is killed in the middle of a step and the run resumed', () =>
  withTemporaryFolder(async (folder) => {
    const source = await writePassages(folder, 30);
    const one = join(folder, 'one');
    await run(one, source, {});
    const expected = losses(one);
    for (const moment of MOMENTS) {
      const two = join(folder, moment);
      const ends: string[] = [];
      // In the third step, behind the checkpoint of the second.
      const error = await errorOf(() => whileKilling({ moment, jobs: 3 }, () => run(two, source, { workers: 2 }, { ends })));
      assert.is(error.code, 'TRAINING_WORKER', `${moment}: ${error.message}`);
      assert.match(error.message, /a worker .* ended .*--resume/);
      assert.equal(ends, ['train']);
      assert.not(existsSync(join(two, 'checkpoints', String(STEPS))));

      assert.is((await run(two, source, { workers: 2 }, { resume: true })).step, STEPS);
      const got = losses(two);
      assert.is(got.length, 2 * STEPS);
      got.forEach((value, index) => {
        assert.ok(Math.abs(value - expected[index]!) < 1e-3 * expected[index]!, `${moment}: ${value}, not ${expected[index]}`);
      });
      for (const { loader_wait_share: share } of metricsOf(two)) assert.ok(share! >= 0 && share! < 1, `${share}`);
    }

    if (!process.env['CEM_KILLS']) {
      console.log('other moments of death, and the same to the byte: skipped, CEM_KILLS=1 runs them');
      return;
    }
    await run(join(folder, 'whole'), source, { workers: 2 });
    for (const moment of MOMENTS) {
      for (const file of ['model.safetensors', 'tables.safetensors', 'optimizer.safetensors']) {
        const [a, b] = await Promise.all(
          ['whole', moment].map((name) => readFile(join(folder, name, 'checkpoints', String(STEPS), file))),
        );
        assert.ok(a!.equals(b!), `${file} differs: ${moment}`);
      }
    }
  }));

test.run();
