import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CompressStream } from 'zstd-napi';
import { readCorpus } from '../../../data/index.ts';
import { createCompressor } from '../../../zpkg/index.ts';
import { collect, errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('compressed corpora');

const line = (id: string, text = 'a text'): Buffer => Buffer.from(`${JSON.stringify({ _id: id, text })}\n`);
const zstd = (content: Uint8Array): Uint8Array => createCompressor({ level: 3 }).compress(content);
/** RFC 8878, 3.1.2: magic 0x184D2A50 to 5F, four bytes of length, content that readers pass over. */
const skippable = (number: number, content: string): Uint8Array =>
  Buffer.concat([Buffer.from([0x50 + number, 0x2a, 0x4d, 0x18, content.length, 0, 0, 0]), Buffer.from(content)]);
/** As from a pipe, so that the frame does not say how much it holds. */
const streamed = async (content: Uint8Array, parameters: Readonly<Record<string, number | boolean>> = {}): Promise<Uint8Array> =>
  Buffer.concat((await collect(Readable.from([content]).pipe(new CompressStream(parameters)))) as Uint8Array[]);

async function idsOf(name: string, ...parts: readonly Uint8Array[]): Promise<string[]> {
  return withTemporaryFolder(async (folder) => {
    await writeFile(join(folder, name), Buffer.concat(parts));
    return (await collect(readCorpus(join(folder, name)))).map(({ id }) => id);
  });
}

test('gzip: several members, empty ones, zeros behind and between, names and comments in headers', async () => {
  const empty = gzipSync('');
  // RFC 1952, 2.3: flags for a header's checksum (left out), extra field, name and comment.
  const member = gzipSync(line('3'));
  const header = Buffer.from([0x1f, 0x8b, 8, 0x1c, 0, 0, 0, 0, 0, 3, 2, 0, 0x41, 0x42]);
  const described = Buffer.concat([header, Buffer.from('name\0comment\0'), member.subarray(10)]);
  assert.equal(await idsOf('a.jsonl.gz', gzipSync(line('1')), empty, gzipSync(line('2')), described, empty), ['1', '2', '3']);
  const zeros = Buffer.alloc(300_000);
  assert.equal(await idsOf('a.jsonl.gz', gzipSync(line('1')), zeros), ['1']);
  assert.equal(await idsOf('a.jsonl.gz', gzipSync(line('1')), zeros, gzipSync(line('2')), Buffer.alloc(1)), ['1', '2']);
  // A line that two members share.
  assert.equal(await idsOf('a.jsonl.gz', gzipSync(line('1').subarray(0, 9)), gzipSync(line('1').subarray(9))), ['1']);
  assert.equal(await idsOf('a.jsonl.gz', empty), []);
});

test('gzip: thousands of members, larger than what is read at once', async () => {
  const members = Array.from({ length: 6000 }, (_, number) => gzipSync(line(String(number), `${number} `.repeat(200))));
  assert.ok(members.reduce((sum, { length }) => sum + length, 0) > 300_000);
  assert.equal(
    await idsOf('a.jsonl.gz', ...members),
    members.map((_, number) => String(number)),
  );
});

test('gzip: what follows the last member and is none is left out and said', async () => {
  const garbage = [
    Buffer.from('garbage'),
    Buffer.from([0x1f]),
    Buffer.concat([Buffer.alloc(9), Buffer.from('x'), gzipSync(line('2'))]),
  ];
  for (const rest of garbage) {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'a.jsonl.gz');
      await writeFile(path, Buffer.concat([gzipSync(line('1')), rest]));
      const notes: string[] = [];
      const documents = await collect(readCorpus(path, { note: (words) => notes.push(words) }));
      assert.is(documents.length, 1);
      assert.equal(notes, [`${path}: what follows its last gzip member is none, and was left out`]);
    });
  }
});

test('zstd: several frames, empty and skipped ones, none that says how much it holds', async () => {
  const unknown = await streamed(line('2'));
  assert.equal(
    await idsOf('a.jsonl.zst', skippable(0, 'first'), zstd(line('1')), zstd(Buffer.alloc(0)), unknown, skippable(15, '')),
    ['1', '2'],
  );
  const long = line('3', 'x'.repeat(1_000_000));
  assert.equal(await idsOf('a.jsonl.zst', zstd(long), await streamed(long), skippable(3, 'end')), ['3', '3']);
});

