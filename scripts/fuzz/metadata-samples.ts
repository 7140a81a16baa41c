import { type ByteSpan, countTerms, type TermCounts } from '../../base/index.ts';
import { type DocumentRecord, EMPTY_RECORD } from '../../data/metadata/document-record.ts';
import type { JsonValue, Metadata } from '../../data/metadata/metadata.ts';
import { encodeBlock } from '../../data/metadata/metadata-block.ts';
import { encodeMetadata, type MetadataOwner, type SectionToWrite } from '../../data/metadata/metadata-format.ts';
import { encodePassages } from '../../data/metadata/passages-block.ts';
import { encodeTerms } from '../../data/metadata/terms-block.ts';
import { createCompressor } from '../../zpkg/index.ts';
import type { Region } from './mutations.ts';

/** A side file as it was made. */
export interface MetadataSample {
  readonly bytes: Uint8Array;
  readonly owner: MetadataOwner;
  readonly dictionary: Uint8Array;
  readonly ids: readonly string[];
  readonly records: readonly DocumentRecord[];
  /** Records of a block, in their order. */
  readonly blockCounts: readonly number[];
  /** [chunks] or none: each one's passages. */
  readonly passages: readonly (readonly ByteSpan[] | undefined)[];
  /** Chunks of a block, in their order. */
  readonly passageBlockCounts: readonly number[];
  /** [chunks] or none: the terms of each one's passages. */
  readonly terms: readonly (readonly TermCounts[])[];
  /** Chunks of a block, in their order. */
  readonly termBlockCounts: readonly number[];
  /** Header, directory, blocks. */
  readonly regions: readonly Region[];
}

const HEADER_SIZE = 40;
const ANALYZER = '{"fingerprint":"0123456789abcdef","kind":"words","stemming":true}';

/** A block before compression. */
export interface SampleBlock {
  /** Of its section. */
  readonly kind: 1 | 2 | 3 | 4;
  readonly content: Uint8Array;
  readonly count: number;
}

/** What the mutations start from: the same bytes every time. Small ones, because faults lie in structure and small inputs are fast. */
export function makeMetadataSamples(): MetadataSample[] {
  const dictionary = Buffer.from('guide/install.md guide/upgrade.md "author":"someone" Introduction en de zh-Hans staff public');
  return [
    makeSample([], [], dictionary),
    makeSample([EMPTY_RECORD, EMPTY_RECORD], [2], dictionary),
    makeSample([recordOf({ title: 'A title', source: 'd0' }, 8)], [1], dictionary),
    makeSample(
      Array.from({ length: 12 }, (_, number) => recordOf(manyOf(number), number % 3 === 0 ? -2 : 0, number)),
      [5, 7],
      dictionary,
      [10, 14],
      [20, 4],
    ),
    makeSample(
      Array.from({ length: 9 }, (_, number) => recordOf(manyOf(3 * number), number, 9 - number)),
      [1, 1, 7],
      new Uint8Array(0),
    ),
    makeSample(
      Array.from({ length: 300 }, (_, number) => recordOf({ title: `Chapter ${number}`, language: 'en' }, 0)),
      [300],
      dictionary,
    ),
    makeSample([EMPTY_RECORD, EMPTY_RECORD, EMPTY_RECORD], [], dictionary, [1, 4, 1]),
    makeSample([EMPTY_RECORD, EMPTY_RECORD], [], new Uint8Array(0), [], [1, 3]),
  ];
}

/** A file of these blocks, and behind them a section that readers may skip; without blocks, a file without sections. */
export function metadataFile(blocks: readonly SampleBlock[], owner: MetadataOwner, dictionary: Uint8Array): Uint8Array {
  const compressor = createCompressor({ level: 3, dictionary });
  const sections: SectionToWrite[] = ([1, 2, 3, 4] as const)
    .map((wanted) => ({
      kind: wanted,
      mayBeSkipped: wanted !== 1,
      blocks: blocks
        .filter(({ kind }) => kind === wanted)
        .map(({ content, count }) => ({ frame: compressor.compress(content), count })),
    }))
    .filter((section) => section.blocks.length > 0);
  sections.push({ kind: 7, mayBeSkipped: true, blocks: [{ frame: Buffer.from('what a later version writes'), count: 3 }] });
  return Buffer.concat([...encodeMetadata(owner, blocks.length === 0 ? [] : sections)]);
}

