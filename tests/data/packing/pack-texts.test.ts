import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { packTexts } from '../../../data/index.ts';
import { ZpkgReader } from '../../../zpkg/index.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { passageRows } from '../../training/tiny-run.ts';

const test = suite('pack texts');

/** With white space at both ends, an empty one, and one that no chunk of the default size would hold. */
const texts = [' \n begins with space', 'ends with it \n\n', '', ...passageRows(60).map(({ text }) => text)];
texts.push(texts.join('\n'));

async function opened<Result>(path: string, use: (reader: ZpkgReader) => Promise<Result>): Promise<Result> {
  const reader = await ZpkgReader.open(path);
  try {
    return await use(reader);
  } finally {
    await reader.close();
  }
}

const dictionaryOf = (path: string) => opened(path, async ({ dictionary }) => Buffer.from(dictionary));

test('chunk i is text i to the byte, at any level, with a dictionary and without', () =>
  withTemporaryFolder(async (folder) => {
    for (const [level, dictionarySize] of [
      [19, 2048],
      [-5, 0],
    ] as const) {
      const path = join(folder, `${level}.zpkg`);
      const packed = await packTexts(texts, path, { level, dictionarySize });
      assert.is(packed.containerBytes, (await stat(path)).size);
      await opened(path, async (reader) => {
        assert.is(reader.chunkCount, texts.length);
        assert.is(reader.dictionary.length, packed.dictionaryBytes);
        assert.is(packed.dictionaryBytes > 0, dictionarySize > 0);
        for (const [chunk, text] of texts.entries()) assert.is(Buffer.from(await reader.chunk(chunk)).toString('utf8'), text);
      });
    }
  }));

test('another part of the texts gives another dictionary, the same part the same file', () =>
  withTemporaryFolder(async (folder) => {
    const pack = async (name: string, dictionarySample?: { share: number; seed: number }) => {
      const path = join(folder, `${name}.zpkg`);
      await packTexts(texts, path, { level: 3, dictionarySize: 2048, dictionarySample });
      return path;
    };
    const [all, half, again, other] = [
      await pack('all'),
      await pack('half', { share: 0.5, seed: 1 }),
      await pack('again', { share: 0.5, seed: 1 }),
      await pack('other', { share: 0.5, seed: 2 }),
    ];
    assert.ok((await readFile(half)).equals(await readFile(again)));
    const dictionaries = await Promise.all([all, half, other].map(dictionaryOf));
    dictionaries.forEach((dictionary, i) => {
      assert.ok(dictionary.length > 0);
      for (const another of dictionaries.slice(i + 1)) assert.not.ok(dictionary.equals(another));
    });
  }));

test('a level that there is none of leaves no file', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'none.zpkg');
    const error = await errorOf(() => packTexts(texts, path, { level: 99, dictionarySize: 0 }));
    assert.is(error.code, 'CODEC_LEVEL');
    assert.not.ok(existsSync(path));
  }));

test.run();
