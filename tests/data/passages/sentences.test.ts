import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LONGEST_SENTENCE, splitSentences } from '../../../data/index.ts';
import { SHORTEST_SENTENCE } from '../../../data/passages/sentences.ts';

const test = suite('sentences');

test('English: by sentence, across wrapped lines, not across paragraphs or list items', () => {
  const text =
    'The index is built once, and then only read. It holds one vector\nfor every chunk of the corpus!\n\nA heading without a full stop\n\n- the first item of the list\n- the second item, 3.5 times as long\n\nToo short.';
  assert.equal(splitSentences(text), [
    'The index is built once, and then only read.',
    'It holds one vector\nfor every chunk of the corpus!',
    'A heading without a full stop',
    '- the first item of the list',
    '- the second item, 3.5 times as long',
  ]);
});

test('Chinese: seven characters are enough', () => {
  assert.equal(splitSentences('为了保护民事主体的合法权益，制定本法。本法自公布之日起施行。短句。'), [
    '为了保护民事主体的合法权益，制定本法。',
    '本法自公布之日起施行。',
  ]);
});

test('lengths stay within the bounds, and what is long is cut between words', () => {
  const words = Array.from({ length: 400 }, (_, number) => `word${number}`).join(' ');
  const pieces = splitSentences(words);
  assert.ok(pieces.length > 5);
  for (const piece of pieces) {
    assert.ok(piece.length >= SHORTEST_SENTENCE && piece.length <= LONGEST_SENTENCE, String(piece.length));
    assert.match(piece, /^word\d+( word\d+)*$/);
  }
  assert.is(pieces.join(' '), words);
  const unbroken = splitSentences('x'.repeat(1000));
  assert.equal(
    unbroken.map(({ length }) => length),
    [300, 300, 300, 100],
  );
  for (const piece of splitSentences('很'.repeat(250))) assert.ok(piece.length <= LONGEST_SENTENCE / 3);
});

test('what has no letters, or nothing at all, gives none', () => {
  assert.equal(splitSentences(''), []);
  assert.equal(splitSentences(`${'-'.repeat(40)}\n\n${'1234 '.repeat(10)}`), []);
});

test('every sentence is a substring of the text', () => {
  const text =
    'First line of it,\r\nthen a second line.   And here, another sentence follows 😀 with a face.\n\n> quoted text of some length\n> goes on here.';
  const sentences = splitSentences(text);
  assert.ok(sentences.length >= 3);
  for (const sentence of sentences) assert.ok(text.includes(sentence), sentence);
});

test.run();
