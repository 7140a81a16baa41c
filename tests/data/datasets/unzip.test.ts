import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { unzip } from '../../../data/datasets/unzip.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { type ZipArchiveOptions, zipArchive } from './zip-archive.ts';

const test = suite('unzip');

const LONG = 'a line of a corpus, again and again\n'.repeat(20_000);
const FILES = [
  { name: 'set/', content: '' },
  { name: 'set/corpus.jsonl', content: LONG },
  { name: 'set/qrels/test.tsv', content: 'query-id\tcorpus-id\tscore\n' },
  { name: 'set/empty.txt', content: '' },
  { name: '__MACOSX/set/._corpus.jsonl', content: 'junk' },
];

async function withArchive(bytes: Uint8Array, action: (archive: string, folder: string) => Promise<void>): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const archive = join(folder, 'set.zip');
    await writeFile(archive, bytes);
    await action(archive, join(folder, 'out'));
  });
}

const KINDS: readonly (readonly [name: string, options: ZipArchiveOptions])[] = [
  ['deflated', {}],
  ['stored', { stored: true }],
  ['ZIP64', { wide: true }],
  ['with a comment', { comment: 'PK\u0005\u0006 is no directory here' }],
];

for (const [name, options] of KINDS) {
  test(name, () =>
    withArchive(zipArchive(FILES, options), async (archive, folder) => {
      let last: readonly number[] = [];
      const names = await unzip(archive, folder, {
        accept: (file) => file.startsWith('set/'),
        onProgress: (...progress) => {
          last = progress;
        },
      });
      assert.equal(names, ['set/corpus.jsonl', 'set/qrels/test.tsv', 'set/empty.txt']);
      assert.is(await readFile(join(folder, 'set/corpus.jsonl'), 'utf8'), LONG);
      assert.is(await readFile(join(folder, 'set/qrels/test.tsv'), 'utf8'), FILES[2]!.content);
      assert.is(await readFile(join(folder, 'set/empty.txt'), 'utf8'), '');
      assert.not.ok(existsSync(join(folder, '__MACOSX')));
      const total = LONG.length + FILES[2]!.content.length;
      assert.equal(last, [total, total]);
    }),
  );
}

test('an archive without files', () =>
  withArchive(zipArchive([]), async (archive, folder) => {
    assert.equal(await unzip(archive, folder), []);
  }));

const archiveOf = (options: ZipArchiveOptions): Buffer => zipArchive(FILES.slice(1, 2), options);
const whole = archiveOf({});
const BAD: readonly (readonly [name: string, code: string, bytes: Uint8Array])[] = [
  ['nothing at all', 'ZIP_MALFORMED', new Uint8Array(0)],
  ['no archive', 'ZIP_MALFORMED', Buffer.from('<html>not found</html>'.repeat(10))],
  ['cut at its end', 'ZIP_MALFORMED', whole.subarray(0, whole.length - 30)],
  ['cut at its start', 'ZIP_MALFORMED', whole.subarray(20)],
  ['a changed byte', 'ZIP_MALFORMED', Buffer.from(whole).fill(whole[200]! ^ 0x55, 200, 201)],
  ['a wrong checksum', 'ZIP_MALFORMED', archiveOf({ stored: true, claim: { checksum: 1 } })],
  ['a file larger than declared', 'ZIP_MALFORMED', archiveOf({ claim: { bytes: 1000 } })],
  ['a file smaller than declared', 'ZIP_MALFORMED', archiveOf({ claim: { bytes: LONG.length + 1 } })],
  ['an unknown method', 'ZIP_UNSUPPORTED', archiveOf({ claim: { method: 14 } })],
  ['an encrypted file', 'ZIP_UNSUPPORTED', archiveOf({ claim: { flags: 1 } })],
  ['a name that climbs out', 'ZIP_UNSAFE_NAME', zipArchive([{ name: 'set/../../evil', content: 'x' }])],
  ['an absolute name', 'ZIP_UNSAFE_NAME', zipArchive([{ name: '/tmp/evil', content: 'x' }])],
  ['a drive', 'ZIP_UNSAFE_NAME', zipArchive([{ name: 'c:\\evil', content: 'x' }])],
];

for (const [name, code, bytes] of BAD) {
  test(`refused: ${name}`, () =>
    withArchive(bytes, async (archive, folder) => {
      const error = await errorOf(() => unzip(archive, folder));
      assert.is(error.code, code, error.message);
      assert.match(error.message, archive);
    }));
}

test('a file that is not there', () =>
  withTemporaryFolder(async (folder) => {
    assert.is((await errorOf(() => unzip(join(folder, 'none.zip'), folder))).code, 'FILE_OPEN');
  }));

test.run();
