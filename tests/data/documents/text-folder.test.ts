import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DocumentReader, packCorpus, readCorpus } from '../../../data/index.ts';
import { collect, errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('folders of texts');

async function read(folder: string): Promise<{ ids: string[]; notes: string[] }> {
  const notes: string[] = [];
  const ids = (await collect(readCorpus(folder, { note: (line) => notes.push(line) }))).map(({ id }) => id);
  return { ids, notes: notes.map((line) => line.replace(folder, 'FOLDER')) };
}

test('F19: links to files and folders are followed, inside and outside, and counted', async () => {
  await withTemporaryFolder(async (outer) => {
    const folder = join(outer, 'docs');
    await mkdir(join(folder, 'b'), { recursive: true });
    await mkdir(join(outer, 'elsewhere', 'deep'), { recursive: true });
    await writeFile(join(folder, 'a.txt'), 'a');
    await writeFile(join(outer, 'elsewhere', 'deep', 'c.md'), 'c');
    await writeFile(join(outer, 'elsewhere', 'no.png'), 'c');
    await symlink('a.txt', join(folder, 'link.txt'));
    await symlink('link.txt', join(folder, 'link-of-link.txt'));
    await symlink('../elsewhere', join(folder, 'there'));
    await symlink('../elsewhere/no.png', join(folder, 'no.png'));
    assert.equal(await read(folder), {
      ids: ['a.txt', 'link-of-link.txt', 'link.txt', 'there/deep/c.md'],
      notes: ['FOLDER: 3 symbolic links followed'],
    });
    assert.equal(
      (await collect(readCorpus(join(folder, 'link.txt')))).map(({ id, text }) => [id, text]),
      [['link.txt', 'a']],
    );
  });
});

test('F19: a folder of links only', async () => {
  await withTemporaryFolder(async (outer) => {
    const folder = join(outer, 'links');
    await mkdir(folder);
    await writeFile(join(outer, 'a.txt'), 'a');
    await symlink(join(outer, 'a.txt'), join(folder, 'link.txt'));
    assert.equal((await read(folder)).ids, ['link.txt']);
    // The folder itself by a link.
    await symlink(folder, join(outer, 'itself'));
    assert.equal((await read(join(outer, 'itself'))).ids, ['link.txt']);
  });
});

test('F19: loops end, and are said', async () => {
  await withTemporaryFolder(async (folder) => {
    await mkdir(join(folder, 'a', 'b'), { recursive: true });
    await mkdir(join(folder, 'c'));
    await writeFile(join(folder, 'a', 'x.txt'), 'x');
    await symlink('..', join(folder, 'a', 'b', 'up'));
    await symlink('.', join(folder, 'self'));
    // Two folders that hold each other: each is read through the other, once.
    await symlink('../c', join(folder, 'a', 'c'));
    await symlink('../a', join(folder, 'c', 'a'));
    const { ids, notes } = await read(folder);
    assert.equal(ids, ['a/x.txt', 'c/a/x.txt']);
    assert.equal(notes, [
      'FOLDER: 2 symbolic links followed',
      'FOLDER: 5 left out: "a/b/up" (a link to a folder that it lies in), "a/c/a" (a link to a folder that it lies in), "c/a/b/up" (a link to a folder that it lies in) and 2 more',
    ]);
  });
});

test('F19: links that lead nowhere and files that cannot be read are said in one line', async () => {
  await withTemporaryFolder(async (folder) => {
    await writeFile(join(folder, 'a.txt'), 'a');
    await symlink('nothing.txt', join(folder, 'dangling.txt'));
    await symlink('circle.txt', join(folder, 'circle.txt'));
    await symlink('a.txt/below', join(folder, 'below.txt'));
    await symlink('/dev/null', join(folder, 'device.txt'));
    const { ids, notes } = await read(folder);
    assert.equal(ids, ['a.txt']);
    assert.equal(notes, [
      'FOLDER: 4 left out: "below.txt" (a link that leads nowhere), "circle.txt" (a link that leads nowhere), "dangling.txt" (a link that leads nowhere) and 1 more',
    ]);
  });
  await withTemporaryFolder(async (folder) => {
    await symlink('nothing.txt', join(folder, 'dangling.txt'));
    const error = await errorOf(() => read(folder));
    assert.is(error.code, 'DATA_NO_DOCUMENTS');
    assert.ok(error.message.includes('"dangling.txt" (a link that leads nowhere)'), error.message);
  });
});

test('names that are no UTF-8 are read, with an id that is reported', async () => {
  await withTemporaryFolder(async (folder) => {
    const below = (...names: readonly Buffer[]): Buffer =>
      Buffer.concat([Buffer.from(folder), ...names.flatMap((name) => [Buffer.from('/'), name])]);
    const latin = Buffer.from('caf\u00e9 100%.txt', 'latin1');
    const chinese = Buffer.from([0xce, 0xc4, 0xb5, 0xb5]);
    try {
      await writeFile(below(latin), 'latin');
    } catch (error) {
      // Some file systems take no such names; the test then says nothing.
      console.log(`  (skipped: no names beyond UTF-8 here: ${String(error)})`);
      return;
    }
    await mkdir(below(chinese));
    await writeFile(below(chinese, Buffer.from('ä.md')), 'umlaut');
    await writeFile(below(Buffer.from([0xff, 0x2e, 0x48, 0x54, 0x4d])), '<title>t</title>page');
    await writeFile(join(folder, 'plain.txt'), 'plain');
    const { ids, notes } = await read(folder);
    assert.equal(ids, ['%CE%C4%B5%B5/ä.md', '%FF.HTM', 'caf%E9 100%25.txt', 'plain.txt']);
    assert.equal(notes, ['FOLDER: 3 names not in UTF-8, as ids: "%CE%C4%B5%B5/ä.md", "%FF.HTM", "caf%E9 100%25.txt"']);
    const output = join(folder, 'out.zpkg');
    await packCorpus(() => readCorpus(folder), output, { level: 1 });
    const reader = await DocumentReader.open(output);
    assert.is(await reader.documentById('caf%E9 100%25.txt'), 'latin');
    await reader.close();
  });
});

test.run();
