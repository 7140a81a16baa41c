import { checksum, FormatError, hexadecimal, viewOf } from '../../base/index.ts';

/** `ZMET` in ASCII, read as a little-endian number. METADATA.md describes the file. */
const MAGIC = 0x54454d5a;
const VERSION = 1;
export const METADATA_HEADER_SIZE = 40;
const SECTION_SIZE = 8;
const BLOCK_SIZE = 12;
/** The section of the documents' records. */
export const DOCUMENTS_SECTION = 1;
/** The section of the chunks' passages. */
export const PASSAGES_SECTION = 2;
/** The section of the passages' terms. */
export const TERMS_SECTION = 3;
/** The section that says which analyzer cut them. */
export const ANALYZER_SECTION = 4;
/** A reader that does not know a section with this flag passes over it. */
const FLAG_MAY_BE_SKIPPED = 1;
/** Documents, or chunks, in a block. */
export const MOST_IN_BLOCK = 4096;
/** A reader refuses a block that declares more content, in bytes. */
export const LARGEST_BLOCK = 1 << 25;

/** What a side file was written for. */
export interface MetadataOwner {
  readonly documentCount: number;
  readonly chunkCount: number;
  /** `ZpkgReader.fingerprint` of the container. */
  readonly fingerprint: number;
  /** `Mapping.checksum` of the container's mapping. */
  readonly mappingChecksum: number;
}

export interface MetadataHeader extends MetadataOwner {
  readonly sectionCount: number;
  /** Blocks of all sections. */
  readonly blockCount: number;
  /** CRC-32 of the directory. */
  readonly directoryChecksum: number;
}

/** A section before it is written: its blocks' frames in order. */
export interface SectionToWrite {
  readonly kind: number;
  readonly mayBeSkipped: boolean;
  readonly blocks: readonly { readonly frame: Uint8Array; readonly count: number }[];
}

/** Where one block lies. */
export interface BlockEntry {
  readonly position: number;
  readonly size: number;
  /** What the block holds, counted as the section counts it: documents, or chunks. */
  readonly count: number;
  readonly checksum: number;
}

export interface SectionEntry {
  readonly kind: number;
  readonly blocks: readonly BlockEntry[];
}

interface Counted {
  readonly what: string;
  /** How many there must be. */
  readonly declared: (header: MetadataHeader) => number;
  /** Where the header says so. */
  readonly position: number;
}

const CHUNKS: Counted = { what: 'chunks', declared: ({ chunkCount }) => chunkCount, position: 12 };

/** What the blocks of the sections that are known count. */
const COUNTED: ReadonlyMap<number, Counted> = new Map([
  [DOCUMENTS_SECTION, { what: 'documents', declared: ({ documentCount }) => documentCount, position: 8 }],
  [PASSAGES_SECTION, CHUNKS],
  [TERMS_SECTION, CHUNKS],
  [ANALYZER_SECTION, { what: 'analyzers', declared: () => 1, position: METADATA_HEADER_SIZE }],
]);

/** The whole file in pieces: header, directory, blocks. */
export function* encodeMetadata(owner: MetadataOwner, sections: readonly SectionToWrite[]): Generator<Uint8Array> {
  const blocks = sections.flatMap((section) => section.blocks);
  const directory = new Uint8Array(SECTION_SIZE * sections.length + BLOCK_SIZE * blocks.length);
  const view = viewOf(directory);
  for (const [number, { kind, mayBeSkipped, blocks: own }] of sections.entries()) {
    view.setUint16(SECTION_SIZE * number, kind, true);
    view.setUint16(SECTION_SIZE * number + 2, mayBeSkipped ? FLAG_MAY_BE_SKIPPED : 0, true);
    view.setUint32(SECTION_SIZE * number + 4, own.length, true);
  }
  for (const [number, { frame, count }] of blocks.entries()) {
    const position = SECTION_SIZE * sections.length + BLOCK_SIZE * number;
    view.setUint32(position, frame.length, true);
    view.setUint32(position + 4, count, true);
    view.setUint32(position + 8, checksum(frame), true);
  }
  yield encodeHeader({
    ...owner,
    sectionCount: sections.length,
    blockCount: blocks.length,
    directoryChecksum: checksum(directory),
  });
  yield directory;
  for (const { frame } of blocks) yield frame;
}

