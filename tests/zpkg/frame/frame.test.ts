import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import binding from 'zstd-napi/binding.js';
import { FormatError } from '../../../base/errors.ts';
import { trainDictionary } from '../../../zpkg/dictionary/dictionary-training.ts';
import { readDictionary } from '../../../zpkg/frame/dictionary.ts';
import { type FrameSymbols, parseFrame } from '../../../zpkg/frame/frame.ts';
import { readFrameHeader } from '../../../zpkg/frame/frame-header.ts';
import { chinese, compress, english, expand, noise, random, sourceCode } from '../frame-samples.ts';

const test = suite('zpkg/frame');

const LEVELS = [-5, 1, 3, 9, 19, 22];

const INPUTS: readonly (readonly [string, Uint8Array])[] = [
  ['empty', new Uint8Array(0)],
  ['one byte', Uint8Array.of(65)],
  ['English, 1 KB', english(1000, 2)],
  ['English, 20 KB', english(20_000, 3)],
  ['Chinese, 1 KB', chinese(1000, 2)],
  ['Chinese, 20 KB', chinese(20_000, 3)],
  ['source code', sourceCode()],
  ['noise, 1 KB', noise(1000)],
  ['noise, over one block', noise(140_000)],
  ['English, over one block', english(200_000, 4)],
  ['English and noise, over two blocks', Buffer.concat([english(100_000, 5), noise(60_000), chinese(150_000, 6)])],
  ['one byte repeated, over three blocks', new Uint8Array(400_000).fill(120)],
  ['one sentence repeated', new Uint8Array(300_000).map((_, i) => 97 + (((i % 37) * 7) % 26))],
  ['few literals, long matches', Buffer.concat([noise(300, 9), noise(300, 9), noise(300, 9), Uint8Array.of(1), noise(300, 9)])],
];

const rawDictionary = Buffer.concat([english(12_000, 7), chinese(6_000, 8), sourceCode().subarray(0, 4000)]);
const samples = Array.from({ length: 600 }, (_, i) => (i % 3 === 0 ? chinese(700, 100 + i) : english(700, 100 + i)));
const formattedDictionary = trainDictionary(samples, { size: 8192, level: 9 });

function codeOf(run: () => FrameSymbols): string {
  try {
    run();
  } catch (error) {
    if (error instanceof FormatError) return error.code;
    throw error;
  }
  return 'no error';
}

for (const [kind, dictionaryBytes] of [
  ['no dictionary', undefined],
  ['raw dictionary', rawDictionary],
  ['formatted dictionary', formattedDictionary],
] as const) {
  test(`symbols expand to the original: ${kind}`, () => {
    const dictionary = dictionaryBytes === undefined ? undefined : readDictionary(dictionaryBytes);
    assert.is(dictionary?.entropy !== undefined, kind === 'formatted dictionary');
    for (const [name, data] of INPUTS) {
      for (const level of LEVELS) {
        const symbols = parseFrame(compress(data, level, dictionaryBytes), dictionary);
        assert.is(symbols.size, data.length, `${name}, level ${level}: size`);
        assert.is(symbols.lengths.length, symbols.count);
        assert.is(symbols.offsets.length, symbols.count);
        const expanded = expand(symbols, dictionary?.content);
        assert.ok(Buffer.compare(expanded, data) === 0, `${name}, level ${level}: bytes`);
      }
    }
  });
}

test('the dictionary is reached, and its tables are what treeless literals and repeated tables use', () => {
  const dictionary = readDictionary(formattedDictionary);
  const data = english(600, 999);
  const frame = compress(data, 19, formattedDictionary);
  const symbols = parseFrame(frame, dictionary);
  assert.ok(
    symbols.offsets.some((offset) => offset > data.length),
    'a copy from the dictionary',
  );
  // The same bytes read with the same content but without the tables: the frame repeats tables that are not there.
  assert.is(
    codeOf(() => parseFrame(frameWithoutId(data), { bytes: dictionary.bytes, content: dictionary.content, id: 0 })),
    'FRAME_CORRUPT',
  );
});

/** A frame with the formatted dictionary that does not name its id. */
function frameWithoutId(data: Uint8Array): Uint8Array {
  const context = new binding.CCtx();
  context.setParameter(binding.CParameter.compressionLevel, 19);
  context.setParameter(binding.CParameter.dictIDFlag, 0);
  context.loadDictionary(formattedDictionary);
  const output = Buffer.alloc(binding.compressBound(data.length));
  return output.subarray(0, context.compress2(output, Buffer.from(data)));
}

