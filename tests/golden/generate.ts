// Writes the golden files of the zpkg format: `node --import tsx tests/golden/generate.ts`. Run it only together with a change of FORMAT.md and of the version.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { Compressor } from 'zstd-napi';
import { IdTable } from '../../data/mapping/id-table.ts';
import { mappingPathOf, writeMapping } from '../../data/mapping/mapping.ts';
import { createCompressor, trainDictionary, ZpkgWriter, type ZpkgWriterOptions } from '../../zpkg/index.ts';
import { rawFrame } from './raw-frame.ts';

const folder = fileURLToPath(new URL('./zpkg/', import.meta.url));

/** Texts of the golden container with a dictionary. */
const TEXTS = ['the quick brown fox jumps over the lazy dog', '', 'the lazy dog sleeps; the quick brown fox does not', '狐狸跳过了懒狗'];
const DICTIONARY = Buffer.from('the quick brown fox jumps over the lazy dog and sleeps');

/** A few sentences that differ with the number. */
function sentences(number: number): string {
  const subjects = ['The reader', 'A writer', 'The index', 'Every chunk', 'The dictionary', 'No checksum'];
  const verbs = ['names', 'holds', 'refuses', 'follows', 'ends with', 'begins at'];
  const objects = ['the first offset', 'one frame', 'its own size', 'the header', 'bytes of content', 'another version'];
  return Array.from({ length: 6 }, (_, at) => {
    const mixed = (number * 31 + at * 17) * 2654435761;
    const pick = (list: readonly string[], by: number): string => list[Math.floor(mixed / by) % list.length]!;
    return `${pick(subjects, 7)} ${pick(verbs, 53)} ${pick(objects, 389)}, number ${(number * 7919 + at * 104729) % 1000}.`;
  }).join(' ');
}

async function write(name: string, frames: readonly Uint8Array[], options: ZpkgWriterOptions = {}): Promise<string> {
  const path = `${folder}${name}.zpkg`;
  const writer = await ZpkgWriter.create(path, options);
  for (const frame of frames) await writer.append(frame);
  await writer.finish();
  return path;
}

/** The bytes with some of them changed, and then the header's checksum made right again unless told otherwise. */
function changed(bytes: Uint8Array, change: (view: DataView, copy: Uint8Array) => void, options: { keepChecksum?: boolean } = {}): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const view = new DataView(copy.buffer);
  change(view, copy);
  if (options.keepChecksum !== true) view.setUint32(28, crc32(copy.subarray(0, 28)), true);
  return copy;
}

const rawPath = await write('v1-raw', [rawFrame('zpkg'), rawFrame('')]);
await write('v1-wide', [rawFrame('zpkg'), rawFrame('')], { wideIndex: true });
await write('v1-empty', []);
const compressor = createCompressor({ level: 19, dictionary: DICTIONARY });
const frames = TEXTS.map((text) => compressor.compress(Buffer.from(text)));
const dictionaryPath = `${folder}v1-dictionary.zpkg`;
const writer = await ZpkgWriter.create(dictionaryPath, { dictionary: DICTIONARY });
for (const frame of frames) await writer.append(frame);
const ids = new IdTable();
for (const id of ['fox', 'empty', '犬']) ids.add(id);
// The second document has two chunks.
await writer.finish(async ({ fingerprint }) => {
  await writeMapping(mappingPathOf(dictionaryPath), ids, Uint32Array.of(1, 2, 1), fingerprint);
});

// As another writer may make them: a formatted dictionary, with its id and a checksum in every frame, and one frame of several blocks with a window of its own.
const samples = Array.from({ length: 300 }, (_, number) => Buffer.from(sentences(number)));
const formatted = trainDictionary(samples, { size: 1024, level: 19 });
const foreign = new Compressor();
foreign.setParameters({ compressionLevel: 3, checksumFlag: true, dictIDFlag: true, windowLog: 10 });
foreign.loadDictionary(Buffer.from(formatted));
const foreignTexts = [sentences(1000), sentences(1001), Array.from({ length: 40 }, (_, number) => sentences(number)).join('\n')];
await write(
  'v1-foreign',
  foreignTexts.map((text) => foreign.compress(Buffer.from(text))),
  { dictionary: formatted },
);
const plain = createCompressor({ level: 19, dictionary: formatted, plainLiterals: true });
await write(
  'v1-plain-literals',
  foreignTexts.map((text) => plain.compress(Buffer.from(text))),
  { dictionary: formatted, plainLiterals: true },
);
await writeFile(`${folder}texts.json`, `${JSON.stringify(foreignTexts, null, 2)}\n`);

