import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DocumentReader } from '../../data/index.ts';
import { FormatError, ZpkgReader, ZpkgWriter } from '../../zpkg/index.ts';
import { rawFrame } from '../golden/raw-frame.ts';

const test = suite('zpkg golden files, version 1');
const golden = fileURLToPath(new URL('../golden/zpkg/', import.meta.url));
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

test('golden containers open and hold what they held', async () => {
  for (const name of ['v1-raw', 'v1-wide']) {
    const reader = await ZpkgReader.open(join(golden, `${name}.zpkg`));
    assert.is(reader.chunkCount, 2);
    assert.is(text(await reader.chunk(0)), 'zpkg');
    assert.is(text(await reader.chunk(1)), '');
    await reader.close();
  }
  const empty = await ZpkgReader.open(join(golden, 'v1-empty.zpkg'));
  assert.is(empty.chunkCount, 0);
  assert.is((await empty.statistics()).fileBytes, 36);
  await empty.close();
});

test('golden container with dictionary and mapping', async () => {
  const reader = await DocumentReader.open(join(golden, 'v1-dictionary.zpkg'));
  assert.is(text(reader.dictionary), 'the quick brown fox jumps over the lazy dog and sleeps');
  assert.equal([...reader.ids()], ['fox', 'empty', '犬']);
  assert.is(await reader.documentById('fox'), 'the quick brown fox jumps over the lazy dog');
  assert.equal(reader.chunksOf('empty'), [1, 2]);
  assert.is(await reader.documentById('empty'), 'the lazy dog sleeps; the quick brown fox does not');
  assert.is(await reader.documentById('犬'), '狐狸跳过了懒狗');
  await reader.close();
});

test('the writer still gives the golden bytes, and FORMAT.md shows them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'zpkg-golden-'));
  try {
    for (const [name, wideIndex] of [
      ['v1-raw', false],
      ['v1-wide', true],
    ] as const) {
      const path = join(folder, `${name}.zpkg`);
      const writer = await ZpkgWriter.create(path, { wideIndex });
      await writer.append(rawFrame('zpkg'));
      await writer.append(rawFrame(''));
      await writer.finish();
      assert.equal(await readFile(path), await readFile(join(golden, `${name}.zpkg`)));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  const format = await readFile(fileURLToPath(new URL('../../zpkg/FORMAT.md', import.meta.url)), 'utf8');
  const shown = [...format.matchAll(/^ {4}((?:[0-9a-f]{2} ?)+)$/gm)].map(([, line]) => (line ?? '').replaceAll(' ', '')).join('');
  assert.is(shown, (await readFile(join(golden, 'v1-raw.zpkg'))).toString('hex'));
});

test('malformed files are refused with their codes', async () => {
  const codes = JSON.parse(await readFile(join(golden, 'malformed.json'), 'utf8')) as Record<string, string>;
  assert.equal(
    Object.keys(codes)
      .map((name) => `${name}.zpkg`)
      .sort(),
    (await readdir(join(golden, 'malformed'))).sort(),
  );
  for (const [name, code] of Object.entries(codes)) {
    const path = join(golden, 'malformed', `${name}.zpkg`);
    try {
      const reader = await ZpkgReader.open(path);
      try {
        for (let chunk = 0; chunk < reader.chunkCount; chunk++) await reader.chunk(chunk);
      } finally {
        await reader.close();
      }
      assert.unreachable(`${name} was accepted`);
    } catch (error) {
      assert.instance(error, FormatError, `${name}: ${String(error)}`);
      const { code: got, message, details } = error as FormatError;
      assert.is(got, code, name);
      assert.ok(message.includes(path), `${name}: the message names the file`);
      assert.type(details['position'], 'number', `${name}: the details hold the position`);
    }
  }
});

test.run();
