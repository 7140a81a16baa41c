import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import { modelConfigSchema } from '../../../model/config.ts';
import { createPatcher } from '../../../model/patching/create-patcher.ts';
import { frameBorders } from '../../../model/patching/frame-borders.ts';
import { FramePatcher } from '../../../model/patching/frame-patcher.ts';
import { splitLongPatches } from '../../../model/patching/long-patches.ts';
import type { PatchableChunk, Patcher } from '../../../model/patching/patcher.ts';
import { SpacePatcher } from '../../../model/patching/space-patcher.ts';
import { StaticPatcher } from '../../../model/patching/static-patcher.ts';
import { createCompressor, parseFrame } from '../../../zpkg/index.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { readmes } from '../real-texts.ts';

const test = suite('patchers');

function chunkOf(count: number, blockStarts: readonly number[] = [0]): PatchableChunk {
  return { count, lengths: new Uint32Array(count).fill(1), blockStarts: Uint32Array.from(blockStarts) };
}

function textChunk(text: Uint8Array): PatchableChunk {
  return { ...chunkOf(text.length), text };
}

const starts = (patcher: Patcher, chunk: PatchableChunk): number[] => [...patcher.boundaries(chunk)];

/** What every patcher promises. */
function assertBoundaries(boundaries: Uint32Array, count: number, longest = Number.POSITIVE_INFINITY): void {
  assert.is(boundaries[0], count === 0 ? undefined : 0);
  for (let i = 0; i < boundaries.length; i++) {
    const length = (boundaries[i + 1] ?? count) - boundaries[i]!;
    assert.ok(length > 0 && length <= longest, `patch ${i} has ${length} symbols`);
  }
}

test('static: every so many symbols, the last patch may be shorter', () => {
  assert.equal(starts(new StaticPatcher(4), chunkOf(9)), [0, 4, 8]);
  assert.equal(starts(new StaticPatcher(4), chunkOf(8)), [0, 4]);
  assert.equal(starts(new StaticPatcher(4), chunkOf(1)), [0]);
  assert.equal(starts(new StaticPatcher(1), chunkOf(3)), [0, 1, 2]);
  assert.equal(starts(new StaticPatcher(4), chunkOf(0)), []);
});

test('space: a patch ends with the first byte behind a word; runs of such bytes open the next one', () => {
  const cut = (text: string, longest?: number): string[] => {
    const bytes = Buffer.from(text);
    const boundaries = new SpacePatcher(longest).boundaries(textChunk(bytes));
    return Array.from(boundaries, (start, patch) => bytes.subarray(start, boundaries[patch + 1]).toString('latin1'));
  };
  assert.equal(cut('one two'), ['one ', 'two']);
  assert.equal(cut('one  two, 3.'), ['one ', ' two,', ' 3.']);
  // Nothing ends at byte 0: there is no byte of the text before it.
  assert.equal(cut(' one'), [' one']);
  assert.equal(cut('a b'), ['a ', 'b']);
  assert.equal(cut('x_y'), ['x_', 'y']);
  assert.equal(cut('...'), ['...']);
  assert.equal(cut('one '), ['one ']);
  assert.equal(cut('a'), ['a']);
  assert.equal(cut(''), []);
  // UTF-8: 0xC3 is no part of a word and 0xA9 is, so "né" is cut behind 0xC3 and its last byte stands with what follows.
  assert.equal(cut('né x'), ['n\xc3', '\xa9 ', 'x']);
  assert.equal(cut('wonderful day', 4), ['wond', 'erfu', 'l ', 'day']);
});

test('space: real texts and random bytes are cut as the mask form of the reference says', () => {
  const random = new RandomNumbers(1, 'space');
  const texts = readmes().slice(0, 20);
  for (let i = 0; i < 30; i++) texts.push(Uint8Array.from({ length: random.integer(400) }, () => random.integer(256)));
  for (const text of texts) {
    assert.equal(starts(new SpacePatcher(), textChunk(text)), spaceStartsByMasks(text));
    assertBoundaries(new SpacePatcher(6).boundaries(textChunk(text)), text.length, 6);
  }
});

/** The reference's form: masks of ids behind a begin id, `end[i] = other[i] and not other[i - 1]`, a patch starts one behind an end. */
function spaceStartsByMasks(text: Uint8Array): number[] {
  const begin = -1;
  const ids = [begin, ...text];
  const other = ids.map((id) => (id < 0x80 ? !/[0-9A-Za-z]/.test(id === begin ? ' ' : String.fromCharCode(id)) : id >= 0xc0));
  const end = ids.map((_, i) => i > 0 && other[i]! && !other[i - 1]!);
  const start = ids.map((_, i) => i <= 1 || end[i - 1]!);
  return ids.flatMap((_, i) => (i > 0 && start[i] ? [i - 1] : []));
}

test('space and entropy patching refuse a chunk without text', async () => {
  const error = await errorOf(async () => new SpacePatcher().boundaries(chunkOf(3)));
  assert.is(error.code, 'PATCHING_WITHOUT_TEXT');
  assert.match(error.message, 'space patching');
});