function encodeHeader(header: MetadataHeader): Uint8Array {
  const bytes = new Uint8Array(METADATA_HEADER_SIZE);
  const view = viewOf(bytes);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, VERSION, true);
  view.setUint32(8, header.documentCount, true);
  view.setUint32(12, header.chunkCount, true);
  view.setUint32(16, header.fingerprint, true);
  view.setUint32(20, header.mappingChecksum, true);
  view.setUint32(24, header.sectionCount, true);
  view.setUint32(28, header.blockCount, true);
  view.setUint32(32, header.directoryChecksum, true);
  view.setUint32(36, checksum(bytes.subarray(0, 36)), true);
  return bytes;
}

/** @throws FormatError `METADATA_MAGIC`, `METADATA_VERSION`, `METADATA_CHECKSUM`, `METADATA_FLAGS` */
export function decodeHeader(bytes: Uint8Array, path: string): MetadataHeader {
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== MAGIC) {
    throw new FormatError('METADATA_MAGIC', `${path} is no metadata of a container: it does not start with "ZMET"`, {
      details: { path, position: 0 },
    });
  }
  const version = view.getUint16(4, true);
  if (version !== VERSION) {
    throw new FormatError(
      'METADATA_VERSION',
      `${path} has metadata version ${version}, this program reads version ${VERSION}: use the program that wrote it`,
      { details: { path, position: 4, version } },
    );
  }
  checkChecksum(bytes.subarray(0, 36), view.getUint32(36, true), 0, path);
  if (view.getUint16(6, true) !== 0) {
    throw new FormatError('METADATA_FLAGS', `${path} uses flags that this program does not know: use the program that wrote it`, {
      details: { path, position: 6 },
    });
  }
  return {
    documentCount: view.getUint32(8, true),
    chunkCount: view.getUint32(12, true),
    fingerprint: view.getUint32(16, true),
    mappingChecksum: view.getUint32(20, true),
    sectionCount: view.getUint32(24, true),
    blockCount: view.getUint32(28, true),
    directoryChecksum: view.getUint32(32, true),
  };
}

/** Bytes that a section takes in the file, in the directory and in its blocks. */
export function sectionSize(blocks: readonly { readonly size: number }[]): number {
  return blocks.reduce((sum, { size }) => sum + BLOCK_SIZE + size, SECTION_SIZE);
}

/** Bytes of the directory that a header announces. */
export function directorySize({ sectionCount, blockCount }: MetadataHeader): number {
  return SECTION_SIZE * sectionCount + BLOCK_SIZE * blockCount;
}

/**
 * The sections that this program knows. Those that it does not know and may skip are looked at as far as it needs to find the others.
 *
 * @param fileSize in bytes
 * @throws FormatError `METADATA_CHECKSUM`, `METADATA_LAYOUT`, `METADATA_FLAGS`, `METADATA_SECTION`
 */
