import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createCompressor, parseFrame, readDictionary, trainDictionary } from '../../../zpkg/index.ts';
import { chinese, english, expand, noise, random, sourceCode } from '../frame-samples.ts';

const test = suite('symbols of 10,000 chunks at each level');

const CHUNKS = 10_000;
const LEVELS = [-5, 1, 3, 9, 19, 22];

const code = sourceCode();
const DICTIONARIES = [
  ['none', undefined],
  ['raw content', Buffer.concat([english(3000, 7), chinese(3000, 8), code.subarray(0, 2000)])],
  [
    'formatted',
    trainDictionary(
      Array.from({ length: 300 }, (_, seed) => (seed % 2 === 0 ? chinese(600, 5000 + seed) : english(600, 5000 + seed))),
      { size: 8192, level: 9 },
    ),
  ],
] as const;

const next = random(2026);
/** Sizes as chunks have them, and often very small ones: lengths' code boundaries lie there. */
const size = (): number => Math.floor(next() < 0.3 ? next() * 40 : 40 + next() * 1400);

const KINDS: readonly (readonly [string, (number: number) => Uint8Array])[] = [
  ['English', (number) => english(size(), number)],
  ['Chinese', (number) => chinese(size(), number)],
  [
    'source code',
    () => {
      const start = Math.floor(next() * (code.length - 1));
      return code.subarray(start, start + size());
    },
  ],
  ['random bytes', (number) => noise(size(), number)],
  [
    'English and random bytes',
    (number) => Buffer.concat([english(size(), number), noise(size() >> 1, number), english(200, number)]),
  ],
  ['empty', () => new Uint8Array(0)],
  ['one byte', () => Uint8Array.of(Math.floor(next() * 256))],
];

const seen = new Set<string>();

for (const level of LEVELS) {
  test(`expanded by a loop they are the original: level ${level}, without and with a dictionary`, () => {
    const ways = DICTIONARIES.map(([name, bytes]) => ({
      name,
      read: bytes && readDictionary(bytes),
      compressor: createCompressor({ level, ...(bytes && { dictionary: bytes }) }),
    }));
    for (let number = 0; number < CHUNKS; number++) {
      const [kind, make] = KINDS[number % KINDS.length]!;
      const data = make(number);
      // Without a dictionary, and with one of the two.
      for (const way of [0, 1 + (Math.floor(number / KINDS.length) % 2)]) {
        const { name, read, compressor } = ways[way]!;
        const symbols = parseFrame(compressor.compress(data), read);
        if (symbols.size !== data.length || Buffer.compare(expand(symbols, read?.content), data) !== 0)
          assert.unreachable(`chunk ${number}, ${kind}, dictionary ${name}: ${data.length} bytes, symbols of ${symbols.size}`);
        seen.add(`${level}, ${name}, ${kind}`);
      }
    }
  });
}

test('every level, dictionary and kind was among them', () => {
  assert.is(seen.size, LEVELS.length * DICTIONARIES.length * KINDS.length);
});

test.run();
