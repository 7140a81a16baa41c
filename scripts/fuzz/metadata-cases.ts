import { crc32 } from 'node:zlib';
import { RandomNumbers } from '../../base/random.ts';
import { blockContents, type MetadataSample, metadataFile } from './metadata-samples.ts';
import { mutate } from './mutations.ts';

export interface MetadataCase {
  readonly bytes: Uint8Array;
  readonly sample: MetadataSample;
  /** Whether the file may say only what the sample says: its checksums were left as they were. */
  readonly isGuarded: boolean;
}

const HEADER_SIZE = 40;

/**
 * Case `number` of `seed`: the same bytes every time. In turn the file is changed; it is changed and its checksums are made right; and the content of one block is
 * changed and compressed anew, so that everything around it is right.
 */
export function makeMetadataCase(samples: readonly MetadataSample[], seed: number, number: number): MetadataCase {
  const random = new RandomNumbers(seed, `metadata case ${number}`);
  const sample = samples[random.integer(samples.length)]!;
  const donors = samples.map(({ bytes }) => bytes);
  if (number % 3 < 2 || blockContents(sample).length === 0) {
    const bytes = mutate(sample.bytes, random, sample.regions, donors);
    return number % 3 === 0
      ? { bytes, sample, isGuarded: true }
      : { bytes: repairMetadataChecksums(bytes), sample, isGuarded: false };
  }
  const blocks = blockContents(sample);
  const changed = random.integer(blocks.length);
  const { kind, content, count } = blocks[changed]!;
  const regions = [
    { start: 0, end: content.length },
    { start: 0, end: Math.min(content.length, 2 + count) },
  ];
  blocks[changed] = {
    kind,
    content: mutate(content, random, regions, [content, ...blockContents(samples[3]!).map((block) => block.content)]),
    count,
  };
  return { bytes: metadataFile(blocks, sample.owner, sample.dictionary), sample, isGuarded: false };
}

/** Makes the checksums of a side file right again, as far as its header still says where they lie. Follows METADATA.md by itself, without the project's reader. */
export function repairMetadataChecksums(bytes: Uint8Array): Uint8Array {
  if (bytes.length < HEADER_SIZE) return bytes;
  const repaired = Buffer.from(bytes);
  const [sections, blocks] = [repaired.readUInt32LE(24), repaired.readUInt32LE(28)];
  const directoryEnd = HEADER_SIZE + 8 * sections + 12 * blocks;
  if (directoryEnd <= repaired.length) {
    let position = directoryEnd;
    for (let table = HEADER_SIZE + 8 * sections; table < directoryEnd; table += 12) {
      const end = position + repaired.readUInt32LE(table);
      if (end > repaired.length) break;
      repaired.writeUInt32LE(crc32(repaired.subarray(position, end)), table + 8);
      position = end;
    }
    repaired.writeUInt32LE(crc32(repaired.subarray(HEADER_SIZE, directoryEnd)), 32);
  }
  repaired.writeUInt32LE(crc32(repaired.subarray(0, 36)), 36);
  return repaired;
}
