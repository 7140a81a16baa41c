import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ZipArchive } from '../../../../ingest/parse/zip/index.ts';
import { zipFile } from '../../../../scripts/fuzz/zip-file.ts';
import { errorOf } from '../../../fixtures/temporary-folder.ts';

const test = suite('zip archive');

const entry = (name: string, content: string | Uint8Array) => ({ name, bytes: Buffer.from(content) });

test('entries are unpacked when they are asked for, the first of a name', async () => {
  const archive = await ZipArchive.open(
    zipFile([entry('a', 'one'), entry('b/中.txt', '二'), entry('a', 'two'), entry('folder/', '')]),
    'x.zip',
  );
  assert.equal(archive.names, ['a', 'b/中.txt']);
  assert.is((await archive.read('a')).toString(), 'one');
  assert.is((await archive.read('b/中.txt')).toString(), '二');
  assert.is(await archive.readIfThere('c'), undefined);
  assert.is((await errorOf(() => archive.read('c'))).code, 'PARSE_ZIP');
});

test('bombs are stopped by what they unpack to, not by what they declare', async () => {
  const bomb = zipFile([entry('a', Buffer.alloc(1 << 20)), entry('b', Buffer.alloc(1 << 20))]);
  assert.ok(bomb.length < 5000);
  const small = await ZipArchive.open(bomb, 'x.zip', { entryBytes: 1 << 19 });
  assert.is((await errorOf(() => small.read('a'))).code, 'PARSE_LIMIT');
  const all = await ZipArchive.open(bomb, 'x.zip', { bytes: 1.5 * 2 ** 20 });
  assert.is((await all.read('a')).length, 1 << 20);
  assert.is((await errorOf(() => all.read('b'))).code, 'PARSE_LIMIT');
  assert.is((await errorOf(() => ZipArchive.open(bomb, 'x.zip', { entries: 1 }))).code, 'PARSE_LIMIT');
});

test('what is no archive, a cut one and a damaged one are errors of ours', async () => {
  const whole = zipFile([entry('a', 'words '.repeat(100))]);
  for (const bytes of [new Uint8Array(0), Buffer.from('words'), whole.subarray(0, whole.length - 10)])
    assert.is((await errorOf(() => ZipArchive.open(bytes, 'x.zip'))).code, 'PARSE_ZIP');
  const damaged = Buffer.from(whole);
  damaged.fill(0xff, 35, 45);
  const archive = await ZipArchive.open(damaged, 'x.zip');
  assert.is((await errorOf(() => archive.read('a'))).code, 'PARSE_ZIP');
});

test.run();
