import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sweepConfigSchema } from '../../../training/sweep/config.ts';
import { planTrials } from '../../../training/sweep/plan-trials.ts';

const test = suite('trials of a sweep');

const plan = (values: unknown) => planTrials(sweepConfigSchema.parse(values));

test('a grid is every combination, the last key fastest; trials cuts it', () => {
  const grid = { 'a.b': [1, 2], c: ['x', 'y', 'z'] };
  const all = plan({ grid });
  assert.equal(
    all.map((settings) => Object.values(settings).join('')),
    ['1x', '1y', '1z', '2x', '2y', '2z'],
  );
  assert.equal(all[5], { 'a.b': 2, c: 'z' });
  assert.equal(plan({ grid, trials: 4 }), all.slice(0, 4));
  assert.is(plan({ grid, trials: 100 }).length, 6);
});

test('random draws stay in their ranges, follow from the seed, and neither more trials nor more keys change them', () => {
  const random = { rate: { minimum: 1e-4, maximum: 1e-2, log: true }, size: { minimum: 2, maximum: 4, integer: true } };
  const few = plan({ random, trials: 5, seed: 7 });
  const many = plan({ random: { ...random, kind: ['p', 'q'] }, trials: 300, seed: 7 });
  few.forEach(({ rate, size }, index) => {
    assert.equal([many[index]!['rate'], many[index]!['size']], [rate, size]);
  });
  assert.not.equal(plan({ random, trials: 5, seed: 8 }), few);
  const rates = many.map(({ rate }) => rate as number);
  assert.ok(rates.every((rate) => rate >= 1e-4 && rate <= 1e-2));
  // Evenly in the logarithm: half of 300 below the geometric middle, 1e-3; the deviation of the count is sqrt(300)/2 = 8.7.
  assert.ok(Math.abs(rates.filter((rate) => rate < 1e-3).length - 150) < 40);
  assert.equal([...new Set(many.map(({ size }) => size))].sort(), [2, 3, 4]);
  assert.equal([...new Set(many.map(({ kind }) => kind))].sort(), ['p', 'q']);
});

test('what is no sweep is refused with the place', () => {
  const problem = (values: unknown): string => {
    const { error } = sweepConfigSchema.safeParse(values);
    return error === undefined ? 'none' : error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  };
  assert.is(problem({ grid: { a: [] } }), 'grid.a: needs at least one value');
  assert.is(problem({ grid: {} }), 'grid: names no key to vary');
  assert.match(problem({}), 'needs either grid or random, and has neither');
  assert.match(problem({ grid: { a: [1] }, random: { a: [1] }, trials: 1 }), 'has both');
  assert.match(problem({ random: { a: [1, 2] } }), 'trials: random ranges need to know');
  assert.match(problem({ grid: { a: [1] }, metric: 'accuracy' }), /^metric: /);
  const range = (values: object) => problem({ random: { a: values }, trials: 1 });
  assert.match(range({ minimum: 2, maximum: 1 }), /must not be below minimum/);
  assert.match(range({ minimum: 0, maximum: 1, log: true }), /must be above 0 with log/);
  assert.match(range({ minimum: 1.2, maximum: 1.8, integer: true }), /leaves no whole number/);
});

test.run();
