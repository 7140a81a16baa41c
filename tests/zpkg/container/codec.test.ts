import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decompress } from '@mongodb-js/zstd';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError } from '../../../base/index.ts';
import {
  contentSize,
  createCompressor,
  createDecompressor,
  LARGEST_CHUNK_CONTENT,
  parseFrame,
  ZpkgWriter,
} from '../../../zpkg/index.ts';
import { rawFrame } from '../../golden/raw-frame.ts';

const test = suite('zpkg codec');

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    assert.instance(error, CemError);
    return (error as CemError).code;
  }
  return 'none';
}

test('frames declare their size and have neither checksum nor dictionary id', () => {
  for (const size of [0, 1, 255, 256, 65_791, 65_792, 200_000]) {
    const frame = createCompressor({ level: 3, dictionary: Buffer.from('some raw content') }).compress(Buffer.alloc(size, 'ab'));
    // Frame header descriptor (RFC 8878, 3.1.1.1.1): bit 2 is the checksum flag, bits 0 and 1 the size of the dictionary id.
    assert.is(frame[4]! & 0b111, 0);
    assert.is(contentSize(frame), size);
  }
});

test('another implementation reads the frames', async () => {
  for (const level of [-7, 3, 19]) {
    for (const plainLiterals of [false, true]) {
      const content = Buffer.from(Array.from({ length: 5000 }, (_, number) => `word ${number % 97} `).join(''));
      const frame = createCompressor({ level, plainLiterals }).compress(content);
      assert.equal(await decompress(Buffer.from(frame)), content);
    }
  }
});

test('a frame owns its bytes: the next one does not change it', () => {
  const compressor = createCompressor({ level: 3 });
  const first = compressor.compress(Buffer.from('first'));
  compressor.compress(Buffer.from('second, longer'));
  assert.is(Buffer.from(createDecompressor().decompress(first)).toString(), 'first');
});

test('levels outside -7..22 are refused', () => {
  for (const level of [-8, 23, 1.5, Number.NaN])
    assert.is(
      codeOf(() => createCompressor({ level })),
      'CODEC_LEVEL',
    );
  for (const level of [-7, 0, 22])
    assert.is(
      codeOf(() => createCompressor({ level })),
      'none',
    );
});

test('a dictionary that claims to be formatted and is not is refused', () => {
  const dictionary = Buffer.from('37a430ec000102030405060708090a0b', 'hex');
  assert.is(
    codeOf(() => createCompressor({ level: 3, dictionary })),
    'CODEC_DICTIONARY',
  );
  assert.is(
    codeOf(() => createDecompressor(dictionary)),
    'CODEC_DICTIONARY',
  );
});

test('what is not one whole frame is refused', () => {
  const refuses = createDecompressor();
  const frame = createCompressor({ level: 3 }).compress(
    Buffer.from('a text that is long enough to be compressed, compressed, compressed'),
  );
  assert.is(
    codeOf(() => refuses.decompress(new Uint8Array(0))),
    'FRAME_CORRUPT',
  );
  assert.is(
    codeOf(() => refuses.decompress(Buffer.from('no frame at all'))),
    'FRAME_CORRUPT',
  );
  for (let length = 0; length < frame.length; length++)
    assert.is(
      codeOf(() => refuses.decompress(frame.subarray(0, length))),
      'FRAME_CORRUPT',
      `${length} bytes`,
    );
  assert.is(
    codeOf(() => refuses.decompress(Buffer.concat([frame, rawFrame('')]))),
    'FRAME_CORRUPT',
    'another frame follows',
  );
  assert.is(
    codeOf(() => refuses.decompress(Buffer.concat([frame, Buffer.from([0])]))),
    'FRAME_CORRUPT',
    'a byte follows',
  );
  // A skippable frame (RFC 8878, 3.1.2): magic 0x184D2A50, size 0.
  assert.is(
    codeOf(() => refuses.decompress(Buffer.from('502a4d1800000000', 'hex'))),
    'FRAME_CORRUPT',
  );
});

test('a frame without content size is refused: descriptor 0, window of 1 KiB, one empty raw block', () => {
  assert.is(
    codeOf(() => createDecompressor().decompress(Buffer.from('28b52ffd0000010000', 'hex'))),
    'FRAME_SIZE_UNKNOWN',
  );
});

test('a declared size above the limit is refused before anything is allocated', () => {
  // Descriptor 0xE0: single segment, content size of 8 bytes: 2^60
  const frame = Buffer.from('28b52ffde00000000000000010010000', 'hex');
  assert.is(
    codeOf(() => createDecompressor().decompress(frame)),
    'FRAME_TOO_LARGE',
  );
  const small = createDecompressor(undefined, { maximumContent: 4 });
  assert.is(
    codeOf(() => small.decompress(rawFrame('five!'))),
    'FRAME_TOO_LARGE',
  );
  assert.is(Buffer.from(small.decompress(rawFrame('four'))).toString(), 'four');
});

test('a declared size above what so few bytes can hold is refused before anything is allocated', () => {
  // Runs: 3 bytes of block header and the byte yield at most 128 KiB (RFC 8878, 3.1.1.2). Descriptor 0xA0: single segment, size of 4 bytes; 1 MiB here.
  const header = [0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0x10, 0];
  const run = [0x02, 0, 0x10, 97];
  const lastRun = [0x03, 0, 0x10, 97];
  const whole = Uint8Array.from([...header, ...Array.from({ length: 7 }, () => run).flat(), ...lastRun]);
  assert.equal(createDecompressor().decompress(whole), new Uint8Array(1 << 20).fill(97));
  assert.is(
    codeOf(() => createDecompressor().decompress(Uint8Array.from([...header, ...run, ...run, ...lastRun]))),
    'FRAME_CORRUPT',
  );
});

test('one limit of content for whoever makes, writes, reads or parses a chunk', async () => {
  const over = LARGEST_CHUNK_CONTENT + 1;
  assert.is(LARGEST_CHUNK_CONTENT, 2 ** 26);
  assert.is(
    codeOf(() => createCompressor({ level: -7 }).compress(new Uint8Array(over))),
    'FRAME_TOO_LARGE',
  );
  // Descriptor 0xA0, and one byte of size more than is allowed.
  const frame = Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 1, 0, 0, 4, ...new Uint8Array(3000)]);
  for (const use of [() => createDecompressor().decompress(frame), () => parseFrame(frame), () => contentSize(frame)])
    assert.is(codeOf(use), 'FRAME_TOO_LARGE');
  const folder = await mkdtemp(join(tmpdir(), 'zpkg-limit-'));
  const writer = await ZpkgWriter.create(join(folder, 'a.zpkg'));
  try {
    await writer.append(frame);
    assert.unreachable();
  } catch (error) {
    assert.is((error as CemError).code, 'FRAME_TOO_LARGE');
  } finally {
    await writer.abort();
    await rm(folder, { recursive: true });
  }
});

test('the wrong dictionary gives an error or other bytes, never a crash', () => {
  const dictionary = Buffer.from('the quick brown fox jumps over the lazy dog');
  const frame = createCompressor({ level: 19, dictionary }).compress(Buffer.from('the quick brown fox jumps over the lazy dog'));
  assert.ok(
    ['none', 'FRAME_CORRUPT'].includes(codeOf(() => createDecompressor(Buffer.from('another dictionary')).decompress(frame))),
  );
  assert.is(
    codeOf(() => createDecompressor().decompress(frame)),
    'FRAME_CORRUPT',
  );
});

test.run();