const raw = await readFile(rawPath);
const withDictionary = await readFile(dictionaryPath);
const indexOffset = raw.readUInt32LE(8);
/** Changes something in the index and makes its checksum right again. */
const changedIndex = (change: (view: DataView, copy: Uint8Array) => void): Uint8Array =>
  changed(raw, (view, copy) => {
    change(view, copy);
    view.setUint32(copy.length - 4, crc32(copy.subarray(indexOffset, copy.length - 4)), true);
  });

const cases: Record<string, readonly [code: string, bytes: Uint8Array]> = {
  nothing: ['ZPKG_TRUNCATED', new Uint8Array(0)],
  'half-header': ['ZPKG_TRUNCATED', raw.subarray(0, 16)],
  'cut-index': ['ZPKG_TRUNCATED', raw.subarray(0, -1)],
  magic: ['ZPKG_MAGIC', changed(raw, (view) => view.setUint8(0, 0x50))],
  version: ['ZPKG_VERSION', changed(raw, (view) => view.setUint16(4, 2, true))],
  'header-checksum': ['ZPKG_HEADER_CHECKSUM', changed(raw, (view) => view.setUint32(16, 3, true), { keepChecksum: true })],
  flags: ['ZPKG_FLAGS', changed(raw, (view) => view.setUint16(6, 4, true))],
  'index-offset-huge': ['ZPKG_LAYOUT', changed(raw, (view) => view.setBigUint64(8, 1n << 60n, true))],
  'index-offset-in-header': ['ZPKG_LAYOUT', changed(raw, (view) => view.setBigUint64(8, 31n, true))],
  'offsets-too-narrow': ['ZPKG_LAYOUT', changed(raw, (view) => view.setBigUint64(8, (1n << 32n) + 32n, true))],
  'bytes-without-chunks': ['ZPKG_LAYOUT', changed(raw, (view) => view.setUint32(16, 0, true))],
  'chunk-count-huge': ['ZPKG_TRUNCATED', changed(raw, (view) => view.setUint32(16, 0xffffffff, true))],
  'dictionary-size-huge': ['ZPKG_LAYOUT', changed(raw, (view) => view.setUint32(20, 0xffffffff, true))],
  trailing: ['ZPKG_TRAILING', Buffer.concat([raw, Buffer.from([0])])],
  dictionary: ['ZPKG_DICTIONARY_CHECKSUM', changed(withDictionary, (view) => view.setUint8(32, 0x54))],
  'index-checksum': ['ZPKG_INDEX_CHECKSUM', changed(raw, (view) => view.setUint8(indexOffset + 4, 12))],
  'first-offset': ['ZPKG_INDEX_ORDER', changedIndex((view) => view.setUint32(indexOffset, 1, true))],
  'equal-offsets': ['ZPKG_INDEX_ORDER', changedIndex((view) => view.setUint32(indexOffset + 4, 0, true))],
  'offset-beyond-chunks': ['ZPKG_INDEX_ORDER', changedIndex((view) => view.setUint32(indexOffset + 4, 22, true))],
  'chunk-checksum': ['ZPKG_CHUNK_CHECKSUM', changed(raw, (view) => view.setUint8(32 + 9, 0x5a))],
  'dictionary-malformed': ['ZPKG_DICTIONARY', badDictionary()],
  'chunk-no-frame': ['ZPKG_CHUNK', rewritten(0, 0)],
  'chunk-larger-than-declared': ['ZPKG_CHUNK', rewritten(5, 3)],
  'chunk-smaller-than-declared': ['ZPKG_CHUNK', rewritten(5, 5)],
  // Descriptor 0xE0 (8-byte content size): the size is made of the bytes that follow.
  'chunk-declares-too-much': ['ZPKG_CHUNK', rewritten(4, 0xe0)],
  // Descriptor 0xA0: single segment, size of 4 bytes. 2^26 + 1; and 2^20, more than 13 bytes can hold.
  'chunk-over-limit': ['ZPKG_CHUNK', rewritten(4, 0xa0, 0x01, 0, 0, 0x04)],
  'chunk-declares-more-than-fits': ['ZPKG_CHUNK', rewritten(4, 0xa0, 0, 0, 0x10, 0)],
};

