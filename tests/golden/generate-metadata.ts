// Writes the golden files of the metadata's format: `node --import tsx tests/golden/generate-metadata.ts`. Run it only together with a change of METADATA.md and of the version.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { packCorpus } from '../../data/index.ts';
import { metadataPathOf } from '../../data/metadata/metadata-file.ts';
import { createCompressor } from '../../zpkg/index.ts';
import { METADATA_DICTIONARY, METADATA_DOCUMENTS, PASSAGES_DOCUMENTS, PASSAGES_PACKING, TERMS_ANALYZER } from './metadata-documents.ts';

const folder = fileURLToPath(new URL('./zpkg/', import.meta.url));
const HEADER = 40;

const path = `${folder}v1-metadata.zpkg`;
const source = async function* () {
  yield* METADATA_DOCUMENTS;
};
await packCorpus(source, path, { dictionary: METADATA_DICTIONARY, targetChunkSize: 200, workers: 1, force: true });
const golden = await readFile(metadataPathOf(path));

/** A change of the file; then header and directory get the checksums that fit. */
function changed(change: (bytes: Buffer) => Buffer | undefined, options: { keepChecksums?: boolean } = {}): Buffer {
  const copy = Buffer.from(golden);
  const bytes = change(copy) ?? copy;
  if (options.keepChecksums === true) return bytes;
  const end = HEADER + 8 * bytes.readUInt32LE(24) + 12 * bytes.readUInt32LE(28);
  if (end <= bytes.length) bytes.writeUInt32LE(crc32(bytes.subarray(HEADER, end)), 32);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 36)), 36);
  return bytes;
}

/** The golden file with another one for its single block, all checksums right. */
function withFrame(frame: Uint8Array): Buffer {
  return changed((bytes) => {
    bytes.writeUInt32LE(frame.length, HEADER + 8);
    bytes.writeUInt32LE(crc32(frame), HEADER + 16);
    return Buffer.concat([bytes.subarray(0, HEADER + 20), frame]);
  });
}

/** The same with this content: five documents. */
const withContent = (...content: readonly number[]): Buffer => withFrame(createCompressor({ level: 1 }).compress(Uint8Array.from(content)));

/** A string of letters as bytes. */
const letters = (text: string): number[] => [...Buffer.from(text)];

/** One block of a section that follows the golden file's own. */
interface FurtherSection {
  readonly kind: number;
  readonly flags: number;
  readonly frame: Uint8Array;
  readonly count: number;
}

/** The golden file with further sections of one block each. */
function withSections(...further: readonly FurtherSection[]): Buffer {
  return changed((bytes) => {
    bytes.writeUInt32LE(1 + further.length, 24);
    bytes.writeUInt32LE(1 + further.length, 28);
    const sections = further.map(({ kind, flags }) => {
      const section = Buffer.alloc(8);
      section.writeUInt16LE(kind);
      section.writeUInt16LE(flags, 2);
      section.writeUInt32LE(1, 4);
      return section;
    });
    const blocks = further.map(({ frame, count }) => {
      const block = Buffer.alloc(12);
      block.writeUInt32LE(frame.length);
      block.writeUInt32LE(count, 4);
      block.writeUInt32LE(crc32(frame), 8);
      return block;
    });
    const own = [bytes.subarray(0, HEADER + 8), ...sections, bytes.subarray(HEADER + 8, HEADER + 20), ...blocks, bytes.subarray(HEADER + 20)];
    return Buffer.concat([...own, ...further.map(({ frame }) => frame)]);
  });
}

/** The golden file with a second section of one block, by default of a kind that nobody knows. */
const withSection = (kind: number, flags: number, frame: Uint8Array = Buffer.from('new'), count = 1): Buffer =>
  withSections({ kind, flags, frame, count });

const CHUNKS = golden.readUInt32LE(12);

/** The golden file with passages of this content, in one block of all chunks. */
const withPassages = (...content: readonly number[]): Buffer =>
  withSection(2, 1, createCompressor({ level: 1, dictionary: METADATA_DICTIONARY }).compress(Uint8Array.from(content)), CHUNKS);

const framed = (content: Uint8Array): Uint8Array => createCompressor({ level: 1, dictionary: METADATA_DICTIONARY }).compress(content);