test('what compressed a file is seen in it, whatever its name says', async () => {
  assert.equal(await idsOf('a.jsonl', gzipSync(line('1'))), ['1']);
  assert.equal(await idsOf('a.jsonl', skippable(7, 'x'), zstd(line('1'))), ['1']);
  assert.equal(await idsOf('a.jsonl.gz', zstd(line('1'))), ['1']);
  assert.equal(await idsOf('a.jsonl.zst', gzipSync(line('1'))), ['1']);
});

test('damaged, cut off, empty, and followed by something else: refused by name', async () => {
  const damaged = Buffer.from(gzipSync(line('1')));
  damaged[damaged.length - 6]! ^= 1;
  const whole = [
    ['a.jsonl.gz', gzipSync(line('1'))],
    ['a.jsonl.zst', zstd(line('1'))],
  ] as const;
  const wrongLength = Buffer.from(gzipSync(line('1')));
  wrongLength[wrongLength.length - 2]! ^= 1;
  const cases: (readonly [string, ...Uint8Array[]])[] = [
    ['a.jsonl.gz', damaged],
    ['a.jsonl.gz', wrongLength],
    ['a.jsonl.gz'],
    ['a.jsonl.zst'],
    ...whole.flatMap(([name, bytes]): (readonly [string, ...Uint8Array[]])[] => [
      [name, bytes, Buffer.from('no frame')],
      [name, bytes, bytes.subarray(0, -3)],
      [name, bytes, bytes.subarray(0, 5)],
      [name, bytes.subarray(0, 3)],
    ]),
    ['a.jsonl.zst', zstd(line('1')), Buffer.alloc(100)],
  ];
  for (const [name, ...parts] of cases) {
    const error = await errorOf(() => idsOf(name, ...parts));
    assert.is(error.code, 'DATA_DECOMPRESS', `${name}: ${parts.map(({ length }) => length).join(' + ')} bytes`);
    assert.ok(error.message.includes(name), error.message);
  }
});

test('F16: a window that is too large is refused as that, with what to do', async () => {
  const long = Buffer.concat(Array.from({ length: 300 }, (_, number) => line(String(number))));
  for (const [windowLog, size] of [
    [28, '256 MiB'],
    [31, '2048 MiB'],
  ] as const) {
    const error = await errorOf(() => withWindow(long, windowLog));
    assert.is(error.code, 'DATA_WINDOW');
    assert.ok(
      error.message.includes(`a window of ${size}, and at most 128 MiB are read: compress it again without --long`),
      error.message,
    );
  }
  // In a later frame, too.
  const later = await errorOf(() => withWindow(long, 31, zstd(long)));
  assert.is(later.code, 'DATA_WINDOW');
  assert.is((await withWindow(long, 27)).length, 300);
});

/** Ids of a frame with a window of 2^windowLog bytes: the header's byte is overwritten, since making such a frame takes as much memory (RFC 8878, 3.1.1.1.2). */
async function withWindow(content: Uint8Array, windowLog: number, ...before: Uint8Array[]): Promise<string[]> {
  const frame = Buffer.from(await streamed(content));
  assert.is(frame[4]! & 0x20, 0, 'no single segment: a window stands behind the descriptor');
  frame[5] = (windowLog - 10) << 3;
  return idsOf('a.jsonl.zst', ...before, frame);
}

test('a frame that needs a dictionary is refused as that', async () => {
  const frame = Buffer.from(zstd(line('1')));
  // The descriptor's low bits: a dictionary's number of one byte follows (RFC 8878, 3.1.1.1.1.6).
  frame[4]! |= 1;
  const error = await errorOf(() => idsOf('a.jsonl.zst', frame.subarray(0, 5), Buffer.from([7]), frame.subarray(5)));
  assert.is(error.code, 'DATA_DECOMPRESS');
  assert.ok(error.message.includes('compressed with a dictionary'), error.message);
});

test.run();
