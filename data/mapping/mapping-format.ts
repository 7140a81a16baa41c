import { checksum, FormatError, hexadecimal, pushVarint, readVarint, viewOf } from '../../base/index.ts';
import { createCompressor, createDecompressor } from '../../zpkg/index.ts';
import { type IdTable, LONGEST_ID } from './id-table.ts';

/** `ZMAP` in ASCII, read as a little-endian number. MAPPING.md describes the file. */
const MAGIC = 0x50414d5a;
const VERSION = 1;
export const MAPPING_HEADER_SIZE = 32;
export const BLOCK_HEADER_SIZE = 12;
/** A writer ends a block when it holds this many bytes of ids. */
const BLOCK_ID_BYTES = 1 << 20;
/** A reader refuses a block that declares more content. */
const LARGEST_BLOCK = 1 << 26;
/** Ids compress once and are read often. */
const LEVEL = 19;

export interface MappingHeader {
  readonly documentCount: number;
  readonly chunkCount: number;
  /** `ZpkgReader.fingerprint` of the container that the mapping belongs to. */
  readonly fingerprint: number;
  readonly blockCount: number;
}

/** One block of the file, decompressed. */
export interface MappingBlock {
  /** [documents] */
  readonly chunkCounts: Uint32Array;
  /** [documents + 1] where ids begin and end in `idBytes` */
  readonly idOffsets: Uint32Array;
  readonly idBytes: Uint8Array;
}

/**
 * The whole file in pieces: header, then the header and the frame of each block in turn.
 *
 * @param chunkCounts [ids.length] chunks of each document
 */
export function* encodeMapping(
  ids: IdTable,
  chunkCounts: Uint32Array,
  fingerprint: number,
): Generator<{ readonly bytes: Uint8Array; readonly isFrame: boolean }> {
  const starts: number[] = [];
  let inBlock = BLOCK_ID_BYTES;
  for (let document = 0; document < ids.length; document++) {
    if (inBlock >= BLOCK_ID_BYTES) {
      starts.push(document);
      inBlock = 0;
    }
    inBlock += ids.bytesAt(document).length;
  }
  let chunkCount = 0;
  for (let document = 0; document < ids.length; document++) chunkCount += chunkCounts[document]!;
  const header = encodeMappingHeader({ documentCount: ids.length, chunkCount, fingerprint, blockCount: starts.length });
  yield { bytes: header, isFrame: false };
  const compressor = createCompressor({ level: LEVEL });
  for (const [number, start] of starts.entries()) {
    const end = starts[number + 1] ?? ids.length;
    const frame = compressor.compress(encodeBlockContent(ids, chunkCounts, start, end));
    const blockHeader = new Uint8Array(BLOCK_HEADER_SIZE);
    const view = viewOf(blockHeader);
    view.setUint32(0, frame.length, true);
    view.setUint32(4, end - start, true);
    view.setUint32(8, checksum(frame), true);
    yield { bytes: blockHeader, isFrame: false };
    yield { bytes: frame, isFrame: true };
  }
}

function encodeMappingHeader(header: MappingHeader): Uint8Array {
  const bytes = new Uint8Array(MAPPING_HEADER_SIZE);
  const view = viewOf(bytes);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, VERSION, true);
  view.setUint32(8, header.documentCount, true);
  view.setUint32(12, header.chunkCount, true);
  view.setUint32(16, header.fingerprint, true);
  view.setUint32(20, header.blockCount, true);
  view.setUint32(28, checksum(bytes.subarray(0, 28)), true);
  return bytes;
}

/** @throws FormatError `MAPPING_MAGIC`, `MAPPING_VERSION`, `MAPPING_CHECKSUM`, `MAPPING_FLAGS` */
export function decodeMappingHeader(bytes: Uint8Array, path: string): MappingHeader {
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== MAGIC) {
    throw new FormatError('MAPPING_MAGIC', `${path} is not a zpkg mapping: it does not start with "ZMAP"`, {
      details: { path, position: 0 },
    });
  }
  const version = view.getUint16(4, true);
  if (version !== VERSION) {
    throw new FormatError(
      'MAPPING_VERSION',
      `${path} has mapping version ${version}, this program reads version ${VERSION}: use the program that wrote it`,
      {
        details: { path, position: 4, version },
      },
    );
  }
  checkChecksum(bytes.subarray(0, 28), view.getUint32(28, true), 0, path);
  if (view.getUint16(6, true) !== 0 || view.getUint32(24, true) !== 0) {
    throw new FormatError(
      'MAPPING_FLAGS',
      `${path} uses fields that this program does not know: a newer program wrote it; use that one`,
      {
        details: { path, position: 6 },
      },
    );
  }
  return {
    documentCount: view.getUint32(8, true),
    chunkCount: view.getUint32(12, true),
    fingerprint: view.getUint32(16, true),
    blockCount: view.getUint32(20, true),
  };
}

