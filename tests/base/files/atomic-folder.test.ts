import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryName } from '../../../base/files/temporary-name.ts';
import { removeFolderAtomically, writeFolderAtomically } from '../../../base/index.ts';

const test = suite<{ parent: string; path: string }>('a folder that appears whole');

test.before.each(async (context) => {
  context.parent = await mkdtemp(join(tmpdir(), 'cem-folder-'));
  context.path = join(context.parent, 'out');
});
test.after.each(({ parent }) => rm(parent, { recursive: true }));

/** A process that has ended. */
const gone = spawnSync(process.execPath, ['-e', '']).pid;
const leftName = (purpose: string): string => temporaryName(purpose).replace(`.${process.pid}.`, `.${gone}.`);

const writing = (path: string, text: string) => writeFolderAtomically(path, (folder) => writeFile(join(folder, 'file'), text));

test('it is there whole, and replaces what was there', async ({ parent, path }) => {
  for (const text of ['old', 'new']) {
    await writing(path, text);
    assert.is(await readFile(join(path, 'file'), 'utf8'), text);
    assert.equal(await readdir(parent), ['out']);
  }
});

test('what cannot be filled leaves what was there', async ({ parent, path }) => {
  await writing(path, 'old');
  const failing = writeFolderAtomically(path, () => Promise.reject(new TypeError('full')));
  assert.is(await failing.then(String, String), 'TypeError: full');
  assert.is(await readFile(join(path, 'file'), 'utf8'), 'old');
  assert.equal(await readdir(parent), ['out']);
});

test('after a kill between the two renames the next writer puts the old folder back before it writes', async ({
  parent,
  path,
}) => {
  await writing(path, 'old');
  await rename(path, join(parent, leftName('.out.replaced')));
  await mkdir(join(parent, leftName('.out')));
  let seen = '';
  await writeFolderAtomically(path, async (folder) => {
    seen = await readFile(join(path, 'file'), 'utf8');
    await writeFile(join(folder, 'file'), 'new');
  });
  assert.is(seen, 'old');
  assert.is(await readFile(join(path, 'file'), 'utf8'), 'new');
  assert.equal(await readdir(parent), ['out']);
});

test('after a kill behind the second rename the new folder stays, and the old one goes', async ({ parent, path }) => {
  await writing(path, 'new');
  const aside = join(parent, leftName('.out.replaced'));
  await mkdir(aside);
  await writeFile(join(aside, 'file'), 'old');
  await writeFolderAtomically(path, () => Promise.reject(new TypeError('full'))).catch(() => undefined);
  assert.is(await readFile(join(path, 'file'), 'utf8'), 'new');
  assert.equal(await readdir(parent), ['out']);
});

test('a folder is removed under another name, so that a kill leaves no part of it under its own', async ({ parent, path }) => {
  await writing(path, 'old');
  // As a kill leaves it: nothing under its own name, and the next writer clears up.
  await rename(path, join(parent, leftName('.out')));
  await removeFolderAtomically(path);
  await writing(path, 'new');
  assert.equal(await readdir(parent), ['out']);
  await removeFolderAtomically(path);
  assert.equal(await readdir(parent), []);
});

test.run();
