import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import { OverlayFilesystem } from '../../../search/postgres/overlay-filesystem.ts';

const test = suite<{ folder: string; original: Buffer }>('overlay file system');

/** Two whole pages of 8 kB and a piece. */
const SIZE = 20_000;

test.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-overlay-'));
  context.original = Buffer.from(Array.from({ length: SIZE }, (_, index) => (index * 7 + (index >> 8)) & 0xff));
  await mkdir(join(context.folder, 'base'));
  await writeFile(join(context.folder, 'base', 'table'), context.original);
});
test.after.each(({ folder }) => rm(folder, { recursive: true, force: true }));

function readAll(files: OverlayFilesystem, path: string): Buffer {
  const handle = files.open(path);
  const { size } = files.fstat(handle);
  const into = new Uint8Array(size + 10);
  assert.is(files.read(handle, into, 0, into.length, 0), size, 'reads end where the file does');
  files.close(handle);
  return Buffer.from(into.subarray(0, size));
}

test('any order of writes, cuts and growth reads back as from one buffer, and the disk keeps what it had', async ({
  folder,
  original,
}) => {
  const files = new OverlayFilesystem(folder);
  const random = new RandomNumbers(1, 'overlay');
  const whole = (limit: number) => random.uint32() % limit;
  let expected = Buffer.from(original);
  const handle = files.open('/base/table');
  for (let step = 0; step < 300; step++) {
    if (whole(4) === 0) {
      const length = whole(40_000);
      files.truncate('/base/table', length);
      expected = Buffer.concat([expected.subarray(0, length), Buffer.alloc(Math.max(0, length - expected.length))]);
    } else {
      const [position, length] = [whole(30_000), whole(20_000)];
      const bytes = Uint8Array.from({ length: length + 3 }, () => whole(256));
      assert.is(files.write(handle, bytes, 3, length, position), length);
      if (length > 0 && expected.length < position + length)
        expected = Buffer.concat([expected, Buffer.alloc(position + length - expected.length)]);
      expected.set(bytes.subarray(3), position);
    }
    assert.ok(readAll(files, '/base/table').equals(expected), `step ${step}`);
  }
  files.close(handle);
  await files.closeFs();
  assert.equal(await readFile(join(folder, 'base', 'table')), original);
});

test('files and folders are made, renamed and removed in memory only', async ({ folder, original }) => {
  const files = new OverlayFilesystem(folder);
  files.mkdir('/made');
  files.writeFile('/made/a', 'text');
  assert.is(readAll(files, '/made/a').toString(), 'text');
  files.rename('/base/table', '/made/a');
  assert.equal(readAll(files, '/made/a'), original);
  const open = files.open('/made/a');
  files.unlink('/made/a');
  const first = new Uint8Array(4);
  assert.is(files.read(open, first, 0, 4, 8), 4);
  assert.equal(Buffer.from(first), original.subarray(8, 12));
  files.close(open);
  files.rmdir('/made');
  assert.equal(files.readdir('/').sort(), ['.', '..', 'base']);
  // The numbers of emscripten: ENOENT, ENOTDIR, EISDIR, EBADF, EEXIST, ENOTEMPTY.
  const codeOf = (body: () => unknown): number => {
    try {
      body();
    } catch (error) {
      return (error as { code: number }).code;
    }
    return assert.unreachable('it was done') as never;
  };
  files.writeFile('/base/b', '');
  assert.equal(
    [
      codeOf(() => files.open('/none')),
      codeOf(() => files.lstat('/base/b/c')),
      codeOf(() => files.open('/base')),
      codeOf(() => files.close(open)),
      codeOf(() => files.mkdir('/base')),
      codeOf(() => files.rmdir('/base')),
    ],
    [44, 54, 31, 8, 20, 55],
  );
  assert.equal(await readdir(folder, { recursive: true }), ['base', 'base/table'].sort());
});

test.run();
