import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type ChunkPatches,
  chunkTexts,
  DocumentReader,
  PatchBoundaries,
  packCorpus,
  preparePatches,
  readCorpus,
} from '../../../data/index.ts';
import { patchesPathOf, writePatchBoundaries } from '../../../data/patches/patch-boundaries.ts';
import { EntropyPatcher } from '../../../model/patching/entropy-patcher.ts';
import { errorOf, withTemporaryFolder, writeJsonl } from '../../fixtures/temporary-folder.ts';

const test = suite('boundaries of patches');

const OWNER = { chunkCount: 3, fingerprint: 0xdeadbeef, key: '0123456789abcdef'.repeat(4) };
const CHUNKS: ChunkPatches[] = [
  { starts: Uint32Array.of(0, 3, 4), bytes: 204 },
  { starts: new Uint32Array(0), bytes: 0 },
  { starts: Uint32Array.of(0), bytes: 300_000 },
];

async function* each<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

const write = (folder: string) => writePatchBoundaries(join(folder, 'c.zpkg.patches'), OWNER, each(CHUNKS));

test('the file is what PATCHES.md says, byte for byte', () =>
  withTemporaryFolder(async (folder) => {
    const size = await write(folder);
    const bytes = await readFile(join(folder, 'c.zpkg.patches'));
    assert.is(size, bytes.length);
    const number = (value: number, width: number) => {
      const field = Buffer.alloc(width);
      field.writeUInt32LE(value);
      return field;
    };
    const entry = (chunk: number, lengths: number[]) => {
      const content = Buffer.from(lengths);
      return Buffer.concat([content, number(crc32(Buffer.concat([number(chunk, 4), content])), 4)]);
    };
    // Lengths 3, 1 and 200 = 0xC8 = 1 1001000: C8 01; 300000 = 0x493E0 = 10010 0100111 1100000: E0 A7 12.
    const entries = [entry(0, [3, 1, 0xc8, 0x01]), entry(1, []), entry(2, [0xe0, 0xa7, 0x12])];
    // 64 + 8, + 4, + 7.
    const table = Buffer.concat([64, 72, 76, 83].map((position) => number(position, 8)));
    const header = Buffer.concat([
      Buffer.from('ZPAT'),
      Buffer.from([1, 0, 0, 0]),
      number(3, 4),
      number(0xdeadbeef, 4),
      number(83, 8),
      Buffer.from(OWNER.key, 'hex'),
      number(0, 4),
    ]);
    assert.is(header.length, 60);
    assert.ok(bytes.equals(Buffer.concat([header, number(crc32(header), 4), ...entries, table])));
  }));

test('chunks are read by position, in any order and at once', () =>
  withTemporaryFolder(async (folder) => {
    await write(folder);
    const kept = await PatchBoundaries.open(join(folder, 'c.zpkg.patches'), OWNER);
    assert.equal(await Promise.all([2, 0, 1, 0].map((chunk) => kept.of(chunk))), [CHUNKS[2], CHUNKS[0], CHUNKS[1], CHUNKS[0]]);
    for (const chunk of [-1, 3, 0.5]) assert.is((await errorOf(() => kept.of(chunk))).code, 'ZPKG_CHUNK_RANGE');
    await kept.close();
  }));

test('another container, model or setting is refused; so is every damage', () =>
  withTemporaryFolder(async (folder) => {
    await write(folder);
    const path = join(folder, 'c.zpkg.patches');
    for (const other of [{ chunkCount: 4 }, { fingerprint: 1 }, { key: OWNER.key.replace('0', '1') }]) {
      assert.is((await errorOf(() => PatchBoundaries.open(path, { ...OWNER, ...other }))).code, 'PATCHES_STALE');
    }
    const whole = await readFile(path);
    const problem = async (bytes: Uint8Array): Promise<string> => {
      await writeFile(path, bytes);
      const { code } = await errorOf(async () => {
        const kept = await PatchBoundaries.open(path, OWNER);
        try {
          for (let chunk = 0; chunk < 3; chunk++) await kept.of(chunk);
        } finally {
          await kept.close();
        }
      });
      return code;
    };
    for (let at = 0; at < whole.length; at++) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 0x10;
      assert.is(await problem(damaged), 'PATCHES_MALFORMED', `byte ${at}`);
    }
    for (let length = 0; length < whole.length; length++) {
      assert.is(
        await problem(whole.subarray(0, length)),
        length < 64 ? 'ZPKG_TRUNCATED' : 'PATCHES_MALFORMED',
        `${length} bytes`,
      );
    }
    await writeFile(path, whole);
  }));

