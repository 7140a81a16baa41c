import { mkdir, mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError } from '../../../base/index.ts';
import { createCompressor, type Decompressor, ZpkgReader, ZpkgWriter, type ZpkgWriterOptions } from '../../../zpkg/index.ts';
import { rawFrame } from '../../golden/raw-frame.ts';

const test = suite('zpkg container');
let folder = '';

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zpkg-container-'));
});
test.after(async () => {
  await rm(folder, { recursive: true });
});

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

async function codeOf(action: () => Promise<unknown>): Promise<string> {
  try {
    await action();
  } catch (error) {
    assert.instance(error, CemError);
    return (error as CemError).code;
  }
  return 'none';
}

async function writeContainer(name: string, frames: readonly Uint8Array[], options: ZpkgWriterOptions = {}): Promise<string> {
  const path = join(folder, name);
  const writer = await ZpkgWriter.create(path, options);
  for (const frame of frames) await writer.append(frame);
  await writer.finish();
  return path;
}

test('round trip with and without dictionary, at the lowest and highest levels, narrow and wide', async () => {
  const texts = [
    '',
    'a',
    'the quick brown fox',
    'the quick brown fox jumps '.repeat(500),
    '狐狸跳过了懒狗',
    'z'.repeat(3_000_000),
  ];
  for (const dictionary of [new Uint8Array(0), Buffer.from('the quick brown fox jumps over the lazy dog')]) {
    for (const level of [-7, 3, 22]) {
      for (const wideIndex of [false, true]) {
        const compressor = createCompressor({ level, dictionary });
        const frames = texts.map((content) => compressor.compress(Buffer.from(content)));
        const path = await writeContainer('round-trip.zpkg', frames, { dictionary, wideIndex });
        const reader = await ZpkgReader.open(path);
        assert.is(reader.chunkCount, texts.length);
        assert.equal(Buffer.from(reader.dictionary), Buffer.from(dictionary));
        for (const [chunk, content] of texts.entries()) {
          assert.equal(Buffer.from(await reader.compressedChunk(chunk)), Buffer.from(frames[chunk]!));
          assert.is(text(await reader.chunk(chunk)), content);
          assert.is(reader.chunkSize(chunk), frames[chunk]!.length);
        }
        await reader.close();
      }
    }
  }
});

test('the writer gives chunk numbers, the size of the file and the fingerprint of its content', async () => {
  const path = join(folder, 'summary.zpkg');
  const writer = await ZpkgWriter.create(path);
  assert.is(await writer.append(rawFrame('one')), 0);
  assert.is(await writer.append(rawFrame('two')), 1);
  const summary = await writer.finish();
  // 32 header + 2 frames of 9 + 3 bytes + 2 entries of 8 bytes + 4 checksum
  assert.is(summary.bytes, 76);
  assert.is(summary.chunks, 2);
  const reader = await ZpkgReader.open(path);
  assert.is(reader.fingerprint, summary.fingerprint);
  await reader.close();
  const other = await ZpkgReader.open(await writeContainer('other.zpkg', [rawFrame('two'), rawFrame('one')]));
  assert.is.not(other.fingerprint, summary.fingerprint);
  await other.close();
});

test('100 concurrent reads in random order give the right chunks', async () => {
  const frames = Array.from({ length: 300 }, (_, number) => rawFrame(`chunk ${number}`));
  const reader = await ZpkgReader.open(await writeContainer('concurrent.zpkg', frames));
  const order = Array.from({ length: 100 }, (_, number) => (number * 7919) % 300);
  const contents = await Promise.all(order.map((chunk) => reader.chunk(chunk)));
  assert.equal(
    contents.map(text),
    order.map((chunk) => `chunk ${chunk}`),
  );
  await reader.close();
});

test('frames gives the chunks of a range in order, over several windows', async () => {
  // 2,500 bytes a chunk of incompressible size, 1,200 of them: three windows of 1 MiB
  const compressor = createCompressor({ level: 1 });
  const contents = Array.from({ length: 1200 }, (_, number) =>
    Buffer.from(Array.from({ length: 2500 }, (_, i) => (i * i * (number + 3) * 2654435761) >>> 24)),
  );
  const reader = await ZpkgReader.open(
    await writeContainer(
      'frames.zpkg',
      contents.map((content) => compressor.compress(content)),
    ),
  );
  const seen: number[] = [];
  for await (const { chunk, frame } of reader.frames(5, 1199)) {
    seen.push(chunk);
    if (chunk % 100 === 0) assert.equal(Buffer.from(frame), Buffer.from(await reader.compressedChunk(chunk)));
  }
  assert.equal(
    seen,
    Array.from({ length: 1194 }, (_, number) => number + 5),
  );
  await reader.close();
});