test('frame: a patch begins with every block, and after the longest length; empty blocks and what was cut away count for nothing', () => {
  assert.equal(starts(new FramePatcher(100), chunkOf(20, [0, 7, 7, 15, 20, 31])), [0, 7, 15]);
  assert.equal(starts(new FramePatcher(4), chunkOf(13, [0, 6])), [0, 4, 6, 10]);
  assert.equal(starts(new FramePatcher(4), chunkOf(4, [0])), [0]);
  // The first block is empty, and so the second begins at symbol 0 too.
  assert.equal(starts(new FramePatcher(9), chunkOf(5, [0, 0, 3])), [0, 3]);
  assert.equal(starts(new FramePatcher(4), chunkOf(0, [0])), []);
});

test('frame: symbols of real frames of several blocks', () => {
  const text = Buffer.concat(readmes().slice(0, 60)).subarray(0, 400_000);
  const symbols = parseFrame(createCompressor({ level: 3 }).compress(text));
  assert.ok(symbols.blockStarts.length >= 4, `${symbols.blockStarts.length} blocks`);
  const chunk = { count: symbols.count, lengths: symbols.lengths, blockStarts: symbols.blockStarts };
  const boundaries = new FramePatcher(8).boundaries(chunk);
  assertBoundaries(boundaries, symbols.count, 8);
  const set = new Set(boundaries);
  for (const start of symbols.blockStarts) assert.ok(set.has(start) || start === symbols.count);
  // Fewest patches: each block by itself, cut into eights.
  const sizes = Array.from(symbols.blockStarts, (start, i) => (symbols.blockStarts[i + 1] ?? symbols.count) - start);
  assert.is(
    boundaries.length,
    sizes.reduce((sum, size) => sum + Math.ceil(size / 8), 0),
  );
});

test('borders in the bytes of a frame: header, blocks, sequences sections', async () => {
  // Written by hand (RFC 8878): header of 6 bytes (magic, descriptor 0x20: single segment, content size 5), then a raw block of 3 bytes and a last one that repeats a byte twice.
  const raw = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 5, 3 << 3, 0, 0, 97, 98, 99, (2 << 3) | (1 << 1) | 1, 0, 0, 100];
  assert.equal([...frameBorders(Uint8Array.from(raw))], [0, 6, 12]);
  // A compressed block of 4 bytes: literals section (100 times one byte: type 1, size format 1, 100 << 4, the byte), then one byte that says 0 sequences.
  const compressed = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 100, (4 << 3) | (2 << 1) | 1, 0, 0, 0x45, 0x06, 97, 0];
  assert.equal([...frameBorders(Uint8Array.from(compressed))], [0, 6, 12]);
  assert.is(parseFrame(Uint8Array.from(compressed)).count, 100);

  const text = Buffer.concat(readmes().slice(0, 60)).subarray(0, 400_000);
  const frame = createCompressor({ level: 3 }).compress(text);
  const borders = frameBorders(frame);
  // One border for the header, two for each compressed block.
  assert.is(borders.length, 1 + 2 * parseFrame(frame).blockStarts.length);
  assertBoundaries(borders, frame.length);

  for (let length = 0; length < raw.length; length++) {
    const { code } = await errorOf(async () => frameBorders(Uint8Array.from(raw.slice(0, length))));
    assert.is(code, 'FRAME_TRUNCATED', `${length} bytes`);
  }
  const reserved = Uint8Array.from(raw);
  reserved[6] = (3 << 3) | (3 << 1);
  assert.is((await errorOf(async () => frameBorders(reserved))).code, 'FRAME_CORRUPT');
});

test('long patches are cut greedily, each by itself', () => {
  assert.equal([...splitLongPatches([0, 2, 9], 12, 3)], [0, 2, 5, 8, 9]);
  assert.equal([...splitLongPatches([0, 2, 9], 12, undefined)], [0, 2, 9]);
  assert.equal([...splitLongPatches([0], 6, 3)], [0, 3]);
  assert.equal([...splitLongPatches([0, 1], 2, 1)], [0, 1]);
  assert.equal([...splitLongPatches([], 0, 3)], []);
});

test('the patcher that a configuration names', async () => {
  const patching = (values: Record<string, unknown>) => modelConfigSchema.parse(values).patching!;
  assert.equal(starts(createPatcher({ kind: 'static' }, 3), chunkOf(7)), [0, 3, 6]);
  assert.equal(starts(createPatcher(patching({ patching: { kind: 'frame', maximumLength: 5 } }), 3), chunkOf(7)), [0, 5]);
  const space = createPatcher(patching({ input: 'text', patching: { kind: 'space' } }), 3);
  assert.equal(starts(space, textChunk(Buffer.from('ab cd'))), [0, 3]);
  const entropy = patching({ input: 'text', patching: { kind: 'entropy', model: 'runs/entropy' } });
  const { code, message } = await errorOf(async () => createPatcher(entropy, 3));
  assert.is(code, 'PATCHING_NO_ENTROPY_MODEL');
  assert.match(message, 'runs/entropy');
  assert.equal(starts(createPatcher(entropy, 3, new StaticPatcher(2)), chunkOf(4)), [0, 2]);
});

test.run();
