import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { learningRateShare, SCHEDULES } from '../../../training/optimizers/schedules.ts';

const test = suite('schedules');

const close = (got: number, expected: number) => assert.ok(Math.abs(got - expected) < 1e-12, `${got} for ${expected}`);

test('a linear warm-up reaches the full rate with its last step, and no step has none', () => {
  const options = { steps: 100, warmupSteps: 4, finalShare: 0.1 };
  assert.equal(
    [0, 1, 2, 3].map((step) => learningRateShare(step, options)),
    [0.25, 0.5, 0.75, 1],
  );
});

test('then a cosine to the final share', () => {
  const options = { steps: 104, warmupSteps: 4, finalShare: 0.1 };
  close(learningRateShare(4, options), 1);
  // A quarter of the way: 0.1 + 0.9 * (1 + cos 45 degrees) / 2; half: 0.1 + 0.9 / 2; three quarters: 0.1 + 0.9 * (1 - cos 45 degrees) / 2.
  close(learningRateShare(29, options), 0.1 + 0.45 * (1 + Math.SQRT1_2));
  close(learningRateShare(54, options), 0.55);
  close(learningRateShare(79, options), 0.1 + 0.45 * (1 - Math.SQRT1_2));
  close(learningRateShare(104, options), 0.1);
  close(learningRateShare(1000, options), 0.1);
});

test('or along a line, not at all, or along a line in the last tenth of the run', () => {
  const options = { steps: 104, warmupSteps: 4, finalShare: 0.2 };
  const at = (kind: (typeof SCHEDULES)[number], step: number) => learningRateShare(step, { ...options, kind });
  // Half of the way from 1 to 0.2.
  close(at('linear', 54), 0.6);
  close(at('linear', 104), 0.2);
  close(at('constant', 103), 1);
  // 10 of 104 steps: from step 94 on; five before the end, half of the way.
  close(at('warmup-stable-decay', 94), 1);
  close(at('warmup-stable-decay', 99), 0.6);
  close(at('warmup-stable-decay', 104), 0.2);
  close(learningRateShare(52, { ...options, kind: 'warmup-stable-decay', decayShare: 1 }), 0.6);
});

test('it never rises after the warm-up', () => {
  for (const kind of SCHEDULES) {
    const options = { kind, steps: 50, warmupSteps: 7, finalShare: 0 };
    for (let step = 7; step < 60; step++)
      assert.ok(learningRateShare(step, options) <= learningRateShare(step - 1, options), kind);
  }
});

test('no warm-up, and one that is longer than the run', () => {
  close(learningRateShare(0, { steps: 10, warmupSteps: 0, finalShare: 0.1 }), 1);
  close(learningRateShare(9, { steps: 10, warmupSteps: 20, finalShare: 0.1 }), 0.5);
});

test.run();