test('statistics add up and decompress nothing', async () => {
  const decompressor = (): Decompressor => {
    throw new Error('decompressed');
  };
  const dictionary = Buffer.from('twelve bytes');
  const path = await writeContainer('statistics.zpkg', [rawFrame('a'), rawFrame('abcdefg'), rawFrame('abcdefgh'), rawFrame('')], {
    dictionary,
  });
  const reader = await ZpkgReader.open(path, { decompressor });
  const statistics = await reader.statistics();
  // frames of 9 + text: 10, 16, 17, 9
  assert.is(statistics.chunkBytes, 52);
  assert.is(statistics.contentBytes, 16);
  assert.is(statistics.dictionaryBytes, 12);
  assert.is(statistics.indexBytes, 4 * 8 + 4);
  assert.is(statistics.fileBytes, 32 + 12 + 52 + 36);
  assert.equal([statistics.smallest, statistics.median, statistics.mean, statistics.largest], [9, 16, 13, 17]);
  assert.equal(statistics.histogram, [
    { from: 8, chunks: 2 },
    { from: 16, chunks: 2 },
  ]);
  assert.is(statistics.ratio, 16 / 132);
  assert.is(statistics.saving, 1 - 132 / 16);
  await reader.close();
});

test('compressed chunks are read with a decompressor that throws; a text is not', async () => {
  const path = await writeContainer('throws.zpkg', [rawFrame('a')]);
  let made = 0;
  const reader = await ZpkgReader.open(path, {
    decompressor: () => {
      made += 1;
      return {
        decompress: () => {
          throw new CemError('TEST_DECOMPRESSED', 'decompressed');
        },
      };
    },
  });
  await reader.compressedChunk(0);
  for await (const { frame } of reader.frames()) assert.is(frame.length, 10);
  assert.is(made, 0);
  assert.is(await codeOf(() => reader.chunk(0)), 'TEST_DECOMPRESSED');
  await reader.close();
});

test('the plain-literals profile is recorded and read by any reader', async () => {
  const compressor = createCompressor({ level: 3, plainLiterals: true });
  const content = Buffer.from('compressed literals of a longer text hide the words that plain literals show '.repeat(3));
  const reader = await ZpkgReader.open(
    await writeContainer('plain.zpkg', [compressor.compress(content)], { plainLiterals: true }),
  );
  assert.is((await reader.statistics()).profile, 'plain-literals');
  assert.ok(Buffer.from(await reader.compressedChunk(0)).includes('hide the words'), 'literals stand in the frame as they are');
  assert.equal(Buffer.from(await reader.chunk(0)), content);
  await reader.close();
});

test('every truncation of a small container is refused by a FormatError of ours', async () => {
  const compressor = createCompressor({ level: 3 });
  const whole = await writeContainer(
    'whole.zpkg',
    [compressor.compress(Buffer.from('one')), compressor.compress(Buffer.from('two'))],
    {
      dictionary: Buffer.from('dictionary'),
    },
  );
  const bytes = await readFile(whole);
  const path = join(folder, 'truncated.zpkg');
  for (let length = 0; length < bytes.length; length++) {
    await writeFile(path, bytes.subarray(0, length));
    assert.is(await codeOf(() => ZpkgReader.open(path)), 'ZPKG_TRUNCATED', `${length} bytes`);
  }
});

test('every flipped bit is found: when the file is opened, or when the chunk is read', async () => {
  const whole = await writeContainer('bits.zpkg', [rawFrame('one'), rawFrame('two')], { dictionary: Buffer.from('dictionary') });
  const bytes = await readFile(whole);
  const path = join(folder, 'flipped.zpkg');
  for (let position = 0; position < bytes.length; position++) {
    for (const bit of [0, 3, 7]) {
      const flipped = Buffer.from(bytes);
      flipped[position]! ^= 1 << bit;
      await writeFile(path, flipped);
      const code = await codeOf(async () => {
        const reader = await ZpkgReader.open(path);
        try {
          await reader.compressedChunk(0);
          await reader.compressedChunk(1);
        } finally {
          await reader.close();
        }
      });
      assert.match(code, /^ZPKG_/, `byte ${position}, bit ${bit}`);
    }
  }
});

