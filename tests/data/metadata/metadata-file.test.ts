import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import { type DocumentRecord, EMPTY_RECORD } from '../../../data/metadata/document-record.ts';
import type { JsonValue, Metadata } from '../../../data/metadata/metadata.ts';
import { MetadataBuilder } from '../../../data/metadata/metadata-builder.ts';
import { MetadataFile, writeMetadata } from '../../../data/metadata/metadata-file.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('metadata files');

const DICTIONARY = Buffer.from('guide/install.md https://example.org/ "author":"someone" Introduction');

/** A record with every kind of value, now and then, out of awkward ones. */
function randomRecord(random: RandomNumbers, id: string): DocumentRecord {
  const strings = ['', 'a', '年度报告', 'x'.repeat(300), '\u0000', '😀', 'two words', '\ufeffmark'];
  const pick = <Value>(list: readonly Value[]): Value => list[random.integer(list.length)]!;
  const some = <Value>(value: () => Value): Value | undefined => (random.integer(2) === 0 ? value() : undefined);
  const list = () => Array.from({ length: random.integer(4) }, () => pick(strings));
  const first = 1 + random.integer(1000);
  const start = pick([0, 127, 128, 2 ** 31, 2 ** 40 + 1]);
  const values: Metadata = {
    ...some(() => ({ title: pick(strings.slice(1)) })),
    ...some(() => ({ source: pick([id, 'https://example.org/ü', 'a/b.md']) })),
    ...some(() => ({ pages: { first, last: first + random.integer(3) } })),
    ...some(() => ({ headings: list() })),
    ...some(() => ({ span: { start, end: start + random.integer(100_000) } })),
    ...some(() => ({ language: pick(['en', 'zh-Hans', 'de-CH-1996']) })),
    ...some(() => ({ labels: list() })),
    ...some(() => ({ fields: { [pick(strings)]: pick<JsonValue>([null, true, 1.5e-7, [], {}, 'text', [[{ a: [] }]]]) } })),
  };
  return {
    metadata: values,
    textStart: pick([0, Buffer.byteLength(values.title ?? '') + 1, 17, -1, -400]),
    exactSpan: values.span !== undefined && random.integer(2) === 0,
    partLengths: [],
  };
}

async function open(path: string, ids: readonly string[]): Promise<MetadataFile> {
  return MetadataFile.open(path, { dictionary: DICTIONARY, idOf: (document) => ids[document]! });
}

async function write(path: string, ids: readonly string[], records: readonly DocumentRecord[]): Promise<number> {
  const builder = new MetadataBuilder(DICTIONARY);
  for (const [number, record] of records.entries()) builder.add(ids[number]!, record, record.partLengths);
  const owner = { documentCount: ids.length, chunkCount: ids.length, fingerprint: 1, mappingChecksum: 2 };
  return writeMetadata(path, owner, builder.finish());
}

test('records come back as they were, in order and one by one, over several blocks', async () => {
  await withTemporaryFolder(async (folder) => {
    const random = new RandomNumbers(1, 'records');
    const ids = Array.from({ length: 9000 }, (_, number) => `d${number}`);
    const records = ids.map((id, number) => ({
      ...randomRecord(random, id),
      partLengths: number % 5 === 0 ? Array.from({ length: 2 + (number % 90) }, () => random.integer(70_000)) : [],
    }));
    const path = join(folder, 'many.meta');
    await write(path, ids, records);
    const file = await open(path, ids);
    // Blocks hold at most 4096 documents and about 128 KiB.
    assert.ok(file.blockCount >= 9, String(file.blockCount));
    let number = 0;
    for await (const record of file.records()) assert.equal(record, records[number], String(number++));
    assert.is(number, ids.length);
    const asked = Array.from({ length: 300 }, () => random.integer(ids.length));
    const answers = await Promise.all(asked.map((document) => file.record(document)));
    for (const [at, document] of asked.entries()) assert.equal(answers[at], records[document]);
    await file.close();
  });
});

test('what costs nothing: nothing known, one language and source for all, and sources that are ids', async () => {
  await withTemporaryFolder(async (folder) => {
    const ids = Array.from({ length: 20_000 }, (_, number) => `guide/${(number * 7919) % 100_000}.md`);
    const size = (records: readonly DocumentRecord[]) => write(join(folder, 'size.meta'), ids, records);
    // A header and nothing else.
    assert.is(await size(ids.map(() => EMPTY_RECORD)), 40);
    // Five blocks of 4096 documents at most: header and directory of 108 bytes, and frames of repeated numbers.
    const record = (id: string): DocumentRecord => ({ ...EMPTY_RECORD, metadata: { source: id, language: 'en' } });
    const bytes = await size(ids.map(record));
    assert.ok(bytes < 400, String(bytes));
  });
});

test('a record that is too large is refused, one that is nearly is kept', async () => {
  await withTemporaryFolder(async (folder) => {
    const record = (length: number): DocumentRecord => ({ ...EMPTY_RECORD, metadata: { title: 'x'.repeat(length) } });
    const path = join(folder, 'large.meta');
    await write(path, ['a', 'b'], [EMPTY_RECORD, record(2 ** 24 - 100)]);
    const file = await open(path, ['a', 'b']);
    assert.is((await file.record(1))?.metadata.title?.length, 2 ** 24 - 100);
    await file.close();
    assert.is((await errorOf(() => write(path, ['a'], [record(2 ** 24)]))).code, 'METADATA_TOO_LARGE');
  });
});

test('truncated at every byte, and with every byte changed: refused', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'whole.meta');
    const random = new RandomNumbers(3, 'records');
    const ids = ['a', 'b', 'c', 'd', 'e'];
    await write(
      path,
      ids,
      ids.map((id) => ({ ...randomRecord(random, id), textStart: 3 })),
    );
    const bytes = await readFile(path);
    const damaged = join(folder, 'damaged.meta');
    const readAll = async () => {
      const file = await open(damaged, ids);
      try {
        for await (const _ of file.records());
      } finally {
        await file.close();
      }
    };
    for (let length = 0; length <= bytes.length + 1; length++) {
      if (length === bytes.length) continue;
      await writeFile(damaged, Buffer.concat([bytes, Buffer.of(0)]).subarray(0, length));
      assert.match((await errorOf(readAll)).code, /^(ZPKG_TRUNCATED|METADATA_)/, `length ${length}`);
    }
    for (let position = 0; position < bytes.length; position++) {
      const changed = Buffer.from(bytes);
      changed[position]! ^= 0x41;
      await writeFile(damaged, changed);
      assert.match((await errorOf(readAll)).code, /^(ZPKG_TRUNCATED|METADATA_)/, `byte ${position}`);
    }
  });
});

test.run();
