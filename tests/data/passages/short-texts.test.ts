import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { randomSpans, splitSentences, uniqueSentences, uniqueWords } from '../../../data/index.ts';

const test = suite('short texts');

const PASSAGES = [
  'The writer appends a frame to the file. The reader opens the file by its table.\nA frame is never rewritten in place.',
  'The reader opens the file by its table. Numbers such as 12 and 12 are not words here.',
];

test('sentences come once, in order, and no more than asked for', () => {
  const all = uniqueSentences(PASSAGES, 100);
  assert.equal(all, [...new Set(PASSAGES.flatMap(splitSentences))]);
  assert.is(all.filter((sentence) => sentence.startsWith('The reader')).length, 1);
  assert.equal(uniqueSentences(PASSAGES, 2), all.slice(0, 2));
});

test('words are those of two passages and more, the most frequent first', () => {
  const passages = ['alpha beta gamma 7', 'beta gamma gamma 7', 'Gamma delta'];
  // gamma stands in three passages, beta in two; alpha and delta in one, 7 has no letter.
  assert.equal(uniqueWords(passages, 10), ['gamma', 'beta']);
  assert.equal(uniqueWords(passages, 1), ['gamma']);
});

test('spans are runs of whole words of one passage, within the bounds, the same for a seed', () => {
  const options = { maximum: 300, shortest: 2, longest: 5, seed: 1 };
  const spans = randomSpans(PASSAGES, options);
  assert.equal(spans, randomSpans(PASSAGES, options));
  assert.not.equal(spans, randomSpans(PASSAGES, { ...options, seed: 2 }));
  assert.is(new Set(spans).size, spans.length);
  const lengths = new Set<number>();
  for (const span of spans) {
    const words = span.split(/\s+/);
    lengths.add(words.length);
    assert.ok(words.length >= 2 && words.length <= 5, span);
    assert.ok(
      PASSAGES.some((passage) => ` ${passage} `.replaceAll('\n', ' ').includes(` ${span.replaceAll('\n', ' ')} `)),
      span,
    );
  }
  assert.equal([...lengths].sort(), [2, 3, 4, 5]);
});

test('what is shorter than the shortest span gives none', () => {
  assert.equal(randomSpans(['one two'], { maximum: 10, shortest: 3, longest: 4, seed: 1 }), []);
  assert.equal(randomSpans([], { maximum: 10, shortest: 1, longest: 4, seed: 1 }), []);
});

test.run();
