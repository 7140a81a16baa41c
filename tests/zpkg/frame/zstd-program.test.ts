import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decompress } from '@mongodb-js/zstd';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Document, documentText, packCorpus } from '../../../data/index.ts';
import { ZpkgReader } from '../../../zpkg/index.ts';
import { chinese, english, noise, random, sourceCode } from '../frame-samples.ts';

const test = suite('other zstd programs read what we pack');

const hasProgram = spawnSync('zstd', ['--version']).status === 0;
if (!hasProgram) console.log('left out: the tests with the zstd program, which is not installed here');
const programTest = hasProgram ? test : test.skip;

/** English, Chinese, source code, characters outside Latin-1, empty and one-byte documents, and some that take several chunks. */
function documents(): Document[] {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
  const next = random(7);
  const code = text(sourceCode());
  const made: Document[] = [
    { id: 'empty', title: '', text: '' },
    { id: 'byte', title: '', text: 'x' },
    { id: 'code', title: 'sequences.ts', text: code },
    { id: 'long', title: '', text: text(english(60_000, 2)) },
    { id: 'noise', title: '', text: Buffer.from(noise(9000)).toString('latin1') },
  ];
  for (let number = 0; number < 250; number++) {
    const length = 1 + Math.floor(next() * 2000);
    const start = Math.floor(next() * (code.length - 500));
    made.push({ id: `e${number}`, title: `English ${number}`, text: text(english(length, number)) });
    made.push({ id: `c${number}`, title: '', text: text(chinese(length, number)) });
    made.push({ id: `s${number}`, title: '', text: code.slice(start, start + 500) });
  }
  return made;
}

const DOCUMENTS = documents();

async function* source(): AsyncGenerator<Document> {
  yield* DOCUMENTS;
}

async function withPacked(
  options: { level: number; dictionary?: Uint8Array | 'none'; plainLiterals?: boolean },
  action: (folder: string, reader: ZpkgReader) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'zpkg-program-'));
  try {
    const output = join(folder, 'corpus.zpkg');
    await packCorpus(source, output, { targetChunkSize: 1024, dictionarySize: 16_384, ...options });
    const reader = await ZpkgReader.open(output);
    await action(folder, reader);
    await reader.close();
  } finally {
    await rm(folder, { recursive: true });
  }
}

function runZstd(args: readonly string[]): void {
  const { status, stderr } = spawnSync('zstd', ['-d', '-q', ...args], { encoding: 'utf8' });
  assert.is(status, 0, stderr);
}

/** What a run of the program must give for the whole chunks area: frames one after the other decompress to their contents one after the other. */
const WHOLE = Buffer.from(DOCUMENTS.map(documentText).join(''));

for (const [name, options] of [
  ['a trained dictionary', { level: 19 }],
  ['a trained dictionary, plain literals', { level: 3, plainLiterals: true }],
  ['raw content as the dictionary', { level: 9, dictionary: english(20_000, 99) }],
  ['no dictionary', { level: 5, dictionary: 'none' }],
] as const) {
  programTest(`the zstd program: ${name}`, async () => {
    await withPacked(options, async (folder, reader) => {
      const withDictionary = reader.dictionary.length > 0 ? ['-D', join(folder, 'dictionary')] : [];
      assert.is(reader.dictionary.length > 0, name !== 'no dictionary');
      await writeFile(join(folder, 'dictionary'), reader.dictionary);
      // Cut out by FORMAT.md's positions, without our reader: the index offset is the number at byte 8, the dictionary's size the one at 20.
      const file = await readFile(reader.path);
      const chunks = file.subarray(32 + file.readUInt32LE(20), Number(file.readBigUInt64LE(8)));
      await writeFile(join(folder, 'all.zst'), chunks);
      runZstd([...withDictionary, join(folder, 'all.zst')]);
      assert.ok(WHOLE.equals(await readFile(join(folder, 'all'))));
      // Some chunks each by itself: the first, the last, and every 97th.
      const some = Array.from({ length: reader.chunkCount }, (_, chunk) => chunk).filter(
        (chunk) => chunk % 97 === 0 || chunk === reader.chunkCount - 1,
      );
      const paths = some.map((chunk) => join(folder, `${chunk}.zst`));
      for (const [number, chunk] of some.entries()) await writeFile(paths[number]!, await reader.compressedChunk(chunk));
      runZstd([...withDictionary, ...paths]);
      for (const chunk of some)
        assert.ok(Buffer.from(await reader.chunk(chunk)).equals(await readFile(join(folder, `${chunk}`))), `chunk ${chunk}`);
    });
  });
}

test('@mongodb-js/zstd, without a dictionary', async () => {
  for (const level of [-5, 3, 19]) {
    await withPacked({ level, dictionary: 'none' }, async (_, reader) => {
      const contents: Uint8Array[] = [];
      for await (const { frame } of reader.frames()) contents.push(await decompress(Buffer.from(frame)));
      assert.ok(WHOLE.equals(Buffer.concat(contents)), `level ${level}`);
    });
  }
});

test.run();
