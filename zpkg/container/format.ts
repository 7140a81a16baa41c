import { checksum, FormatError, hexadecimal, viewOf } from '../../base/index.ts';

/** `ZPKG` in ASCII, read as a little-endian number. */
const MAGIC = 0x474b505a;
export const VERSION = 1;
export const HEADER_SIZE = 32;
/** Bytes of the index section behind its last entry: its checksum. */
export const INDEX_CHECKSUM_SIZE = 4;
/** Offsets of the index are 64-bit. */
export const FLAG_WIDE_INDEX = 1;
/** The writer left literals uncompressed; says how the file was made, no reader needs it. */
export const FLAG_PLAIN_LITERALS = 2;
export const LARGEST_UINT32 = 0xffffffff;
const KNOWN_FLAGS = FLAG_WIDE_INDEX | FLAG_PLAIN_LITERALS;

/** The fixed start of a container; FORMAT.md says where each field lies. */
export interface ZpkgHeader {
  readonly flags: number;
  readonly indexOffset: number;
  readonly chunkCount: number;
  readonly dictionarySize: number;
  readonly dictionaryChecksum: number;
}

/** Where the parts of a container of a given header lie, in bytes from its start. */
export interface ZpkgLayout {
  readonly chunksStart: number;
  readonly chunksSize: number;
  readonly offsetSize: 4 | 8;
  readonly indexSize: number;
  readonly fileSize: number;
}

export function encodeHeader(header: ZpkgHeader): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE);
  const view = viewOf(bytes);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, VERSION, true);
  view.setUint16(6, header.flags, true);
  view.setBigUint64(8, BigInt(header.indexOffset), true);
  view.setUint32(16, header.chunkCount, true);
  view.setUint32(20, header.dictionarySize, true);
  view.setUint32(24, header.dictionaryChecksum, true);
  view.setUint32(28, checksum(bytes.subarray(0, 28)), true);
  return bytes;
}

/**
 * @param bytes the first 32 of the file
 * @throws FormatError `ZPKG_MAGIC`, `ZPKG_VERSION`, `ZPKG_HEADER_CHECKSUM`, `ZPKG_FLAGS`, `ZPKG_LAYOUT`
 */
export function decodeHeader(bytes: Uint8Array, path: string): ZpkgHeader {
  const view = viewOf(bytes);
  const magic = view.getUint32(0, true);
  if (magic !== MAGIC) {
    throw new FormatError(
      'ZPKG_MAGIC',
      `${path} is not a zpkg container: it starts with ${hexadecimal(magic)}, not with "ZPKG"`,
      {
        details: { path, position: 0, magic },
      },
    );
  }
  const version = view.getUint16(4, true);
  if (version !== VERSION) {
    throw new FormatError(
      'ZPKG_VERSION',
      `${path} has format version ${version}, this program reads version ${VERSION}: use the program that wrote it, or a newer one`,
      {
        details: { path, position: 4, version },
      },
    );
  }
  const stored = view.getUint32(28, true);
  const actual = checksum(bytes.subarray(0, 28));
  if (stored !== actual) {
    throw new FormatError(
      'ZPKG_HEADER_CHECKSUM',
      `${path}: the header's checksum is ${hexadecimal(actual)}, stored is ${hexadecimal(stored)}: the file is damaged`,
      {
        details: { path, position: 28, stored, actual },
      },
    );
  }
  const flags = view.getUint16(6, true);
  if ((flags & ~KNOWN_FLAGS) !== 0) {
    throw new FormatError(
      'ZPKG_FLAGS',
      `${path} has unknown flags (${hexadecimal(flags)}): a newer program wrote it; use that one`,
      { details: { path, position: 6, flags } },
    );
  }
  const indexOffset = view.getBigUint64(8, true);
  if (indexOffset > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw layoutError(path, 8, `its index would begin at byte ${indexOffset}, beyond what a file can hold`);
  }
  return {
    flags,
    indexOffset: Number(indexOffset),
    chunkCount: view.getUint32(16, true),
    dictionarySize: view.getUint32(20, true),
    dictionaryChecksum: view.getUint32(24, true),
  };
}

function layoutOf(header: ZpkgHeader): ZpkgLayout {
  const offsetSize = (header.flags & FLAG_WIDE_INDEX) !== 0 ? 8 : 4;
  const chunksStart = HEADER_SIZE + header.dictionarySize;
  const indexSize = header.chunkCount * (offsetSize + 4) + INDEX_CHECKSUM_SIZE;
  return {
    chunksStart,
    chunksSize: header.indexOffset - chunksStart,
    offsetSize,
    indexSize,
    fileSize: header.indexOffset + indexSize,
  };
}

/**
 * Refuses a header whose parts do not fill the file exactly.
 *
 * @throws FormatError `ZPKG_LAYOUT`, `ZPKG_TRUNCATED`, `ZPKG_TRAILING`
 */
export function checkLayout(header: ZpkgHeader, fileSize: number, path: string): ZpkgLayout {
  const layout = layoutOf(header);
  if (layout.chunksSize < 0) {
    throw layoutError(
      path,
      8,
      `its index would begin at byte ${header.indexOffset}, inside the header and dictionary, which end at byte ${layout.chunksStart}`,
    );
  }
  if (header.chunkCount === 0 && layout.chunksSize > 0) {
    throw layoutError(path, 16, `it has no chunks, but ${layout.chunksSize} bytes of them`);
  }
  if (layout.offsetSize === 4 && layout.chunksSize > LARGEST_UINT32) {
    throw layoutError(path, 8, `its chunks take ${layout.chunksSize} bytes, more than its 32-bit offsets reach`);
  }
  if (fileSize < layout.fileSize) {
    throw new FormatError(
      'ZPKG_TRUNCATED',
      `${path} has ${fileSize} bytes, its header says ${layout.fileSize}: the file was cut off; copy or pack it again`,
      {
        details: { path, position: fileSize, expected: layout.fileSize },
      },
    );
  }
  if (fileSize > layout.fileSize) {
    throw new FormatError(
      'ZPKG_TRAILING',
      `${path} has ${fileSize} bytes, its header says ${layout.fileSize}: something was appended to it`,
      {
        details: { path, position: layout.fileSize, expected: layout.fileSize },
      },
    );
  }
  return layout;
}

function layoutError(path: string, position: number, what: string): FormatError {
  return new FormatError('ZPKG_LAYOUT', `${path}: ${what}: the header is damaged`, { details: { path, position } });
}