/** The golden file with terms of this content behind "one passage" for each chunk, and this analyzer. */
function withTerms(content: readonly number[], analyzer = '{"fingerprint":"g1"}', passages = Array.from({ length: CHUNKS }, () => 1)): Buffer {
  return withSections(
    { kind: 3, flags: 1, frame: framed(Uint8Array.from([...passages, ...content])), count: CHUNKS },
    { kind: 4, flags: 1, frame: framed(Buffer.from(analyzer)), count: 1 },
  );
}

/** Two terms, "ab" and "ac", without their postings. */
const TWO_TERMS = [2, 0, 1, 2, 1, ...letters('abc')];
/** The same with postings: "ab" in the first two chunks, once and twice, and "ac" in the second. */
const TERMS = [...TWO_TERMS, 2, 1, 0, 0, 1, 0, 1, 0];

/** The numbers of passages of all chunks: those of the first, then none. */
const counts = (...first: readonly number[]): number[] => [...first, ...Array.from({ length: CHUNKS - 1 }, () => 0)];

const SPAN = 1 << 6;
const LARGEST = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
/** Bytes of the first chunk: of the first document's text. */
const FIRST = Buffer.byteLength(METADATA_DOCUMENTS[0]!.text);
const cases: Record<string, readonly [code: string, bytes: Uint8Array]> = {
  nothing: ['ZPKG_TRUNCATED', new Uint8Array(0)],
  'half-header': ['ZPKG_TRUNCATED', golden.subarray(0, 20)],
  magic: ['METADATA_MAGIC', changed((bytes) => void bytes.writeUInt8(0x50))],
  version: ['METADATA_VERSION', changed((bytes) => void bytes.writeUInt16LE(2, 4))],
  'header-checksum': ['METADATA_CHECKSUM', changed((bytes) => void bytes.writeUInt32LE(9, 8), { keepChecksums: true })],
  'directory-checksum': ['METADATA_CHECKSUM', changed((bytes) => void bytes.writeUInt32LE(9, HEADER + 12), { keepChecksums: true })],
  'frame-checksum': ['METADATA_CHECKSUM', changed((bytes) => void bytes.writeUInt8(bytes.at(-1)! ^ 1, bytes.length - 1))],
  flags: ['METADATA_FLAGS', changed((bytes) => void bytes.writeUInt16LE(1, 6))],
  'section-flags': ['METADATA_FLAGS', withSection(9, 2)],
  'section-unknown': ['METADATA_SECTION', withSection(9, 0)],
  'section-twice': ['METADATA_LAYOUT', withSection(1, 0)],
  'section-zero': ['METADATA_LAYOUT', changed((bytes) => void bytes.writeUInt16LE(0, HEADER))],
  'sections-huge': ['METADATA_LAYOUT', changed((bytes) => void bytes.writeUInt32LE(0xffffffff, 24))],
  'blocks-huge': ['METADATA_LAYOUT', changed((bytes) => void bytes.writeUInt32LE(0xffffffff, 28))],
  'more-blocks-than-declared': ['METADATA_LAYOUT', changed((bytes) => void bytes.writeUInt32LE(2, HEADER + 4))],
  'fewer-blocks-than-declared': ['METADATA_LAYOUT', changed((bytes) => void bytes.writeUInt32LE(0, HEADER + 4))],
  'block-beyond-file': ['METADATA_LAYOUT', golden.subarray(0, -1)],
  trailing: ['METADATA_LAYOUT', Buffer.concat([golden, Buffer.of(0)])],
  'document-count': ['METADATA_LAYOUT', changed((bytes) => void bytes.writeUInt32LE(6, 8))],
  'block-without-documents': ['METADATA_LAYOUT', changed((bytes) => void bytes.writeUInt32LE(0, HEADER + 12))],
  'block-of-too-many': ['METADATA_LAYOUT', changed((bytes) => void bytes.writeUInt32LE(4097, HEADER + 12))],
  'no-frame': ['METADATA_BLOCK', withFrame(Buffer.from('this is no zstd frame'))],
  'column-unknown': ['METADATA_BLOCK', withContent(0x80, 0x08)],
  'numbers-cut': ['METADATA_BLOCK', withContent(2, 0, 0)],
  'number-too-large': ['METADATA_BLOCK', withContent(2, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01)],
  'string-cut': ['METADATA_BLOCK', withContent(2, 0, 0, 0, 0, 9, ...letters('short'))],
  'string-no-utf8': ['METADATA_BLOCK', withContent(2, 0, 0, 0, 0, 2, 0xff)],
  'bytes-follow': ['METADATA_BLOCK', withContent(0, 0)],
  'text-start-without-title': ['METADATA_BLOCK', withContent(4, 0, 0, 0, 0, 1)],
  'parts-of-one-chunk': ['METADATA_BLOCK', withContent(8, 0, 0, 0, 0, 1, 10)],
  'parts-cut': ['METADATA_BLOCK', withContent(8, 0, 0, 0, 0, ...LARGEST)],
  'parts-differ': ['METADATA_BLOCK', withContent(8, 0, 0, 0, 2, 0, 1, 2)],
  'page-too-large': ['METADATA_BLOCK', withContent(16, 0, 0, 0, 0, 1, ...LARGEST)],
  'headings-cut': ['METADATA_BLOCK', withContent(32, 0, 0, 0, 0, ...LARGEST)],
  'span-kind': ['METADATA_BLOCK', withContent(SPAN, 0, 0, 0, 0, 3, 0, 0)],
  'span-too-large': ['METADATA_BLOCK', withContent(SPAN, 0, 0, 0, 0, 1, 1, ...LARGEST)],
  'language-no-tag': ['METADATA_BLOCK', withContent(0x80, 1, 0, 0, 0, 0, 6, ...letters('en us'))],
  'fields-no-json': ['METADATA_BLOCK', withContent(0x80, 4, 0, 0, 0, 0, 3, ...letters('{]'))],
  'fields-no-object': ['METADATA_BLOCK', withContent(0x80, 4, 0, 0, 0, 0, 3, ...letters('[]'))],
  'passages-of-other-chunks': ['METADATA_LAYOUT', withSection(2, 1, Buffer.from('new'), CHUNKS + 1)],
  'passages-of-too-many-chunks': ['METADATA_LAYOUT', withSection(2, 1, Buffer.from('new'), 4097)],
  'passages-no-frame': ['METADATA_BLOCK', withSection(2, 1, Buffer.from('this is no zstd frame'), CHUNKS)],
  'passages-column-unknown': ['METADATA_BLOCK', withPassages(4)],
  'passages-counts-cut': ['METADATA_BLOCK', withPassages(1, 0)],
  'passages-only-one': ['METADATA_BLOCK', withPassages(1, ...counts(1), FIRST)],
  // 65,536
  'passages-too-many': ['METADATA_BLOCK', withPassages(1, ...counts(0x80, 0x80, 0x04), ...Array.from({ length: 65_536 }, () => 1))],
  'passages-lengths-cut': ['METADATA_BLOCK', withPassages(1, ...counts(2), FIRST)],
  'passages-empty-one': ['METADATA_BLOCK', withPassages(1, ...counts(2), 0, FIRST)],
  'passages-too-large': ['METADATA_BLOCK', withPassages(1, ...counts(2), 1, ...LARGEST)],
  'passages-beyond-content': ['METADATA_BLOCK', withPassages(1, ...counts(2), 1, FIRST)],
  'passages-before-end': ['METADATA_BLOCK', withPassages(1, ...counts(2), 1, FIRST - 2)],
  'passages-overlaps-alone': ['METADATA_BLOCK', withPassages(2)],
  'passages-overlaps-cut': ['METADATA_BLOCK', withPassages(3, ...counts(2), 1, FIRST - 1)],
  'passages-not-ascending': ['METADATA_BLOCK', withPassages(3, ...counts(2), 5, FIRST - 5, 5)],
  'passages-bytes-follow': ['METADATA_BLOCK', withPassages(1, ...counts(2), 1, FIRST - 1, 0)],
  'terms-without-analyzer': ['METADATA_LAYOUT', withSection(3, 1, framed(Uint8Array.of()), CHUNKS)],
  'analyzer-without-terms': ['METADATA_LAYOUT', withSection(4, 1, framed(Buffer.from('{"fingerprint":"g1"}')))],
  'analyzers-two': [
    'METADATA_LAYOUT',
    withSections(
      { kind: 3, flags: 1, frame: Buffer.from('new'), count: CHUNKS },
      { kind: 4, flags: 1, frame: Buffer.from('new'), count: 2 },
    ),
  ],
  'analyzer-no-json': ['METADATA_BLOCK', withTerms(TERMS, '{"fingerprint"')],
  'analyzer-no-object': ['METADATA_BLOCK', withTerms(TERMS, '["g1"]')],
  'analyzer-no-fingerprint': ['METADATA_BLOCK', withTerms(TERMS, '{"kind":"golden"}')],
  'terms-of-other-chunks': [
    'METADATA_LAYOUT',
    withSections(
      { kind: 3, flags: 1, frame: Buffer.from('new'), count: CHUNKS + 1 },
      { kind: 4, flags: 1, frame: Buffer.from('new'), count: 1 },
    ),
  ],
  'terms-no-passage': ['METADATA_BLOCK', withTerms(TERMS, undefined, [0, ...Array.from({ length: CHUNKS - 1 }, () => 1)])],
  'terms-of-other-passages': ['METADATA_BLOCK', withTerms(TERMS, undefined, [2, ...Array.from({ length: CHUNKS - 1 }, () => 1)])],
  'terms-cut': ['METADATA_BLOCK', withTerms([2, 0, 1])],
  'terms-shared-too-long': ['METADATA_BLOCK', withTerms([2, 0, 3, 2, 1, ...letters('abc'), 2, 1, 0, 0, 1, 0, 1, 0])],
  'terms-empty-one': ['METADATA_BLOCK', withTerms([2, 0, 0, 0, 1, ...letters('a'), 2, 1, 0, 0, 1, 0, 1, 0])],
  'terms-descend': ['METADATA_BLOCK', withTerms([2, 0, 1, 2, 1, ...letters('acb'), 2, 1, 0, 0, 1, 0, 1, 0])],
  'terms-twice': ['METADATA_BLOCK', withTerms([2, 0, 2, 2, 0, ...letters('ab'), 2, 1, 0, 0, 1, 0, 1, 0])],
  'terms-no-utf8': ['METADATA_BLOCK', withTerms([2, 0, 1, 2, 1, 0xc3, 0xa9, 0xc3, 2, 1, 0, 0, 1, 0, 1, 0])],
  'terms-in-none': ['METADATA_BLOCK', withTerms([...TWO_TERMS, 2, 0, 0, 0, 0, 0])],
  'terms-in-too-many': ['METADATA_BLOCK', withTerms([...TWO_TERMS, 2, 0x80, 0x01, 0, 0, 1, 0, 1, 0])],
  'terms-beyond-passages': ['METADATA_BLOCK', withTerms([...TWO_TERMS, 2, 1, 0, CHUNKS, 1, 0, 1, 0])],
  'terms-postings-cut': ['METADATA_BLOCK', withTerms([...TWO_TERMS, 2, 1, 0, 0, 1, 0])],
  'terms-bytes-follow': ['METADATA_BLOCK', withTerms([...TERMS, 0])],
  fingerprint: ['METADATA_MISMATCH', changed((bytes) => void bytes.writeUInt32LE(7, 16))],
  'mapping-checksum': ['METADATA_MISMATCH', changed((bytes) => void bytes.writeUInt32LE(7, 20))],
};

await mkdir(`${folder}malformed-metadata/`, { recursive: true });
for (const [name, [, bytes]] of Object.entries(cases)) await writeFile(`${folder}malformed-metadata/${name}.zpkg.meta`, bytes);
const codes = Object.fromEntries(Object.entries(cases).map(([name, [code]]) => [name, code]));
await writeFile(`${folder}malformed-metadata.json`, `${JSON.stringify(codes, null, 2)}\n`);
// What a later writer may make: a section that is not known and may be skipped.
await writeFile(`${folder}v1-metadata-later-section.zpkg.meta`, withSection(9, 1));

const passages = async function* () {
  yield* PASSAGES_DOCUMENTS;
};
await packCorpus(passages, `${folder}v1-passages.zpkg`, { ...PASSAGES_PACKING, force: true });
await packCorpus(passages, `${folder}v1-passages-alone.zpkg`, { ...PASSAGES_PACKING, metadata: false, passageOverlap: 0, force: true });
await packCorpus(passages, `${folder}v1-terms.zpkg`, { ...PASSAGES_PACKING, terms: TERMS_ANALYZER, force: true });
