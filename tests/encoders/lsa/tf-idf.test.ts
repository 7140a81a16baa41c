import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TfIdf, type TfIdfOptions } from '../../../encoders/lsa/tf-idf.ts';

const test = suite('tf-idf');

const options: TfIdfOptions = {
  bigrams: false,
  minimumWordLength: 2,
  minimumDocumentFrequency: 1,
  maximumDocumentShare: 1,
  vocabularySize: 1000,
  sublinear: false,
};
const texts = ['The cat sat on the mat.', 'The dog sat on the log, the dog!', 'Cats and dogs: a cat, a dog'];

function close(got: ArrayLike<number>, expected: readonly number[]): void {
  assert.is(got.length, expected.length);
  expected.forEach((value, i) => {
    assert.ok(Math.abs(got[i]! - value) < 1e-6, `${i}: ${got[i]} is not ${value}`);
  });
}

test('terms, inverse frequencies and weights are those of scikit-learn 1.9.1 (TfidfVectorizer, defaults)', async () => {
  const { model, matrix } = await TfIdf.fit(texts, options);
  assert.equal(model.terms, ['and', 'cat', 'cats', 'dog', 'dogs', 'log', 'mat', 'on', 'sat', 'the']);
  const [once, twice] = [1.6931472, 1.2876821]; // ln(4/2) + 1, ln(4/3) + 1
  close(model.inverseFrequencies, [once, twice, once, twice, once, once, once, twice, twice, twice]);
  const row = model.transform(texts[1]!);
  assert.equal([...row.indices], [3, 5, 7, 8, 9]); // dog log on sat the
  close(row.values, [0.4889857, 0.3214787, 0.2444929, 0.2444929, 0.7334786]);
  const sublinear = (await TfIdf.fit(texts, { ...options, sublinear: true })).model.transform(texts[1]!);
  close(sublinear.values, [0.510507, 0.3964543, 0.3015137, 0.3015137, 0.6327603]);
  assert.is(matrix.rows, 3);
  assert.is(matrix.columns, 10);
});

test('the matrix of the fit has the rows that transform gives', async () => {
  const { model, matrix } = await TfIdf.fit(texts, { ...options, bigrams: true, sublinear: true });
  texts.forEach((text, row) => {
    const entries = (indices: ArrayLike<number>, values: ArrayLike<number>) =>
      Array.from(indices, (index, i) => [index, values[i]] as const).sort((a, b) => a[0] - b[0]);
    const [start, end] = [matrix.starts[row]!, matrix.starts[row + 1]!];
    const { indices, values } = model.transform(text);
    assert.equal(entries(matrix.indices.slice(start, end), matrix.values.slice(start, end)), entries(indices, values));
  });
});

test('limits: document frequency, share, vocabulary size, word length, bigrams', async () => {
  const terms = async (more: Partial<TfIdfOptions>) => (await TfIdf.fit(texts, { ...options, ...more })).model.terms;
  assert.equal(await terms({ minimumDocumentFrequency: 2 }), ['cat', 'dog', 'on', 'sat', 'the']);
  assert.equal(await terms({ minimumDocumentFrequency: 2, maximumDocumentShare: 0.5 }), []);
  // Counts: the 5, dog 3, then cat, on, sat 2 each: the tie goes to the first in the alphabet.
  assert.equal(await terms({ vocabularySize: 3 }), ['cat', 'dog', 'the']);
  assert.equal(await terms({ minimumWordLength: 4 }), ['cats', 'dogs']);
  assert.ok((await terms({ bigrams: true })).includes('the dog'));
  assert.ok((await terms({ minimumWordLength: 1 })).includes('a'));
});

test('a short Chinese word is not dropped for its length, and unknown words weigh nothing', async () => {
  const { model } = await TfIdf.fit(['刑 法 刑', 'x'], options);
  assert.equal(model.terms, ['刑', '法'].sort());
  assert.is(model.transform('nothing here').indices.length, 0);
});

test('no texts: no terms', async () => {
  const { model, matrix } = await TfIdf.fit([], options);
  assert.is(model.terms.length, 0);
  assert.is(matrix.rows, 0);
});

test.run();
