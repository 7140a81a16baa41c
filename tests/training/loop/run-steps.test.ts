import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CemError } from '../../../base/errors.ts';
import { runSteps, type StepRun } from '../../../training/loop/run-steps.ts';
import { StepCheckpoints } from '../../../training/loop/step-checkpoints.ts';
import { StepLog } from '../../../training/loop/step-log.ts';
import type { MetricsLine } from '../../../training/runs/metrics-lines.ts';

const test = suite('run steps');

/** A run of ten steps whose loss is 100 minus the step, and all that was done in it. */
function recorded(changes: Partial<StepRun> = {}): { run: StepRun; events: string[] } {
  const events: string[] = [];
  const run: StepRun = {
    first: 0,
    steps: 10,
    step: async (number) => {
      events.push(`step ${number}`);
      return { result: { loss: 100 - number, terms: {}, gradientNorm: 1, learningRate: 0.1 }, texts: 4 };
    },
    every: [
      { afterStep: ({ done, last }) => void events.push(`a ${done}${last ? ' last' : ''}`) },
      { afterStep: async ({ done }) => void events.push(`b ${done}`), atEnd: async (done) => void events.push(`end ${done}`) },
    ],
    onFailure: () => 'look there',
    stage: { progress: () => {}, done: () => events.push('done'), fail: () => events.push('fail') },
    ...changes,
  };
  return { run, events };
}

test('steps follow each other from the first that is missing, hooks in their order behind each', async () => {
  const { run, events } = recorded({ first: 8 });
  assert.equal(await runSteps(run), { step: 10, interrupted: false, stoppedEarly: false });
  assert.equal(events, ['step 8', 'a 9', 'b 9', 'step 9', 'a 10 last', 'b 10', 'end 10']);
});

test('where nothing is left to do hooks hear of the end alone', async () => {
  const { run, events } = recorded({ first: 10 });
  assert.equal(await runSteps(run), { step: 10, interrupted: false, stoppedEarly: false });
  assert.equal(events, ['end 10']);
});

test('a signal ends a run after the step that it came in', async () => {
  const controller = new AbortController();
  const { run } = recorded({ signal: controller.signal });
  const every = [
    { afterStep: ({ done }: { done: number }) => done === 3 && controller.abort() },
    ...run.every,
  ] as StepRun['every'];
  assert.equal(await runSteps({ ...run, every }), { step: 3, interrupted: true, stoppedEarly: false });
});

test('what comes in from outside is seen between steps that never wait for anything', async () => {
  const controller = new AbortController();
  setImmediate(() => controller.abort());
  const { run } = recorded({ signal: controller.signal });
  assert.equal(await runSteps(run), { step: 1, interrupted: true, stoppedEarly: false });
});

test('an early end is no interruption', async () => {
  const { run, events } = recorded();
  const stopsEarly = () => events.includes('b 4');
  assert.equal(await runSteps({ ...run, stopsEarly }), { step: 4, interrupted: false, stoppedEarly: true });
});

test('a loss or a gradient that is no number ends a run with the step, and the stage has failed', async () => {
  for (const wrong of [{ loss: Number.NaN }, { gradientNorm: Number.POSITIVE_INFINITY }]) {
    const { run, events } = recorded({
      step: async (number) => ({
        result: { loss: 1, terms: {}, gradientNorm: 1, learningRate: 0.1, ...(number === 2 && wrong) },
        texts: 1,
      }),
    });
    const error = await runSteps(run).then(
      () => assert.unreachable(),
      (thrown: CemError) => thrown,
    );
    assert.is((error as CemError).code, 'TRAINING_NOT_FINITE');
    assert.match((error as CemError).message, /the loss of step 2 is .* look there/);
    assert.equal(events, ['a 1', 'b 1', 'a 2', 'b 2', 'fail']);
  }
});

test('what a hook throws comes through, and the stage has failed', async () => {
  const full = {
    afterStep: () => {
      throw new RangeError('disk full');
    },
  };
  const { run, events } = recorded({ every: [full] });
  assert.is(await runSteps(run).catch((error: Error) => error.message), 'disk full');
  assert.equal(events, ['step 0', 'fail']);
});

test('a line every few steps, at the last one and at those that are asked for; losses of the first step and of the last line', async () => {
  const lines: MetricsLine[] = [];
  const log = new StepLog({
    every: 4,
    logs: [{ append: (line) => lines.push(line) }],
    alsoAt: (done) => done === 5,
    extra: (done) => ({ loader_wait_share: done / 100 }),
  });
  assert.is(log.losses, null);
  await runSteps(recorded({ every: [log] }).run);
  // Means of 100 - step over the steps 0 to 3, 4, 5 to 7, 8 to 9.
  assert.equal(
    lines.map(({ step, loss, loader_wait_share: share }) => [step, loss, share]),
    [
      [4, 98.5, 0.04],
      [5, 96, 0.05],
      [8, 94, 0.08],
      [10, 91.5, 0.1],
    ],
  );
  assert.equal(log.losses, { first: 100, last: 91.5 });
});

test('a checkpoint every few steps and at those that are asked for, and one at the end where it is not there yet', async () => {
  const saved: number[] = [];
  const checkpoints = (first: number, path: string) =>
    new StepCheckpoints({
      first,
      every: 4,
      path: () => path,
      save: async (step) => void saved.push(step),
      alsoAt: (step) => step === 7,
    });
  const missing = 'no/such/folder';
  await runSteps(recorded({ every: [checkpoints(0, missing)] }).run);
  assert.equal(saved.splice(0), [4, 7, 8, 10]);
  // A run that had ended: its checkpoint is there, or was removed.
  await runSteps(recorded({ first: 10, every: [checkpoints(10, '.')] }).run);
  assert.equal(saved.splice(0), []);
  await runSteps(recorded({ first: 10, every: [checkpoints(10, missing)] }).run);
  assert.equal(saved.splice(0), [10]);
});

test.run();
