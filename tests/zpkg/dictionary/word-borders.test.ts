import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { UsageError } from '../../../base/index.ts';
import { isWordByte, lastBytes, wholeUnits, withEnd } from '../../../zpkg/dictionary/word-borders.ts';
import { createCompressor, readDictionary, trainDictionary } from '../../../zpkg/index.ts';
import { chinese, english, noise, random } from '../frame-samples.ts';

const test = suite('dictionaries with word borders');

const bytesOf = (text: string): Buffer => Buffer.from(text);

/** Letters, digits and what is not ASCII, found by a regular expression over the bytes as Latin-1 characters: an oracle that shares nothing with the code. */
function wordsOf(text: Uint8Array): string[] {
  return (
    Buffer.from(text)
      .toString('latin1')
      .match(/[0-9A-Za-z\u0080-\u00ff]+/g) ?? []
  );
}

/** Sentences of words in several scripts, some of them long, parted by spaces and punctuation. */
function manyScripts(seed: number): Buffer {
  const next = random(seed);
  const words = [
    'naïve',
    'Straße',
    'предложение',
    'ελληνικά',
    'שלום',
    '한국어',
    'snake_case',
    'x=1',
    'a'.repeat(40),
    'ж'.repeat(30),
    'the',
    'end',
  ];
  const parts = Array.from({ length: 60 }, () => words[Math.floor(next() * words.length)]!);
  const text = parts.map((word, at) => word + [' ', ', ', '. ', '\n', '-'][at % 5]!).join('');
  return bytesOf(`${text}last`);
}

test('words are of letters, digits and all that is not ASCII', () => {
  const words = wordsOf(Uint8Array.from({ length: 256 }, (_, byte) => byte)).join('');
  for (let byte = 0; byte < 256; byte++) assert.is(isWordByte(byte), words.includes(String.fromCharCode(byte)), `${byte}`);
});

test('a range grows to whole words, or shrinks where a border is far', () => {
  const text = bytesOf('one two three ');
  const units = (from: number, to: number): string => {
    const range = wholeUnits(text, from, to);
    return text.subarray(range.from, range.to).toString();
  };
  assert.is(units(5, 6), 'two ');
  assert.is(units(4, 8), 'two ');
  // The space belongs to the word before it.
  assert.is(units(3, 5), 'one two ');
  assert.is(units(0, 14), 'one two three ');
  const long = bytesOf(`one ${'x'.repeat(100)} two `);
  const shrunk = wholeUnits(long, 50, long.length);
  assert.is(long.subarray(shrunk.from, shrunk.to).toString(), 'two ');
  // Within a word: both ends far, only the end near, only the start near.
  for (const [from, to] of [
    [40, 60],
    [50, 100],
    [6, 60],
  ] as const) {
    const nothing = wholeUnits(long, from, to);
    assert.is(nothing.from, nothing.to, `${from} to ${to}`);
  }
  assert.is(Buffer.from(withEnd(bytesOf('one'))).toString(), 'one\n');
  assert.is(Buffer.from(withEnd(bytesOf('one.'))).toString(), 'one.');
  assert.is(withEnd(new Uint8Array(0)).length, 0);
  assert.is(Buffer.from(lastBytes(text, 8, 'word')).toString(), 'three ');
  assert.is(Buffer.from(lastBytes(text, 8, 'any')).toString(), 'o three ');
});

for (const [name, samples] of [
  ['English', Array.from({ length: 400 }, (_, i) => english(800, 1000 + i))],
  ['many scripts', Array.from({ length: 400 }, (_, i) => manyScripts(i))],
] as const) {
  test(`${name}: every word of the dictionary is a whole word of a sample, at every size`, () => {
    const known = new Set(samples.flatMap(wordsOf));
    for (const size of [512, 2048, 8192]) {
      const dictionary = trainDictionary(samples, { size, level: 9, borders: 'word' });
      const { content } = readDictionary(dictionary);
      assert.ok(dictionary.length <= size && content.length > 0);
      const unknown = wordsOf(content).filter((word) => !known.has(word));
      assert.equal(unknown, [], `${size}`);
      // No character of UTF-8 is cut.
      assert.is(Buffer.compare(Buffer.from(Buffer.from(content).toString()), Buffer.from(content)), 0);
    }
    const anywhere = readDictionary(trainDictionary(samples, { size: 2048, level: 9 })).content;
    assert.ok(
      wordsOf(anywhere).some((word) => !known.has(word)),
      'the option changes something',
    );
  });
}

test('it costs little: English frames are within 3% of those with a dictionary cut anywhere', () => {
  const samples = Array.from({ length: 400 }, (_, i) => english(800, 1000 + i));
  const fresh = Array.from({ length: 200 }, (_, i) => english(800, 5000 + i));
  const [any, word] = (['any', 'word'] as const).map((borders) => {
    const compressor = createCompressor({ level: 19, dictionary: trainDictionary(samples, { size: 4096, level: 19, borders }) });
    return fresh.reduce((sum, text) => sum + compressor.compress(text).length, 0);
  }) as [number, number];
  assert.ok(word <= 1.03 * any, `${word} with word borders, ${any} without`);
});

test('a text without borders gives little or nothing, and never half a character', () => {
  for (const samples of [
    Array.from({ length: 300 }, (_, i) => chinese(600, i)),
    [noise(5000, 1), noise(5000, 2)],
    [new Uint8Array(0)],
  ]) {
    const known = new Set(samples.flatMap(wordsOf));
    const { content } = readDictionary(trainDictionary(samples, { size: 4096, level: 3, borders: 'word' }));
    assert.equal(
      wordsOf(content).filter((word) => !known.has(word)),
      [],
    );
  }
});

test('other borders are refused', () => {
  assert.throws(
    () => trainDictionary([english(100)], { size: 512, level: 3, borders: 'line' as 'word' }),
    (error: unknown) => error instanceof UsageError && error.code === 'DICTIONARY_BORDERS',
  );
});

test.run();
