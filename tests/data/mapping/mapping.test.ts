import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Mapping } from '../../../data/index.ts';
import { IdTable } from '../../../data/mapping/id-table.ts';
import { writeMapping } from '../../../data/mapping/mapping.ts';
import { createCompressor } from '../../../zpkg/index.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('mapping');

async function write(path: string, ids: readonly string[], counts: readonly number[], fingerprint = 7): Promise<number> {
  const table = new IdTable();
  for (const id of ids) assert.ok(table.add(id));
  return (await writeMapping(path, table, Uint32Array.from(counts), fingerprint)).bytes;
}

test('an id table against a Map, with ids of one hash bucket and of every length', () => {
  const table = new IdTable();
  const expected = new Map<string, number>();
  for (let number = 0; number < 20_000; number++) {
    const id = number % 3 === 0 ? `t${number}` : number % 3 === 1 ? '文'.repeat(1 + (number % 50)) : `${number % 500}/x`;
    assert.is(table.add(id), !expected.has(id));
    if (!expected.has(id)) expected.set(id, expected.size);
  }
  assert.is(table.length, expected.size);
  for (const [id, index] of expected) {
    assert.is(table.indexOf(id), index);
    assert.is(table.at(index), id);
  }
  for (const id of ['', 't', 't0 ', '文文文x']) assert.is(table.indexOf(id), -1);
  assert.is(
    table.byteLength,
    [...expected.keys()].reduce((sum, id) => sum + Buffer.byteLength(id), 0),
  );
});

test('ids to chunks and back, in order, over several blocks', async () => {
  await withTemporaryFolder(async (folder) => {
    // 30,000 ids of 47 bytes: 1.4 MB in blocks of 1 MiB
    const ids = Array.from(
      { length: 30_000 },
      (_, number) => `${'long-common-prefix/'.repeat(2)}${String(number * 7919).padStart(9, '0')}`,
    );
    const counts = ids.map((_, number) => (number % 1000 === 999 ? 300 : number % 10 === 9 ? 3 : 1));
    const path = join(folder, 'large.map');
    await write(path, ids, counts);
    const mapping = await Mapping.open(path);
    assert.equal([...mapping.ids()], ids);
    let first = 0;
    for (const [number, id] of ids.entries()) {
      const count = counts[number]!;
      if (number % 7 === 0 || count > 1) {
        assert.equal(mapping.chunks(id), { first, count });
        assert.is(mapping.documentOf(first), id);
        assert.is(mapping.documentOf(first + count - 1), id);
      }
      first += count;
    }
    assert.is(mapping.chunkCount, first);
    assert.is(mapping.fingerprint, 7);
    assert.ok(mapping.has(ids[5]!));
    assert.not(mapping.has('absent'));
    assert.is((await errorOf(async () => mapping.chunks('absent'))).code, 'MAPPING_UNKNOWN_ID');
    for (const chunk of [-1, first, 0.5])
      assert.is((await errorOf(async () => mapping.documentOf(chunk))).code, 'ZPKG_CHUNK_RANGE');
  });
});

test('short ids cost little: under 4 bytes a document with the numbers in random order', async () => {
  await withTemporaryFolder(async (folder) => {
    // 7919 is prime to 100,000: all numbers of five digits, in an order that compresses badly. log2(100,000) is 16.6 bits.
    const ids = Array.from({ length: 20_000 }, (_, number) => `t${(number * 7919) % 100_000}`);
    const bytes = await write(
      join(folder, 'short.map'),
      ids,
      ids.map(() => 1),
    );
    assert.ok(bytes / ids.length < 4, String(bytes / ids.length));
  });
});