test('literals left uncompressed', () => {
  const data = english(30_000, 11);
  const context = new binding.CCtx();
  context.setParameter(binding.CParameter.compressionLevel, 3);
  // ZSTD_c_literalCompressionMode (1002) = ZSTD_ps_disable (2), zstd.h.
  context.setParameter(1002 as never, 2);
  const output = Buffer.alloc(binding.compressBound(data.length));
  const symbols = parseFrame(output.subarray(0, context.compress2(output, Buffer.from(data))));
  assert.ok(Buffer.compare(expand(symbols), data) === 0);
});

test('blocks: raw, run and their symbols, by hand', () => {
  // Magic; descriptor 0x20 = single segment, content size in one byte (12); blocks: raw 'abc', run of 7 'x', run of 1 'y', run of 0, raw 'z' (last).
  // Block header = size << 3 | type << 1 | last (RFC 8878, 3.1.1.2).
  const frame = Uint8Array.of(
    0x28,
    0xb5,
    0x2f,
    0xfd,
    0x20,
    12,
    3 << 3,
    0,
    0,
    97,
    98,
    99,
    (7 << 3) | 2,
    0,
    0,
    120,
    (1 << 3) | 2,
    0,
    0,
    121,
    2,
    0,
    0,
    0,
    (1 << 3) | 1,
    0,
    0,
    122,
  );
  const symbols = parseFrame(frame);
  assert.equal([...symbols.lengths], [1, 1, 1, 1, 6, 1, 1]);
  assert.equal([...symbols.offsets], [0, 0, 0, 0, 1, 0, 0]);
  assert.is(Buffer.from(symbols.literals).toString(), 'abcxyz');
  assert.equal([...symbols.blockStarts], [0, 3, 5, 6, 6]);
  assert.is(Buffer.from(expand(symbols)).toString(), 'abcxxxxxxxyz');
});

test('frame headers: every width of content size and dictionary id, window or single segment, checksum', () => {
  for (const singleSegment of [true, false]) {
    for (const sizeFlag of [0, 1, 2, 3]) {
      for (const idFlag of [0, 1, 2, 3]) {
        for (const checksum of [true, false]) {
          const sizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][sizeFlag]!;
          // 300 bytes, except where one byte holds the size. The 2-byte field holds size - 256 (RFC 8878, 3.1.1.1.4).
          const size = sizeBytes === 1 ? 200 : 300;
          const sizeField = Buffer.alloc(8);
          sizeField.writeUInt32LE(sizeBytes === 2 ? size - 256 : size);
          const descriptor = (sizeFlag << 6) | (singleSegment ? 32 : 0) | (checksum ? 4 : 0) | idFlag;
          const frame = Buffer.concat([
            Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, descriptor),
            singleSegment ? new Uint8Array(0) : Uint8Array.of(0),
            Uint8Array.of(7, 0, 0, 0).subarray(0, [0, 1, 2, 4][idFlag]!),
            sizeField.subarray(0, sizeBytes),
            Uint8Array.of(((size << 3) | 3) & 255, size >> 5, 0, 65),
            checksum ? Uint8Array.of(1, 2, 3, 4) : new Uint8Array(0),
          ]);
          const dictionary = { bytes: noise(16), content: noise(16), id: 7 };
          assert.equal([...parseFrame(frame, dictionary).lengths], [1, size - 1], `descriptor ${descriptor}`);
          if (idFlag > 0) {
            assert.is(
              codeOf(() => parseFrame(frame)),
              'FRAME_DICTIONARY_MISMATCH',
            );
            assert.is(
              codeOf(() => parseFrame(frame, { ...dictionary, id: 8 })),
              'FRAME_DICTIONARY_MISMATCH',
            );
          }
        }
      }
    }
  }
});

test('a checksum is stepped over', () => {
  const data = english(5000, 12);
  assert.ok(Buffer.compare(expand(parseFrame(compress(data, 3, undefined, true))), data) === 0);
});

test('declared sizes are held against the limit before anything is allocated', () => {
  const huge = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0x10, 1, 0, 0);
  assert.is(
    codeOf(() => parseFrame(huge)),
    'FRAME_TOO_LARGE',
  );
  const frame = compress(english(2000, 13), 3);
  assert.is(
    codeOf(() => parseFrame(frame, undefined, { maximumSize: 1999 })),
    'FRAME_TOO_LARGE',
  );
  assert.is(parseFrame(frame, undefined, { maximumSize: 2000 }).size, 2000);
  // Without a declared size the blocks are counted: 200 runs of 128 KiB = 25 MB.
  const run = Uint8Array.of(((131072 << 3) | 2) & 255, ((131072 << 3) >> 8) & 255, (131072 << 3) >> 16, 65);
  const runs = Buffer.concat([
    Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x38),
    ...new Array<Uint8Array>(200).fill(run),
    Uint8Array.of(1, 0, 0),
  ]);
  assert.is(parseFrame(runs).size, 200 * 131072);
  assert.is(
    codeOf(() => parseFrame(runs, undefined, { maximumSize: 20_000_000 })),
    'FRAME_TOO_LARGE',
  );
});

