import { type DocumentRecord, EMPTY_RECORD } from '../../data/metadata/document-record.ts';
import type { JsonValue, Metadata } from '../../data/metadata/metadata.ts';
import { encodeBlock } from '../../data/metadata/metadata-block.ts';
import { encodeMetadata, type MetadataOwner, type SectionToWrite } from '../../data/metadata/metadata-format.ts';
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
  /** Header, directory, blocks. */
  readonly regions: readonly Region[];
}

const HEADER_SIZE = 40;

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
  ];
}

/** A file of these blocks, and behind them a section that readers may skip; without blocks, a file without sections. */
export function metadataFile(
  blocks: readonly { readonly content: Uint8Array; readonly count: number }[],
  owner: MetadataOwner,
  dictionary: Uint8Array,
): Uint8Array {
  const compressor = createCompressor({ level: 3, dictionary });
  const sections: SectionToWrite[] = [
    {
      kind: 1,
      mayBeSkipped: false,
      blocks: blocks.map(({ content, count }) => ({ frame: compressor.compress(content), count })),
    },
    { kind: 7, mayBeSkipped: true, blocks: [{ frame: Buffer.from('what a later version writes'), count: 3 }] },
  ];
  return Buffer.concat([...encodeMetadata(owner, blocks.length === 0 ? [] : sections)]);
}

/** The contents of a sample's blocks before compression. */
export function blockContents({
  records,
  ids,
  blockCounts,
}: Omit<MetadataSample, 'bytes' | 'regions'>): { content: Uint8Array; count: number }[] {
  let first = 0;
  return blockCounts.map((count) => {
    first += count;
    return { content: encodeBlock(records.slice(first - count, first), ids.slice(first - count, first)), count };
  });
}

function makeSample(records: readonly DocumentRecord[], blockCounts: readonly number[], dictionary: Uint8Array): MetadataSample {
  const ids = records.map((_, number) => `d${number}`);
  const owner = {
    documentCount: records.length,
    chunkCount: 2 * records.length,
    fingerprint: 0x12345678,
    mappingChecksum: 0x9abcdef0,
  };
  const parts = { owner, dictionary, ids, records, blockCounts };
  const bytes = metadataFile(blockContents(parts), owner, dictionary);
  const directoryEnd = Math.min(bytes.length, HEADER_SIZE + 16 + 12 * (blockCounts.length + 1));
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
