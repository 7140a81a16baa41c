import { gzipSync } from 'node:zlib';
import { compress } from '@mongodb-js/zstd';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { measureRivals } from '../../../eval/storage/rival-storage.ts';

const test = suite('storage of others');

const TEXTS = new Map(
  Array.from(
    { length: 200 },
    (_, index) => [`d${index}`, `Text ${index} of many: ${'the same words again, '.repeat(index % 7)}`] as const,
  ),
);

test('as gzip and another zstd compress the same texts', async () => {
  const bytes = await measureRivals(TEXTS, 3);
  const documents = [...TEXTS.values()].map((text) => Buffer.from(text));
  const whole = Buffer.concat(documents.flatMap((document) => [document, Buffer.from('\n')]));
  assert.is(bytes.gzip, gzipSync(whole).length);
  assert.is(
    bytes.gzip_per_document,
    documents.reduce((sum, document) => sum + gzipSync(document).length, 0),
  );
  // Another version of zstd may choose a little differently.
  const near = (got: number, expected: number): boolean => Math.abs(got - expected) <= 0.02 * expected + 8;
  let each = 0;
  for (const document of documents) each += (await compress(document, 3)).length;
  assert.ok(near(bytes.zstd_per_document, each), `${bytes.zstd_per_document} ${each}`);
  const theirs = (await compress(whole, 3)).length;
  assert.ok(near(bytes.zstd, theirs), `${bytes.zstd} ${theirs}`);
});

test('an empty document counts with its frame', async () => {
  const bytes = await measureRivals(new Map([['empty', '']]), 3);
  assert.is(bytes.gzip_per_document, 20); // 10 bytes of header, 2 of an empty block, 8 of checksum and length (RFC 1952)
  assert.ok(bytes.zstd_per_document >= 6 && bytes.zstd_per_document <= 9); // magic, header with size, empty raw block (RFC 8878)
});

test.run();
