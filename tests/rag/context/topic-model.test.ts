import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { digamma } from '../../../rag/context/digamma.ts';
import { TopicModel, type WordCounts } from '../../../rag/context/topic-model.ts';

const test = suite('topic model');

interface Case {
  readonly counts: readonly (readonly number[])[];
  readonly initial: readonly (readonly number[])[];
  readonly iterations: number;
  readonly components: readonly (readonly number[])[];
  readonly shares: readonly (readonly number[])[];
}

const sparse = (row: readonly number[]): WordCounts => {
  const words = row.flatMap((count, word) => (count > 0 ? [word] : []));
  return { words: Int32Array.from(words), counts: Float64Array.from(words, (word) => row[word]!) };
};

/** Largest relative difference. */
function difference(actual: ArrayLike<number>, expected: readonly number[]): number {
  assert.is(actual.length, expected.length);
  return expected.reduce((most, value, index) => Math.max(most, Math.abs(actual[index]! - value) / Math.abs(value)), 0);
}

test('digamma: known values', () => {
  // Abramowitz and Stegun, table 6.1 and 6.3.3: -gamma, and -gamma - 2 ln 2; psi(x + 1) = psi(x) + 1/x.
  const gamma = 0.5772156649015329;
  assert.ok(Math.abs(digamma(1) + gamma) < 1e-14);
  assert.ok(Math.abs(digamma(0.5) + gamma + 2 * Math.LN2) < 1e-14);
  for (const x of [1e-3, 0.2, 3.7, 9.99, 10, 1e6])
    assert.ok(Math.abs(digamma(x + 1) - digamma(x) - 1 / x) < 1e-11 / Math.min(1, x), `${x}`);
});

/** scikit-learn's digamma is a shorter series, right to about 1e-9, which many passes add up. */
const CLOSE = 1e-6;

test("scikit-learn's parameters and shares, after one pass and after many", () => {
  const cases = JSON.parse(readFileSync(new URL('../../golden/lda/lda.json', import.meta.url), 'utf8')) as Case[];
  assert.is(cases.length, 3);
  for (const { counts, initial, iterations, components, shares } of cases) {
    const texts = counts.map(sparse);
    const [topics, words] = [initial.length, initial[0]!.length];
    const model = TopicModel.fit(texts, { topics, words, seed: 0, iterations, initial: Float64Array.from(initial.flat()) });
    assert.ok(
      difference(model.parameters, components.flat()) < CLOSE,
      `${iterations}: ${difference(model.parameters, components.flat())}`,
    );
    for (const [number, text] of texts.entries())
      assert.ok(difference(model.sharesOf(text), shares[number]!) < CLOSE, `${iterations}, ${number}`);
  }
});

test('the same seed gives the same model, another one another', () => {
  const texts = [sparse([3, 0, 1]), sparse([0, 2, 2])];
  const fit = (seed: number) => Array.from(TopicModel.fit(texts, { topics: 2, words: 3, seed }).parameters);
  assert.equal(fit(0), fit(0));
  assert.not.equal(fit(0), fit(1));
});

test.run();