/** The contents of a sample's blocks before compression. */
export function blockContents(sample: Omit<MetadataSample, 'bytes' | 'regions'>): SampleBlock[] {
  const { records, ids, blockCounts, passages, passageBlockCounts, terms, termBlockCounts } = sample;
  let first = 0;
  const documents = blockCounts.map((count): SampleBlock => {
    first += count;
    const content = encodeBlock(records.slice(first - count, first), ids.slice(first - count, first));
    return { kind: 1, content, count };
  });
  first = 0;
  const chunks = passageBlockCounts.map((count): SampleBlock => {
    first += count;
    return { kind: 2, content: encodePassages(passages.slice(first - count, first)), count };
  });
  first = 0;
  const words = termBlockCounts.map((count): SampleBlock => {
    first += count;
    return { kind: 3, content: encodeTerms(terms.slice(first - count, first)), count };
  });
  const analyzer: SampleBlock = { kind: 4, content: Buffer.from(ANALYZER), count: 1 };
  return [...documents, ...chunks, ...words, ...(words.length > 0 ? [analyzer] : [])];
}

function makeSample(
  records: readonly DocumentRecord[],
  blockCounts: readonly number[],
  dictionary: Uint8Array,
  passageBlockCounts: readonly number[] = [],
  termBlockCounts: readonly number[] = [],
): MetadataSample {
  const ids = records.map((_, number) => `d${number}`);
  const owner = {
    documentCount: records.length,
    chunkCount: 2 * records.length,
    fingerprint: 0x12345678,
    mappingChecksum: 0x9abcdef0,
  };
  const passages =
    passageBlockCounts.length === 0 ? [] : Array.from({ length: owner.chunkCount }, (_, chunk) => passagesOf(chunk));
  const terms =
    termBlockCounts.length === 0
      ? []
      : Array.from({ length: owner.chunkCount }, (_, chunk) =>
          (passages[chunk] ?? [undefined]).map((_, passage) => termsOf(chunk + 7 * passage)),
        );
  const parts = { owner, dictionary, ids, records, blockCounts, passages, passageBlockCounts, terms, termBlockCounts };
  const bytes = Buffer.from(metadataFile(blockContents(parts), owner, dictionary));
  const sections = bytes.readUInt32LE(24);
  const directoryEnd = HEADER_SIZE + 8 * sections + 12 * bytes.readUInt32LE(28);
  const regions = [
    { start: 0, end: HEADER_SIZE },
    { start: HEADER_SIZE, end: directoryEnd },
    { start: directoryEnd, end: bytes.length },
  ].filter(({ start, end }) => end > start);
  return { ...parts, bytes, regions };
}

function recordOf(metadata: Metadata, textStart: number, parts = 0): DocumentRecord {
  const partLengths = parts < 2 ? [] : Array.from({ length: parts }, (_, part) => 500 + 37 * part);
  return { metadata, textStart, exactSpan: metadata.span !== undefined && textStart % 2 === 0, partLengths };
}

/** None in every sixth number, else terms that begin alike, in several scripts, some of them many times. */
function termsOf(number: number): TermCounts {
  const terms = Array.from(
    { length: 4 * (number % 6) },
    (_, place) => `${['term', '条', 'é', 'a'][place % 4]}${(number * place) % 11}`,
  );
  return countTerms([...terms, ...Array.from({ length: number % 6 === 5 ? 200 : 0 }, () => 'often')]);
}

/** None in every third chunk, else some, of which those of every second chunk overlap. */
function passagesOf(chunk: number): ByteSpan[] | undefined {
  if (chunk % 3 === 2) return undefined;
  let before = 0;
  return Array.from({ length: 2 + (chunk % 5) }, (_, number) => {
    const start = before - (number > 0 && chunk % 2 === 0 ? 11 * number : 0);
    before += 100 + ((chunk * 37 + number * 71) % 90);
    return { start, end: before };
  });
}

/** Each kind of metadata in some of the numbers. */
function manyOf(number: number): Metadata {
  const fields: Record<string, JsonValue> = {
    author: 'someone',
    year: 2000 + number,
    tags: ['a', null, { deep: [true, 1.5e-7] }],
  };
  return {
    ...(number % 2 === 0 && { title: `标题 ${number}`.repeat(1 + (number % 4)) }),
    ...(number % 3 !== 0 && { source: number % 2 === 0 ? `d${number}` : `https://example.org/${number}?a=ü` }),
    ...(number % 4 === 1 && { pages: { first: number + 1, last: 3 * number + 1 } }),
    ...(number % 5 > 2 && { headings: Array.from({ length: number % 5 }, (_, level) => `Heading ${level}`) }),
    ...(number % 3 === 1 && { span: { start: 1000 * number, end: 1000 * number + 77 } }),
    ...(number % 2 === 1 && { language: number % 4 === 1 ? 'en' : 'zh-Hans' }),
    ...(number % 4 !== 2 && { labels: number % 4 === 0 ? [] : ['staff', `team-${number}`] }),
    ...(number % 3 === 2 && { fields }),
  };
}