test('truncated at every byte, and with every byte changed: refused', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'whole.map');
    await write(path, ['a', 'b', 'long id with many words', '文'], [1, 2, 1, 9]);
    const bytes = await readFile(path);
    const damaged = join(folder, 'damaged.map');
    for (let length = 0; length < bytes.length; length++) {
      await writeFile(damaged, bytes.subarray(0, length));
      assert.match((await errorOf(() => Mapping.open(damaged))).code, /^(ZPKG_TRUNCATED|MAPPING_)/);
    }
    await writeFile(damaged, Buffer.concat([bytes, Buffer.from([0])]));
    assert.is((await errorOf(() => Mapping.open(damaged))).code, 'MAPPING_LAYOUT');
    for (let position = 0; position < bytes.length; position++) {
      const changed = Buffer.from(bytes);
      changed[position]! ^= 0x41;
      await writeFile(damaged, changed);
      assert.match((await errorOf(() => Mapping.open(damaged))).code, /^(ZPKG_TRUNCATED|MAPPING_)/, `byte ${position}`);
    }
  });
});

/** A mapping file of one block with this content, all checksums right. */
function fileOf(
  content: readonly number[],
  documents: number,
  header: { documents?: number; chunks?: number; flags?: number; version?: number } = {},
): Buffer {
  const frame = createCompressor({ level: 1 }).compress(Uint8Array.from(content));
  const bytes = Buffer.alloc(32 + 12 + frame.length);
  bytes.write('ZMAP');
  bytes.writeUInt16LE(header.version ?? 1, 4);
  bytes.writeUInt16LE(header.flags ?? 0, 6);
  bytes.writeUInt32LE(header.documents ?? documents, 8);
  bytes.writeUInt32LE(header.chunks ?? documents, 12);
  bytes.writeUInt32LE(1, 20);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28);
  bytes.writeUInt32LE(frame.length, 32);
  bytes.writeUInt32LE(documents, 36);
  bytes.writeUInt32LE(crc32(frame), 40);
  bytes.set(frame, 44);
  return bytes;
}

test('malformed content with right checksums: refused with its code', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'hand-made.map');
    await writeFile(path, fileOf([0, 0, 1, 1, 0x61, 0x62], 2));
    assert.equal([...(await Mapping.open(path)).ids()], ['a', 'b']);
    for (const [name, bytes, code] of [
      ['one id twice', fileOf([0, 0, 1, 1, 0x61, 0x61], 2), 'MAPPING_DUPLICATE_ID'],
      ['an empty id', fileOf([0, 0, 0, 2, 0x61, 0x62], 2), 'MAPPING_BLOCK'],
      ['ids past the end', fileOf([0, 0, 1, 9, 0x61, 0x62], 2), 'MAPPING_BLOCK'],
      ['bytes behind the ids', fileOf([0, 0, 1, 1, 0x61, 0x62, 0x63], 2), 'MAPPING_BLOCK'],
      ['a number without end', fileOf([0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 2), 'MAPPING_BLOCK'],
      ['more documents than bytes', fileOf([0, 1, 0x61], 4_000_000_000), 'MAPPING_BLOCK'],
      ['fewer documents than declared', fileOf([0, 1, 0x61], 1, { documents: 2 }), 'MAPPING_LAYOUT'],
      ['fewer chunks than declared', fileOf([0, 1, 0x61], 1, { chunks: 2 }), 'MAPPING_LAYOUT'],
      ['more chunks than declared', fileOf([0x80, 0x80, 0x01, 1, 0x61], 1, { chunks: 5 }), 'MAPPING_LAYOUT'],
      ['another version', fileOf([0, 1, 0x61], 1, { version: 2 }), 'MAPPING_VERSION'],
      ['an unknown flag', fileOf([0, 1, 0x61], 1, { flags: 1 }), 'MAPPING_FLAGS'],
      ['another file', Buffer.alloc(64, 'x'), 'MAPPING_MAGIC'],
    ] as const) {
      await writeFile(path, bytes);
      const error = await errorOf(() => Mapping.open(path));
      assert.is(error.code, code, name);
      assert.ok(error.message.includes(path), name);
    }
  });
});

test.run();
