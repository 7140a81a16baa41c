import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bootstrapInterval, randomizationTest } from '../../../eval/comparison/significance.ts';

const test = suite('significance');

/** Darwin's maize, crossed minus self-fertilised, in eighths of an inch (Fisher 1935, The Design of Experiments, chapter III). */
const MAIZE = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];

test("Fisher's own example: 863 of 2^15 assignments are as far out on either side", () => {
  const { p, exact } = randomizationTest(MAIZE, { rounds: 2 ** 15 });
  assert.ok(exact);
  assert.is(p, (2 * 863) / 2 ** 15);
});

test('random assignments come near to all of them', () => {
  const { p, exact } = randomizationTest(MAIZE, { rounds: 20_000, seed: 3 });
  assert.not.ok(exact);
  // Standard error: sqrt(0.0527 * 0.9473 / 20000) = 0.0016.
  assert.ok(Math.abs(p - 0.05267) < 0.0048, String(p));
});

test('four equal differences: 2 of 16; their sign does not matter', () => {
  assert.equal(randomizationTest([0.5, 0.5, 0.5, 0.5]), { p: 2 / 16, exact: true });
  assert.equal(randomizationTest([-0.5, -0.5, -0.5, -0.5]), { p: 2 / 16, exact: true });
});

test('queries that differ by nothing say nothing', () => {
  assert.is(randomizationTest([]).p, 1);
  assert.is(randomizationTest([0, 0, 0]).p, 1);
  assert.is(randomizationTest([0, 0.25, 0, 0.25, 0]).p, randomizationTest([0.25, 0.25]).p);
});

test('differences that cancel but for rounding are as extreme as any', () => {
  // 0.1 + 0.2 - 0.3 is 5.6e-17: every assignment is at least that far out.
  assert.is(randomizationTest([0.1, 0.2, -0.3]).p, 1);
});

test('p is never 0, and the seed decides', () => {
  const clear = Array.from({ length: 50 }, () => 0.2);
  assert.is(randomizationTest(clear, { rounds: 999 }).p, 1 / 1000);
  assert.equal(randomizationTest(MAIZE, { rounds: 999, seed: 5 }), randomizationTest(MAIZE, { rounds: 999, seed: 5 }));
  assert.not.equal(randomizationTest(MAIZE, { rounds: 999, seed: 5 }), randomizationTest(MAIZE, { rounds: 999, seed: 6 }));
});

test('bootstrap: the quantiles of a binomial distribution', () => {
  const values = Array.from({ length: 100 }, (_, index) => index % 2);
  const { low, high } = bootstrapInterval(values);
  // Resampled means are Binomial(100, 1/2) / 100, whose 2.5% and 97.5% quantiles are 0.40 and 0.60.
  assert.ok(Math.abs(low - 0.4) <= 0.01 && Math.abs(high - 0.6) <= 0.01, `${low} ${high}`);
});

test('bootstrap: one value has no width; the seed decides', () => {
  assert.equal(bootstrapInterval([0.25]), { low: 0.25, high: 0.25 });
  assert.equal(bootstrapInterval(MAIZE, { seed: 1 }), bootstrapInterval(MAIZE, { seed: 1 }));
  assert.not.equal(bootstrapInterval(MAIZE, { seed: 1, rounds: 500 }), bootstrapInterval(MAIZE, { seed: 2, rounds: 500 }));
});

test.run();