/** The raw container with bytes of its first chunk replaced, and every checksum made right again. */
function rewritten(position: number, ...values: readonly number[]): Uint8Array {
  return changedIndex((view, copy) => {
    copy.set(values, 32 + position);
    const size = view.getUint32(indexOffset + 4, true);
    view.setUint32(indexOffset + 8, crc32(copy.subarray(32, 32 + size)), true);
  });
}

/** The magic of a formatted dictionary and nothing that can follow it; every checksum is right. */
function badDictionary(): Uint8Array {
  return changed(withDictionary, (view, copy) => {
    copy.set([0x37, 0xa4, 0x30, 0xec, 0, 0x80, 0, 0, 0xff, 0xff, 0xff, 0xff], 32);
    view.setUint32(24, crc32(copy.subarray(32, 32 + DICTIONARY.length)), true);
  });
}

/** The golden mapping: a header of 32 bytes and one block, whose frame begins at 44. */
const mapping = await readFile(mappingPathOf(dictionaryPath));
/** Another block in its place, with its checksum. */
const withBlock = (documents: number, content: readonly number[]): Uint8Array => {
  const frame = createCompressor({ level: 1 }).compress(Uint8Array.from(content));
  const block = Buffer.alloc(12);
  block.writeUInt32LE(frame.length);
  block.writeUInt32LE(documents, 4);
  block.writeUInt32LE(crc32(frame), 8);
  return Buffer.concat([mapping.subarray(0, 32), block, frame]);
};
const [A, B] = [0x61, 0x62];
const mappings: Record<string, readonly [code: string, bytes: Uint8Array]> = {
  nothing: ['ZPKG_TRUNCATED', new Uint8Array(0)],
  'cut-block-header': ['ZPKG_TRUNCATED', mapping.subarray(0, 40)],
  magic: ['MAPPING_MAGIC', changed(mapping, (view) => view.setUint8(0, 0x50))],
  version: ['MAPPING_VERSION', changed(mapping, (view) => view.setUint16(4, 2, true))],
  'header-checksum': ['MAPPING_CHECKSUM', changed(mapping, (view) => view.setUint32(8, 4, true), { keepChecksum: true })],
  flags: ['MAPPING_FLAGS', changed(mapping, (view) => view.setUint16(6, 1, true))],
  reserved: ['MAPPING_FLAGS', changed(mapping, (view) => view.setUint32(24, 1, true))],
  'frame-checksum': ['MAPPING_CHECKSUM', changed(mapping, (view) => view.setUint8(mapping.length - 1, 0xff))],
  'cut-frame': ['MAPPING_LAYOUT', mapping.subarray(0, -1)],
  trailing: ['MAPPING_LAYOUT', Buffer.concat([mapping, Buffer.of(0)])],
  'document-count': ['MAPPING_LAYOUT', changed(mapping, (view) => view.setUint32(8, 4, true))],
  'chunk-count': ['MAPPING_LAYOUT', changed(mapping, (view) => view.setUint32(12, 5, true))],
  'id-empty': ['MAPPING_BLOCK', withBlock(3, [0, 1, 0, 1, 0, 1, A, B])],
  'ids-too-long': ['MAPPING_BLOCK', withBlock(3, [0, 1, 0, 1, 1, 9, A, B])],
  'number-too-long': ['MAPPING_BLOCK', withBlock(1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, A])],
  'id-twice': ['MAPPING_DUPLICATE_ID', withBlock(3, [0, 1, 0, 1, 1, 1, A, B, A])],
};

/** Files of a folder beside the golden ones, and a JSON file of the codes that they are refused with. */
async function writeMalformed(name: string, ending: string, files: typeof cases): Promise<void> {
  await mkdir(`${folder}${name}/`, { recursive: true });
  for (const [file, [, bytes]] of Object.entries(files)) await writeFile(`${folder}${name}/${file}${ending}`, bytes);
  const codes = Object.fromEntries(Object.entries(files).map(([file, [code]]) => [file, code]));
  await writeFile(`${folder}${name}.json`, `${JSON.stringify(codes, null, 2)}\n`);
}

await writeMalformed('malformed', '.zpkg', cases);
await writeMalformed('malformed-mappings', '.zpkg.map', mappings);
