import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { warmupCosine } from '../../training/schedules.ts';

const test = suite('schedules');

const close = (got: number, expected: number) => assert.ok(Math.abs(got - expected) < 1e-12, `${got} for ${expected}`);

test('a linear warm-up reaches the full rate with its last step, and no step has none', () => {
  const options = { steps: 100, warmupSteps: 4, finalShare: 0.1 };
  assert.equal(
    [0, 1, 2, 3].map((step) => warmupCosine(step, options)),
    [0.25, 0.5, 0.75, 1],
  );
});

test('then a cosine to the final share', () => {
  const options = { steps: 104, warmupSteps: 4, finalShare: 0.1 };
  close(warmupCosine(4, options), 1);
  // A quarter of the way: 0.1 + 0.9 * (1 + cos 45 degrees) / 2; half: 0.1 + 0.9 / 2; three quarters: 0.1 + 0.9 * (1 - cos 45 degrees) / 2.
  close(warmupCosine(29, options), 0.1 + 0.45 * (1 + Math.SQRT1_2));
  close(warmupCosine(54, options), 0.55);
  close(warmupCosine(79, options), 0.1 + 0.45 * (1 - Math.SQRT1_2));
  close(warmupCosine(104, options), 0.1);
  close(warmupCosine(1000, options), 0.1);
});

test('it never rises after the warm-up', () => {
  const options = { steps: 50, warmupSteps: 7, finalShare: 0 };
  for (let step = 7; step < 60; step++) assert.ok(warmupCosine(step, options) <= warmupCosine(step - 1, options));
});

test('no warm-up, and one that is longer than the run', () => {
  close(warmupCosine(0, { steps: 10, warmupSteps: 0, finalShare: 0.1 }), 1);
  close(warmupCosine(9, { steps: 10, warmupSteps: 20, finalShare: 0.1 }), 0.5);
});

test.run();
