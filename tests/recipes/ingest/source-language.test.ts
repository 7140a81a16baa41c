import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sourceLanguage } from '../../../recipes/ingest/source-language.ts';
import { openRoots } from '../../../recipes/ingest/source-roots.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('source language');

test('is that of some of the files, whatever cannot be read', () =>
  withTemporaryFolder(async (folder) => {
    const notes = join(folder, 'notes');
    await mkdir(notes);
    await writeFile(join(notes, 'one.md'), '# 灯塔\n\n守灯人每天傍晚点亮灯火，直到清晨的雾散去为止。\n');
    await writeFile(join(notes, 'two.json'), '{ this is no JSON');
    await writeFile(join(notes, 'picture.bin'), 'the and of is that for with are this be by from which it not');
    const page = join(folder, 'page.txt');
    await writeFile(page, 'The keeper of the lighthouse is not at home, and it is the pilot that waits for him.');
    const options = { format: undefined, signal: undefined };
    const of = async (...paths: string[]) =>
      (await sourceLanguage(await openRoots(paths, [], join(folder, 'c')), options)).language;
    assert.is(await of(notes), 'zh');
    assert.is(await of(page), 'en');
  }));

test.run();
