import { rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  AtomicFile,
  besidePath,
  CemError,
  checksum,
  FormatError,
  openRandomAccess,
  syncFolder,
  WindowedReader,
  windowsOf,
} from '../../base/index.ts';
import { IdTable } from './id-table.ts';
import {
  BLOCK_HEADER_SIZE,
  decodeBlock,
  decodeBlockHeader,
  decodeMappingHeader,
  encodeMapping,
  MAPPING_HEADER_SIZE,
  type MappingHeader,
} from './mapping-format.ts';

/** Where the mapping of a container lies. */
export function mappingPathOf(zpkgPath: string): string {
  return besidePath(zpkgPath, '.map');
}

/**
 * Where a mapping lies from before its container appears until it takes its place: two files cannot appear at once, and a pack that is killed between
 * them must leave the old container with its mapping or the new one with its own.
 */
export function nextMappingPathOf(zpkgPath: string): string {
  return besidePath(zpkgPath, '.map.next');
}

/** Chunks of one document: `count` of them from `first` on. */
export interface ChunkRange {
  readonly first: number;
  readonly count: number;
}

/** Which chunks of a container belong to which document: ids to chunks in constant time, chunks to ids in logarithmic time. Wholly in memory. */
export class Mapping {
  readonly path: string;
  /** Bytes of the file. */
  readonly size: number;
  readonly documentCount: number;
  readonly chunkCount: number;
  /** Fingerprint of the container that it was written for. */
  readonly fingerprint: number;
  /** CRC-32 of the header and the blocks' headers, one after the other: with the frames' checksums in them it stands for all that the file says. */
  readonly checksum: number;
  readonly #ids: IdTable;
  /** As it was opened. */
  readonly #address: string;
  /** [documents + 1] the number of each document's first chunk. */
  readonly #starts: Uint32Array;

  private constructor(
    address: string,
    path: string,
    size: number,
    header: MappingHeader,
    check: number,
    ids: IdTable,
    starts: Uint32Array,
  ) {
    this.#address = address;
    this.path = path;
    this.size = size;
    this.documentCount = header.documentCount;
    this.chunkCount = header.chunkCount;
    this.fingerprint = header.fingerprint;
    this.checksum = check;
    this.#ids = ids;
    this.#starts = starts;
  }

  /**
   * @throws CemError `FILE_OPEN`
   * @throws FormatError `ZPKG_TRUNCATED`, `MAPPING_MAGIC`, `MAPPING_VERSION`, `MAPPING_CHECKSUM`, `MAPPING_FLAGS`, `MAPPING_BLOCK`, `MAPPING_LAYOUT`, `MAPPING_DUPLICATE_ID`
   */
  static async open(mappingPath: string): Promise<Mapping> {
    const opened = await openRandomAccess(mappingPath);
    const { path, size } = opened;
    const file = new WindowedReader(opened);
    try {
      const headerBytes = await file.read(0, MAPPING_HEADER_SIZE);
      const header = decodeMappingHeader(headerBytes, path);
      let check = checksum(headerBytes);
      const ids = new IdTable();
      const counts: Uint32Array[] = [];
      let position = MAPPING_HEADER_SIZE;
      for (let number = 0; number < header.blockCount; number++) {
        const blockHeader = await file.read(position, BLOCK_HEADER_SIZE);
        const block = decodeBlockHeader(blockHeader);
        check = checksum(blockHeader, check);
        position += BLOCK_HEADER_SIZE;
        if (position + block.size > size) {
          throw layoutError(path, position, `block ${number} would end at byte ${position + block.size}, the file has ${size}`);
        }
        const decoded = decodeBlock(await file.read(position, block.size), block.documents, block.checksum, position, path);
        for (let i = 0; i < block.documents; i++) {
          const id = decoded.idBytes.subarray(decoded.idOffsets[i], decoded.idOffsets[i + 1]);
          if (!ids.addBytes(id)) {
            throw new FormatError(
              'MAPPING_DUPLICATE_ID',
              `${path} names ${JSON.stringify(Buffer.from(id).toString())} twice: pack the corpus again`,
              {
                details: { path, position },
              },
            );
          }
        }
        counts.push(decoded.chunkCounts);
        position += block.size;
      }
      if (position !== size) throw layoutError(path, position, `${size - position} bytes follow its last block`);
      if (ids.length !== header.documentCount)
        throw layoutError(path, 8, `it has ${ids.length} documents and declares ${header.documentCount}`);
      return new Mapping(mappingPath, path, size, header, check, ids, startsOf(counts, header, path));
    } finally {
      await opened.close();
    }
  }