test('verify reports damaged chunks and goes on', async () => {
  const path = await writeContainer('verify.zpkg', [rawFrame('one'), rawFrame('two'), rawFrame('three')]);
  const handle = await open(path, 'r+');
  await handle.write(Buffer.from('!'), 0, 1, 32 + 12 + 9);
  await handle.close();
  const reader = await ZpkgReader.open(path);
  const progress: number[] = [];
  const result = await reader.verify((done) => progress.push(done));
  assert.is(result.failed, 1);
  assert.equal(
    result.failures.map(({ chunk, code }) => [chunk, code]),
    [[1, 'ZPKG_CHUNK_CHECKSUM']],
  );
  assert.is(result.contentBytes, 3 + 5);
  assert.equal(progress, [1, 2, 3]);
  await reader.close();
});

test('chunk area beyond 4 GiB: 64-bit offsets reach it', async () => {
  // A sparse file: one frame at 32, one that ends just before the index at 32 + 5 GiB; the first chunk spans the hole between them.
  const small = await writeContainer('sparse.zpkg', [rawFrame('first'), rawFrame('last')], { wideIndex: true });
  const bytes = await readFile(small);
  const header = Buffer.from(bytes.subarray(0, 32));
  const oldIndexOffset = header.readUInt32LE(8);
  const index = Buffer.from(bytes.subarray(oldIndexOffset));
  const last = rawFrame('last');
  const chunksSize = 5 * 2 ** 30;
  header.writeBigUInt64LE(BigInt(32 + chunksSize), 8);
  header.writeUInt32LE(crc32(header.subarray(0, 28)), 28);
  index.writeBigUInt64LE(BigInt(chunksSize - last.length), 8);
  index.writeUInt32LE(crc32(index.subarray(0, -4)), index.length - 4);
  await truncate(small, 32 + chunksSize);
  const handle = await open(small, 'r+');
  await handle.write(header, 0, 32, 0);
  await handle.write(last, 0, last.length, 32 + chunksSize - last.length);
  await handle.write(index, 0, index.length, 32 + chunksSize);
  await handle.close();
  const reader = await ZpkgReader.open(small);
  assert.is(text(await reader.chunk(1)), 'last');
  assert.is(reader.chunkSize(0), chunksSize - last.length);
  await reader.close();
});

test('misuse has a code', async () => {
  const reader = await ZpkgReader.open(await writeContainer('misuse.zpkg', [rawFrame('a')]));
  for (const chunk of [-1, 1, 0.5, Number.NaN]) assert.is(await codeOf(() => reader.compressedChunk(chunk)), 'ZPKG_CHUNK_RANGE');
  await reader.close();
  assert.is(await codeOf(() => reader.compressedChunk(0)), 'ZPKG_CLOSED');
  await reader.close();
  assert.is(await codeOf(() => ZpkgReader.open(join(folder, 'absent.zpkg'))), 'FILE_OPEN');
  assert.is(await codeOf(() => ZpkgReader.open(folder)), 'FILE_OPEN');
  assert.is(await codeOf(() => ZpkgWriter.create(join(folder, 'no', 'such', 'folder.zpkg'))), 'FILE_CREATE');
  await mkdir(join(folder, 'a-folder.zpkg'));
  const onFolder = await ZpkgWriter.create(join(folder, 'a-folder.zpkg'));
  assert.is(await codeOf(() => onFolder.finish()), 'FILE_WRITE');
  await onFolder.abort();
  assert.equal(
    (await readdir(folder)).filter((name) => name.endsWith('.tmp')),
    [],
  );
  const writer = await ZpkgWriter.create(join(folder, 'refused.zpkg'));
  assert.is(await codeOf(() => writer.append(new Uint8Array(0))), 'ZPKG_EMPTY_CHUNK');
  await writer.abort();
  await writer.abort();
});

test('abort, and an error before the file appears, leave what stood there', async () => {
  const place = await mkdtemp(join(folder, 'abort-'));
  const path = join(place, 'corpus.zpkg');
  await writeFile(path, 'old');
  const first = await ZpkgWriter.create(path);
  await first.append(rawFrame('new'));
  await first.abort();
  const second = await ZpkgWriter.create(path);
  await second.append(rawFrame('new'));
  const code = await codeOf(() =>
    second.finish(async () => {
      throw new CemError('TEST_REFUSED', 'no');
    }),
  );
  assert.is(code, 'TEST_REFUSED');
  await second.abort();
  assert.is(await readFile(path, 'utf8'), 'old');
  assert.equal(await readdir(place), ['corpus.zpkg']);
});

test.run();
