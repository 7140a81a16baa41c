import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import { covers, paddingShare, type StepShape } from '../../../training/device/step-shape.ts';
import { StepShapes } from '../../../training/device/step-shapes.ts';

const test = suite('shapes of steps');

const TEXTS = [8, 32];
const LIMITS = {
  texts: TEXTS,
  paddedSymbols: (symbols: number) => Math.ceil(symbols / 8) * 8,
  maximumSymbols: 512,
  tableRows: [260, 5000],
};

/** A step whose texts are about as long as is said. */
function step(symbols: number, random: RandomNumbers): StepShape {
  const longest = LIMITS.paddedSymbols(Math.min(512, symbols + random.integer(40)));
  return {
    batches: [
      { symbols: longest, patches: Math.ceil(longest / 4), positions: 3 * 8 * longest, negatives: 0 },
      { symbols: 48 + 8 * random.integer(3), patches: 16 + random.integer(4), positions: 32 * 60, negatives: 5 },
    ],
    rows: [200 + random.integer(60), 1000 + 4 * longest],
  };
}

const random = new RandomNumbers(1, 'steps');
/** Batches of short texts, of middling and of long ones, as sorting by length makes them. */
const sample = Array.from({ length: 24 }, (_, index) => step([60, 200, 400][index % 3]!, random));

test('a handful of shapes cover the sample and steps like it, with little padding', () => {
  const shapes = new StepShapes(sample, LIMITS);
  assert.ok(shapes.shapes.length <= 4, `${shapes.shapes.length}`);
  const padded = sample.map((exact) => shapes.fit(exact));
  sample.forEach((exact, index) => {
    assert.ok(covers(padded[index]!, exact));
    assert.ok(shapes.shapes.includes(padded[index]!));
  });
  // One shape for all would pad every step to the longest texts: 512 symbols, of which the sample has about 250 on the mean.
  const share = (fit: (exact: StepShape) => StepShape) =>
    sample.reduce((sum, exact) => sum + paddingShare(exact, fit(exact), TEXTS), 0) / sample.length;
  const largest = shapes.shapes.at(-1)!;
  const [chosen, one] = [share((exact) => shapes.fit(exact)), share(() => largest)];
  console.log(`padding ${(100 * chosen).toFixed(1)}%, with one shape ${(100 * one).toFixed(1)}%`);
  assert.ok(chosen < 0.4 * one, `${chosen}, ${one}`);
  const next = Array.from({ length: 200 }, (_, index) => shapes.fit(step([60, 200, 400][index % 3]!, random)));
  assert.ok(new Set(next.map((shape) => JSON.stringify(shape))).size <= 6, 'few programs');
});

test('a step beyond the sample gets a shape that grows with it, the same whatever came before; limits hold', () => {
  const shapes = new StepShapes(sample.slice(0, 2), LIMITS);
  const large: StepShape = {
    batches: [
      { symbols: 512, patches: 500, positions: 1e5, negatives: 0 },
      { symbols: 80, patches: 40, positions: 5000, negatives: 70 },
    ],
    rows: [260, 4999],
  };
  const fitted = shapes.fit(large);
  assert.ok(covers(fitted, large));
  assert.equal(new StepShapes(sample.slice(0, 2), LIMITS).fit(large), fitted);
  assert.is(fitted.batches[0]!.symbols, 512, 'no more symbols than a text may have');
  assert.ok(fitted.batches[0]!.patches <= 512);
  assert.equal(fitted.rows, [260, 5000], 'no more rows than there are');
  assert.is(fitted.batches[0]!.negatives, 0, 'a batch without negatives stays without');
});

test.run();
