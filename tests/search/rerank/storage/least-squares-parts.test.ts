import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../../base/index.ts';
import { leastSquaresParts } from '../../../../search/rerank/storage/least-squares-parts.ts';

const test = suite('parts of numbers that lose least');

function close(got: Float32Array, wanted: readonly number[], within: number): void {
  assert.is(got.length, wanted.length);
  wanted.forEach((value, place) => {
    assert.ok(Math.abs(got[place]! - value) <= within, `${place}: ${got[place]} for ${value}`);
  });
}

test('even numbers have even parts', () => {
  const { cutoffs, weights } = leastSquaresParts(
    Float32Array.from({ length: 8000 }, (_, place) => (place + 0.5) / 8000),
    4,
  );
  close(cutoffs, [1 / 4, 2 / 4, 3 / 4], 1e-6);
  close(weights, [1 / 8, 3 / 8, 5 / 8, 7 / 8], 1e-6);
});

// Max, "Quantizing for minimum distortion", 1960, table I, N = 4.
test('normal numbers have the parts that are known of them', () => {
  const random = new RandomNumbers(7, 'parts');
  const values = Float32Array.from({ length: 200_000 }, () => random.normal()).sort();
  const { cutoffs, weights } = leastSquaresParts(values, 4);
  close(cutoffs, [-0.9816, 0, 0.9816], 0.02);
  close(weights, [-1.51, -0.4528, 0.4528, 1.51], 0.02);
});

test('a few numbers, and equal ones, have parts', () => {
  close(leastSquaresParts(Float32Array.of(1), 4).weights, [1, 1, 1, 1], 0);
  const { cutoffs, weights } = leastSquaresParts(new Float32Array(10).fill(2), 4);
  for (const value of [...cutoffs, ...weights]) assert.ok(Number.isFinite(value));
  const stands = weights[cutoffs.filter((cutoff) => cutoff <= 2).length];
  assert.is(stands, 2);
});

test.run();