test('a frame of compressed blocks that does not declare its size is held against the limit too', () => {
  const data = english(300_000, 23);
  const context = new binding.CCtx();
  context.setParameter(binding.CParameter.contentSizeFlag, 0);
  const output = Buffer.alloc(binding.compressBound(data.length));
  const frame = output.subarray(0, context.compress2(output, Buffer.from(data)));
  assert.is(readFrameHeader(frame).contentSize, undefined);
  assert.ok(Buffer.compare(expand(parseFrame(frame)), data) === 0);
  assert.is(parseFrame(frame, undefined, { maximumSize: 300_000 }).size, 300_000);
  for (const maximumSize of [0, 1000, 200_000, 299_999]) {
    assert.is(
      codeOf(() => parseFrame(frame, undefined, { maximumSize })),
      'FRAME_TOO_LARGE',
    );
  }
});

test('what is no single frame is refused', () => {
  const frame = compress(english(500, 14), 3);
  assert.is(
    codeOf(() => parseFrame(Buffer.concat([frame, Uint8Array.of(0)]))),
    'FRAME_TRAILING_BYTES',
  );
  assert.is(
    codeOf(() => parseFrame(Buffer.concat([frame, frame]))),
    'FRAME_TRAILING_BYTES',
  );
  assert.is(
    codeOf(() => parseFrame(Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 0))),
    'FRAME_BAD_MAGIC',
  );
  assert.is(
    codeOf(() => parseFrame(english(100))),
    'FRAME_BAD_MAGIC',
  );
  assert.is(
    codeOf(() => parseFrame(new Uint8Array(0))),
    'FRAME_TRUNCATED',
  );
});

test('a copy from before the dictionary is refused', () => {
  const data = english(3000, 7).subarray(1000, 2000);
  const frame = compress(data, 19, rawDictionary);
  const whole = readDictionary(rawDictionary);
  assert.is(parseFrame(frame, whole).size, 1000);
  assert.is(
    codeOf(() => parseFrame(frame, readDictionary(rawDictionary.subarray(rawDictionary.length - 50)))),
    'FRAME_BAD_OFFSET',
  );
});

test('every prefix of a frame gives a FormatError that names a position within it', () => {
  for (const [data, level, bytes] of [
    [english(3000, 15), 3, undefined],
    [chinese(2000, 16), 19, undefined],
    [noise(300), 3, undefined],
    [english(900, 17), 19, formattedDictionary],
  ] as const) {
    const frame = compress(data, level, bytes, true);
    const dictionary = bytes === undefined ? undefined : readDictionary(bytes);
    for (let length = 0; length < frame.length; length++) {
      try {
        parseFrame(frame.subarray(0, length), dictionary);
        assert.unreachable(`${length} of ${frame.length} bytes were accepted`);
      } catch (error) {
        assert.instance(error, FormatError);
        const position = (error as FormatError).details['position'];
        assert.ok(typeof position === 'number' && position >= 0 && position <= length, `position ${position} of ${length}`);
      }
    }
  }
});

test('damaged frames give symbols within the limit or a FormatError, never anything else', () => {
  const next = random(18);
  const dictionary = readDictionary(formattedDictionary);
  const frames = [
    compress(english(3000, 19), 3),
    compress(chinese(3000, 20), 19),
    compress(sourceCode(), 9),
    compress(english(800, 21), 19, formattedDictionary),
    compress(english(300_000, 22), 1),
    compress(new Uint8Array(300_000).fill(1), 3),
  ];
  let accepted = 0;
  let refused = 0;
  for (let round = 0; round < 6000; round++) {
    const original = frames[round % frames.length]!;
    const frame = Uint8Array.from(original);
    const flips = 1 + Math.floor(next() * 4);
    for (let i = 0; i < flips; i++) {
      // Half of the flips hit the first 40 bytes, where headers and tables are.
      const at = Math.floor(next() * (next() < 0.5 ? Math.min(40, frame.length) : frame.length));
      frame[at] = frame[at]! ^ (1 << Math.floor(next() * 8));
    }
    try {
      const symbols = parseFrame(frame, dictionary, { maximumSize: 400_000 });
      assert.ok(symbols.size <= 400_000);
      assert.is(expand(symbols, dictionary.content).length, symbols.size);
      accepted++;
    } catch (error) {
      assert.instance(error, FormatError, String(error));
      refused++;
    }
  }
  assert.ok(accepted > 100 && refused > 1000, `${accepted} accepted, ${refused} refused`);
});

test.run();
