import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import binding from 'zstd-napi/binding.js';
import { FormatError } from '../../../base/errors.ts';
import { createCompressor } from '../../../zpkg/container/codec.ts';
import { parseFrame } from '../../../zpkg/frame/frame.ts';
import { chinese, compress, english, expand, random, sourceCode } from '../frame-samples.ts';

/** The rows of zpkg/CONFORMANCE.md, against the zstd that zstd-napi brings. */
const test = suite('frame parser and zstd: what one accepts and the other does not');

const ROOM = 2 ** 16;
const decoder = new binding.DCtx();

/** What our parser makes of a frame, as text bytes, or its error. */
function ours(frame: Uint8Array): Uint8Array | FormatError {
  try {
    return expand(parseFrame(frame));
  } catch (error) {
    if (error instanceof FormatError) return error;
    throw error;
  }
}

/** What zstd makes of it in one call; nothing where it refuses. */
function zstd(frame: Uint8Array, room = ROOM): Uint8Array | undefined {
  const output = Buffer.alloc(room);
  try {
    return output.subarray(0, decoder.decompress(output, frame));
  } catch {
    return undefined;
  }
}

const bytes = (hexadecimal: string): Uint8Array => Uint8Array.from(Buffer.from(hexadecimal.replaceAll(' ', ''), 'hex'));
const codeOf = (result: Uint8Array | FormatError): string => (result instanceof FormatError ? result.code : 'accepted');
const text = (result: Uint8Array | FormatError | undefined): string =>
  result instanceof Uint8Array ? Buffer.from(result).toString() : 'refused';

// Every frame below is written by hand from RFC 8878, 3.1.1: magic, descriptor, window or content size, block header (size << 3 | type << 1 | last), content.
const MAGIC = '28 b5 2f fd';
const ABC = `19 00 00 61 62 63`;

test('accepted here, refused by zstd: a checksum that does not fit', () => {
  const frame = bytes(`${MAGIC} 24 03 ${ABC} 01 02 03 04`);
  assert.is(text(ours(frame)), 'abc');
  assert.is(zstd(frame), undefined);
});

test('accepted here, refused by zstd: a window of 4 GiB', () => {
  // Window descriptor: exponent 22 << 3, 2^(10 + 22).
  const frame = bytes(`${MAGIC} 00 b0 ${ABC}`);
  assert.is(text(ours(frame)), 'abc');
  assert.is(zstd(frame), undefined);
});

test('accepted by both: no content size, an unused bit, a dictionary id of 0', () => {
  for (const header of ['00 00', '30 03', '21 00 03']) {
    const frame = bytes(`${MAGIC} ${header} ${ABC}`);
    assert.is(text(ours(frame)), 'abc', header);
    assert.is(text(zstd(frame)), 'abc', header);
  }
});

test('refused here, accepted by zstd: several frames, a skippable frame', () => {
  const frame = bytes(`${MAGIC} 20 03 ${ABC}`);
  const twice = Buffer.concat([frame, frame]);
  assert.is(codeOf(ours(twice)), 'FRAME_TRAILING_BYTES');
  assert.is(text(zstd(twice)), 'abcabc');
  const behind = Buffer.concat([bytes('50 2a 4d 18 01 00 00 00 00'), frame]);
  assert.is(codeOf(ours(behind)), 'FRAME_BAD_MAGIC');
  assert.is(text(zstd(behind)), 'abc');
});

test('refused here, accepted by zstd: more than 64 MiB', () => {
  const size = 2 ** 26 + 1;
  const field = Buffer.alloc(4);
  field.writeUInt32LE(size);
  // 512 runs of 128 KiB and one of a byte: (131072 << 3 | 2) = 0x100002, (1 << 3 | 3) = 0x0b.
  const runs = Array.from({ length: 512 }, () => bytes('02 00 10 41'));
  const frame = Buffer.concat([bytes(`${MAGIC} a0`), field, ...runs, bytes('0b 00 00 41')]);
  assert.is(codeOf(ours(frame)), 'FRAME_TOO_LARGE');
  assert.is(zstd(frame, size)?.length, size);
});

test('refused here, accepted by zstd in one call: a run longer than the window', () => {
  // A window of 1 KiB bounds blocks to 1 KiB; the run has 1280 bytes (1280 << 3 | 3 = 0x2803).
  const frame = bytes(`${MAGIC} 00 00 03 28 00 61`);
  assert.is(codeOf(ours(frame)), 'FRAME_CORRUPT');
  assert.is(zstd(frame)?.length, 1280);
});

test('refused by both: a compressed block that takes more bytes than it holds', () => {
  // Content size 3, block of 5 bytes: three raw literals (18 = 3 << 3), no sequences. zstd 1.5.4 accepts it.
  const frame = bytes(`${MAGIC} 20 03 2d 00 00 18 61 62 63 00`);
  assert.is(codeOf(ours(frame)), 'FRAME_CORRUPT');
  assert.is(zstd(frame), undefined);
});

test('refused here, accepted by zstd: Huffman streams that do not end on their last bit', () => {
  const next = random(5);
  const frames = [1, 3, 19].flatMap((level) =>
    [english(700, 3), chinese(600, 2), sourceCode().subarray(0, 2000)].map((data) => compress(data, level)),
  );
  const accepted = new Set<string>();
  for (let round = 0; round < 6000; round++) {
    const frame = Uint8Array.from(frames[Math.floor(next() * frames.length)]!);
    const at = 4 + Math.floor(next() * (frame.length - 4));
    frame[at] = frame[at]! ^ (1 << Math.floor(next() * 8));
    const mine = ours(frame);
    if (mine instanceof FormatError) {
      if (zstd(frame) === undefined) continue;
      const kind = /a Huffman stream (ends before|has \d+ bits left|has no end mark)/.exec(mine.message)?.[1];
      assert.ok(kind !== undefined, `zstd accepts what we refuse: ${mine.message}`);
      accepted.add(kind.replace(/\d+/, 'N'));
    } else {
      // What both accept has the same bytes, damaged as it is.
      assert.is(Buffer.compare(mine, zstd(frame) ?? mine), 0);
    }
  }
  assert.ok(accepted.has('ends before') && accepted.has('has N bits left'), [...accepted].join());
});

test('frames depend on the version of zstd: the version that the golden figures are of', () => {
  assert.is(binding.versionString(), '1.5.7');
  const data = english(20_000, 3);
  for (const level of [3, 19])
    assert.is(Buffer.compare(createCompressor({ level }).compress(data), createCompressor({ level }).compress(data)), 0);
});

test.run();
