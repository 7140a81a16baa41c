import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FormatError } from '../../base/index.ts';
import { DocumentReader, Mapping } from '../../data/index.ts';
import { parseFrame, readDictionary, readFrameHeader, ZpkgReader, ZpkgWriter } from '../../zpkg/index.ts';
import { rawFrame } from '../golden/raw-frame.ts';
import { expand } from './frame-samples.ts';

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

test('golden containers with a formatted dictionary: frames with ids, checksums and windows, and plain literals', async () => {
  const texts = JSON.parse(await readFile(join(golden, 'texts.json'), 'utf8')) as string[];
  for (const [name, profile] of [
    ['v1-foreign', 'standard'],
    ['v1-plain-literals', 'plain-literals'],
  ] as const) {
    const reader = await ZpkgReader.open(join(golden, `${name}.zpkg`));
    const dictionary = readDictionary(reader.dictionary);
    assert.ok(dictionary.entropy);
    assert.is((await reader.statistics()).profile, profile);
    assert.is((await reader.verify()).failed, 0);
    for (const [chunk, content] of texts.entries()) {
      const frame = await reader.compressedChunk(chunk);
      const header = readFrameHeader(frame);
      assert.equal([header.dictionaryId, header.hasChecksum], name === 'v1-foreign' ? [dictionary.id, true] : [0, false]);
      assert.is(text(await reader.chunk(chunk)), content);
      assert.is(text(expand(parseFrame(frame, dictionary), dictionary.content)), content);
    }
    await reader.close();
  }
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

/** Tries every file of a folder beside the golden ones; each must be refused with the code that the JSON file of the same name says. */
async function refusesAll(name: string, ending: string, read: (path: string) => Promise<void>): Promise<void> {
  const codes = JSON.parse(await readFile(join(golden, `${name}.json`), 'utf8')) as Record<string, string>;
  assert.equal(
    Object.keys(codes)
      .map((file) => `${file}${ending}`)
      .sort(),
    (await readdir(join(golden, name))).sort(),
  );
  for (const [file, code] of Object.entries(codes)) {
    const path = join(golden, name, `${file}${ending}`);
    try {
      await read(path);
      assert.unreachable(`${file} was accepted`);
    } catch (error) {
      assert.instance(error, FormatError, `${file}: ${String(error)}`);
      const { code: got, message, details } = error as FormatError;
      assert.is(got, code, file);
      assert.ok(message.includes(path), `${file}: the message names the file`);
      assert.type(details['position'], 'number', `${file}: the details hold the position`);
    }
  }
}

test('malformed containers are refused with their codes', async () => {
  await refusesAll('malformed', '.zpkg', async (path) => {
    const reader = await ZpkgReader.open(path);
    try {
      for (let chunk = 0; chunk < reader.chunkCount; chunk++) await reader.chunk(chunk);
    } finally {
      await reader.close();
    }
  });
});

test('malformed mappings are refused with their codes', async () => {
  await refusesAll('malformed-mappings', '.zpkg.map', async (path) => {
    await Mapping.open(path);
  });
});

test('a golden mapping is another container’s', async () => {
  try {
    await DocumentReader.open(join(golden, 'v1-raw.zpkg'), { mappingPath: join(golden, 'v1-dictionary.zpkg.map') });
    assert.unreachable('it was accepted');
  } catch (error) {
    assert.is((error as FormatError).code, 'MAPPING_MISMATCH');
  }
});

test.run();