  /** The bytes of its file, which is opened again. Throws as `open` does of files. */
  async *content(): AsyncGenerator<Uint8Array> {
    const file = await openRandomAccess(this.#address);
    try {
      yield* windowsOf(file);
    } finally {
      await file.close();
    }
  }

  /** Ids in the order of the corpus. */
  *ids(): Generator<string> {
    for (let document = 0; document < this.documentCount; document++) yield this.#ids.at(document);
  }

  has(id: string): boolean {
    return this.#ids.indexOf(id) >= 0;
  }

  /** The id of a document by its number, from 0, which is below `documentCount`. */
  idAt(document: number): string {
    return this.#ids.at(document);
  }

  /** @throws CemError `MAPPING_UNKNOWN_ID` */
  chunks(id: string): ChunkRange {
    return this.chunksAt(this.numberOf(id));
  }

  /** The chunks of a document by its number. */
  chunksAt(document: number): ChunkRange {
    const first = this.#starts[document]!;
    return { first, count: this.#starts[document + 1]! - first };
  }

  /**
   * The number of a document in the order of the corpus, from 0.
   *
   * @throws CemError `MAPPING_UNKNOWN_ID`
   */
  numberOf(id: string): number {
    const document = this.#ids.indexOf(id);
    if (document < 0) {
      throw new CemError(
        'MAPPING_UNKNOWN_ID',
        `${this.path} knows no document ${JSON.stringify(id)}: ids are compared byte for byte`,
        {
          details: { path: this.path, id },
        },
      );
    }
    return document;
  }

  /**
   * The id of the document that a chunk belongs to.
   *
   * @throws CemError `ZPKG_CHUNK_RANGE`
   */
  documentOf(chunk: number): string {
    return this.#ids.at(this.documentNumberOf(chunk));
  }

  /** The number of that document; throws as `documentOf`. */
  documentNumberOf(chunk: number): number {
    if (!Number.isInteger(chunk) || chunk < 0 || chunk >= this.chunkCount) {
      throw new CemError('ZPKG_CHUNK_RANGE', `${this.path} knows no chunk ${chunk}: its chunks are 0 to ${this.chunkCount - 1}`, {
        details: { path: this.path, chunk },
      });
    }
    let low = 0;
    let high = this.documentCount;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.#starts[middle]! <= chunk) low = middle;
      else high = middle;
    }
    return low;
  }
}

/** A mapping as it was written. */
export interface WrittenMapping {
  /** Size of the file. */
  readonly bytes: number;
  /** `Mapping.checksum` */
  readonly checksum: number;
}

/**
 * Writes the mapping of a container, atomically.
 *
 * @param chunkCounts [ids.length] chunks of each document, each at least 1
 * @param fingerprint `ZpkgSummary.fingerprint` of the container
 * @throws CemError `FILE_CREATE`
 */
export async function writeMapping(
  path: string,
  ids: IdTable,
  chunkCounts: Uint32Array,
  fingerprint: number,
): Promise<WrittenMapping> {
  const file = await AtomicFile.create(path);
  try {
    let check = 0;
    for (const { bytes, isFrame } of encodeMapping(ids, chunkCounts, fingerprint)) {
      await file.append(bytes);
      if (!isFrame) check = checksum(bytes, check);
    }
    await file.commit();
    return { bytes: file.size, checksum: check };
  } catch (error) {
    await file.abort();
    throw error;
  }
}

/** Puts the mapping that was written to `nextMappingPathOf` in its place, durably, after its container appeared. */
export async function settleMapping(zpkgPath: string): Promise<void> {
  await rename(nextMappingPathOf(zpkgPath), mappingPathOf(zpkgPath));
  await syncFolder(dirname(zpkgPath));
}

function startsOf(counts: readonly Uint32Array[], header: MappingHeader, path: string): Uint32Array {
  const starts = new Uint32Array(header.documentCount + 1);
  let document = 0;
  let start = 0;
  for (const block of counts) {
    for (const count of block) {
      start += count;
      if (start > header.chunkCount) break;
      document += 1;
      starts[document] = start;
    }
  }
  if (start !== header.chunkCount)
    throw layoutError(path, 12, `its documents have ${start} chunks or more and it declares ${header.chunkCount}`);
  return starts;
}

function layoutError(path: string, position: number, what: string): FormatError {
  return new FormatError('MAPPING_LAYOUT', `${path}: ${what}: the file is damaged; pack the corpus again`, {
    details: { path, position },
  });
}