export function decodeDirectory(bytes: Uint8Array, header: MetadataHeader, fileSize: number, path: string): SectionEntry[] {
  checkChecksum(bytes, header.directoryChecksum, METADATA_HEADER_SIZE, path);
  const view = viewOf(bytes);
  const sections: SectionEntry[] = [];
  let table = SECTION_SIZE * header.sectionCount;
  let position = METADATA_HEADER_SIZE + bytes.length;
  let last = 0;
  let blockCount = 0;
  for (let number = 0; number < header.sectionCount; number++) {
    const at = SECTION_SIZE * number;
    const [kind, flags, count] = [view.getUint16(at, true), view.getUint16(at + 2, true), view.getUint32(at + 4, true)];
    blockCount += count;
    if (blockCount > header.blockCount)
      throw layoutError(path, METADATA_HEADER_SIZE + at, 'its sections have more blocks than it declares');
    if (kind <= last) throw layoutError(path, METADATA_HEADER_SIZE + at, 'its sections are not in the order of their kinds');
    last = kind;
    if (flags > FLAG_MAY_BE_SKIPPED) {
      throw new FormatError(
        'METADATA_FLAGS',
        `${path} has a section with flags that this program does not know: use the program that wrote it`,
        {
          details: { path, position: METADATA_HEADER_SIZE + at + 2 },
        },
      );
    }
    const counted = COUNTED.get(kind);
    if (counted === undefined && flags !== FLAG_MAY_BE_SKIPPED) {
      throw new FormatError(
        'METADATA_SECTION',
        `${path} has a section of kind ${kind}, which must be understood and is not: use the program that wrote it`,
        {
          details: { path, position: METADATA_HEADER_SIZE + at, kind },
        },
      );
    }
    const blocks: BlockEntry[] = [];
    for (let block = 0; block < count; block++, table += BLOCK_SIZE) {
      const size = view.getUint32(table, true);
      if (position + size > fileSize)
        throw layoutError(
          path,
          METADATA_HEADER_SIZE + table,
          `a block would end at byte ${position + size}, the file has ${fileSize}`,
        );
      blocks.push({ position, size, count: view.getUint32(table + 4, true), checksum: view.getUint32(table + 8, true) });
      position += size;
    }
    if (counted !== undefined) {
      checkCounts(blocks, counted, header, path);
      sections.push({ kind, blocks });
    }
  }
  if (blockCount !== header.blockCount)
    throw layoutError(path, 28, `its sections have ${blockCount} blocks and it declares ${header.blockCount}`);
  if (position !== fileSize) throw layoutError(path, position, `${fileSize - position} bytes follow its last block`);
  const has = (wanted: number): boolean => sections.some(({ kind }) => kind === wanted);
  if (has(TERMS_SECTION) !== has(ANALYZER_SECTION))
    throw layoutError(path, METADATA_HEADER_SIZE, 'it has terms without their analyzer, or an analyzer without terms');
  return sections;
}

/** @throws FormatError `METADATA_CHECKSUM` */
export function checkChecksum(bytes: Uint8Array, stored: number, position: number, path: string): void {
  const actual = checksum(bytes);
  if (actual === stored) return;
  throw new FormatError(
    'METADATA_CHECKSUM',
    `${path}: the checksum at byte ${position} is ${hexadecimal(actual)}, stored is ${hexadecimal(stored)}: the file is damaged`,
    { details: { path, position, stored, actual } },
  );
}

export function layoutError(path: string, position: number, what: string): FormatError {
  return new FormatError('METADATA_LAYOUT', `${path}: ${what}: the file is damaged; pack the corpus again`, {
    details: { path, position },
  });
}

export function blockError(path: string, position: number, reason: string): FormatError {
  return new FormatError(
    'METADATA_BLOCK',
    `${path}: the block at byte ${position} is malformed, ${reason}: pack the corpus again`,
    {
      details: { path, position },
    },
  );
}

function checkCounts(blocks: readonly BlockEntry[], counted: Counted, header: MetadataHeader, path: string): void {
  let sum = 0;
  for (const { position, count } of blocks) {
    if (count === 0 || count > MOST_IN_BLOCK)
      throw layoutError(path, position, `a block of ${count} ${counted.what}; it may have 1 to ${MOST_IN_BLOCK}`);
    sum += count;
  }
  const declared = counted.declared(header);
  if (sum !== declared) throw layoutError(path, counted.position, `it has ${sum} ${counted.what} and declares ${declared}`);
}