export function decodeBlockHeader(bytes: Uint8Array): { size: number; documents: number; checksum: number } {
  const view = viewOf(bytes);
  return { size: view.getUint32(0, true), documents: view.getUint32(4, true), checksum: view.getUint32(8, true) };
}

/** @throws FormatError `MAPPING_CHECKSUM`, `MAPPING_BLOCK` */
export function decodeBlock(frame: Uint8Array, documents: number, stored: number, position: number, path: string): MappingBlock {
  checkChecksum(frame, stored, position, path);
  let content: Uint8Array;
  try {
    content = createDecompressor(undefined, { maximumContent: LARGEST_BLOCK }).decompress(frame);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw blockError(path, position, cause.message);
  }
  // Every document takes at least one byte for its chunks, one for its id's length and one for its id.
  if (documents * 3 > content.length) {
    throw blockError(path, position, `${documents} documents do not fit into ${content.length} bytes`);
  }
  const numbers = new NumberReader(content, () => blockError(path, position, 'a number runs past its end'));
  const chunkCounts = new Uint32Array(documents);
  for (let i = 0; i < documents; i++) chunkCounts[i] = numbers.next() + 1;
  const idOffsets = new Uint32Array(documents + 1);
  for (let i = 0; i < documents; i++) {
    const length = numbers.next();
    if (length === 0 || length > LONGEST_ID) throw blockError(path, position, `an id has ${length} bytes`);
    const end = idOffsets[i]! + length;
    if (end > content.length) throw blockError(path, position, 'its ids run past its end');
    idOffsets[i + 1] = end;
  }
  const idBytes = content.subarray(numbers.position);
  if (idOffsets[documents] !== idBytes.length) {
    throw blockError(path, position, `its ids should take ${idOffsets[documents]} bytes and take ${idBytes.length}`);
  }
  return { chunkCounts, idOffsets, idBytes };
}

function encodeBlockContent(ids: IdTable, chunkCounts: Uint32Array, start: number, end: number): Uint8Array {
  const numbers: number[] = [];
  for (let i = start; i < end; i++) pushVarint(chunkCounts[i]! - 1, numbers);
  let idBytes = 0;
  for (let i = start; i < end; i++) {
    const { length } = ids.bytesAt(i);
    pushVarint(length, numbers);
    idBytes += length;
  }
  const content = new Uint8Array(numbers.length + idBytes);
  content.set(numbers);
  let position = numbers.length;
  for (let i = start; i < end; i++) {
    const id = ids.bytesAt(i);
    content.set(id, position);
    position += id.length;
  }
  return content;
}

/** Bytes of a number at most, and its largest value (MAPPING.md, Block). */
const LONGEST_NUMBER = 5;
const LARGEST_NUMBER = 0xfffffffe;

class NumberReader {
  readonly #bytes: Uint8Array;
  readonly #error: () => FormatError;
  position = 0;

  constructor(bytes: Uint8Array, error: () => FormatError) {
    this.#bytes = bytes;
    this.#error = error;
  }

  next(): number {
    const read = readVarint(this.#bytes, this.position, LONGEST_NUMBER);
    if (read === undefined || read.value > LARGEST_NUMBER) throw this.#error();
    this.position = read.next;
    return read.value;
  }
}

function checkChecksum(bytes: Uint8Array, stored: number, position: number, path: string): void {
  const actual = checksum(bytes);
  if (actual === stored) return;
  throw new FormatError(
    'MAPPING_CHECKSUM',
    `${path}: the checksum at byte ${position} is ${hexadecimal(actual)}, stored is ${hexadecimal(stored)}: the file is damaged`,
    {
      details: { path, position, stored, actual },
    },
  );
}

function blockError(path: string, position: number, reason: string): FormatError {
  return new FormatError(
    'MAPPING_BLOCK',
    `${path}: the block at byte ${position} is malformed, ${reason}: pack the corpus again`,
    { details: { path, position } },
  );
}