test('too few chunks or too many leave what stood there before', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'c.zpkg.patches');
    await write(folder);
    const before = await readFile(path);
    for (const chunks of [CHUNKS.slice(1), [...CHUNKS, ...CHUNKS]]) {
      const error = await errorOf(() => writePatchBoundaries(path, OWNER, each(chunks)));
      assert.is(error.code, 'PATCHES_INCOMPLETE');
      assert.match(error.message, `of ${chunks.length} chunks`);
    }
    assert.ok((await readFile(path)).equals(before));
    assert.is((await errorOf(() => PatchBoundaries.open(join(folder, 'none'), OWNER))).code, 'FILE_OPEN');
  }));

/** Knows that capitals are a surprise, and counts how many bytes it was asked for. */
class Capitals {
  readonly identity: string;
  asked = 0;

  constructor(identity: string) {
    this.identity = identity;
  }

  async entropies(texts: readonly Uint8Array[]): Promise<Float32Array[]> {
    return texts.map((text) => {
      this.asked += text.length;
      return Float32Array.from(text, (byte) => (byte >= 0x41 && byte <= 0x5a ? 2 : 1));
    });
  }
}

test("a corpus' patches are computed once for a model, a rule and a container, and known afterwards", () =>
  withTemporaryFolder(async (folder) => {
    const texts = Array.from({ length: 150 }, (_, i) => `Text Number${i} Über ${'Words '.repeat(i % 7)}`);
    const source = await writeJsonl(
      join(folder, 'texts.jsonl'),
      texts.map((text, i) => ({ _id: `d${i}`, text })),
    );
    const zpkg = join(folder, 'corpus.zpkg');
    await packCorpus(() => readCorpus(source), zpkg, { level: 3, targetChunkSize: 1024, dictionarySize: 0 });
    const reader = await DocumentReader.open(zpkg);
    try {
      const prepare = async (model: Capitals, longest = 20) => {
        const patcher = new EntropyPatcher(model, { threshold: 1.5, monotonic: false, maximumLength: 4 }, longest);
        const { computed, path } = await preparePatches(reader, () => chunkTexts(readCorpus(source), reader), patcher);
        assert.is(path, patchesPathOf(zpkg));
        for (const text of texts) {
          const bytes = new Uint8Array(Buffer.from(text.trim())).subarray(0, longest);
          const chunk = { count: bytes.length, lengths: new Uint32Array(bytes.length).fill(1), blockStarts: new Uint32Array(1) };
          const starts = [...patcher.boundaries({ ...chunk, text: bytes })];
          // In words: at 0, at every capital, and when a patch has 4 bytes.
          const expected: number[] = [];
          bytes.forEach((byte, i) => {
            if (i === 0 || (byte >= 0x41 && byte <= 0x5a) || i - expected.at(-1)! === 4) expected.push(i);
          });
          assert.equal(starts, expected, text);
        }
        return computed;
      };
      const [first, again, other] = [new Capitals('a'), new Capitals('a'), new Capitals('b')];
      assert.equal([await prepare(first), await prepare(again)], [true, false]);
      assert.ok(first.asked > 0);
      assert.is(again.asked, 0);
      assert.is(await prepare(other), true);
      assert.is(await prepare(other, 12), true);

      // A damaged file is made anew.
      const bytes = await readFile(patchesPathOf(zpkg));
      bytes[100]! ^= 1;
      await writeFile(patchesPathOf(zpkg), bytes);
      assert.equal([await prepare(other, 12), await prepare(other, 12)], [true, false]);

      const half = async function* () {
        for await (const document of readCorpus(source)) if (Number(document.id.slice(1)) >= 75) yield document;
      };
      const patcher = new EntropyPatcher(new Capitals('c'), { threshold: 1.5, monotonic: false }, 20);
      const error = await errorOf(() => preparePatches(reader, () => chunkTexts(half(), reader), patcher));
      assert.is(error.code, 'PATCHES_INCOMPLETE');
      assert.match(error.message, 'chunk 0 was expected and that of chunk 75 came');
    } finally {
      await reader.close();
    }
  }));

test.run();
