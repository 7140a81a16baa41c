import {
  AtomicFile,
  besidePath,
  CemError,
  checksum,
  FormatError,
  openRandomAccess,
  pushVarint,
  type RandomAccessFile,
  viewOf,
} from '../../base/index.ts';

/** `ZPAT` in ASCII, read as a little-endian number. PATCHES.md describes the file. */
const MAGIC = 0x5441505a;
const VERSION = 1;
const HEADER_SIZE = 64;
const HEADER_CHECKSUM_AT = 60;
const KEY_AT = 24;
const KEY_SIZE = 32;
const CHECKSUM_SIZE = 4;
const POSITION_SIZE = 8;

/** What boundaries belong to; others must not be taken for them. */
export interface PatchBoundariesOwner {
  readonly chunkCount: number;
  /** `ZpkgReader.fingerprint` of the container. */
  readonly fingerprint: number;
  /** `EntropyPatcher.key`: 64 hexadecimal digits. */
  readonly key: string;
}

/** Boundaries of one chunk's patches. */
export interface ChunkPatches {
  /** Number of the first byte of each patch, ascending from 0. */
  readonly starts: Uint32Array;
  /** Bytes of the text: where the last patch ends. */
  readonly bytes: number;
}

/** Where the boundaries of a container's chunks lie. */
export function patchesPathOf(zpkgPath: string): string {
  return besidePath(zpkgPath, '.patches');
}

/** The boundaries of a container's chunks, read by position: memory does not grow with the container. Safe for concurrent use. */
export class PatchBoundaries {
  readonly path: string;
  readonly chunkCount: number;
  readonly #file: RandomAccessFile;
  readonly #table: number;

  private constructor(file: RandomAccessFile, chunkCount: number, table: number) {
    this.path = file.path;
    this.#file = file;
    this.chunkCount = chunkCount;
    this.#table = table;
  }

  /**
   * @throws CemError `FILE_OPEN`, `PATCHES_STALE` when the file was written for another container, model or setting
   * @throws FormatError `ZPKG_TRUNCATED`, `PATCHES_MALFORMED`
   */
  static async open(path: string, owner: PatchBoundariesOwner): Promise<PatchBoundaries> {
    const file = await openRandomAccess(path);
    try {
      const header = await file.read(0, HEADER_SIZE);
      const view = viewOf(header);
      if (view.getUint32(0, true) !== MAGIC) throw malformedPatches(path, 0, 'it does not start with "ZPAT"');
      if (view.getUint32(HEADER_CHECKSUM_AT, true) !== checksum(header.subarray(0, HEADER_CHECKSUM_AT)))
        throw malformedPatches(path, 0, "its header's checksum is wrong");
      if (view.getUint16(4, true) !== VERSION)
        throw malformedPatches(path, 4, `it has version ${view.getUint16(4, true)}, not ${VERSION}`);
      if (!Buffer.from(header.subarray(0, 16)).equals(encodeHeader(owner, 0).subarray(0, 16)) || keyOf(header) !== owner.key) {
        throw new CemError(
          'PATCHES_STALE',
          `${path} was written for another container, entropy model or patching: remove it, and it is made anew`,
          { details: { path } },
        );
      }
      const table = Number(view.getBigUint64(16, true));
      if (table + (owner.chunkCount + 1) * POSITION_SIZE !== file.size)
        throw malformedPatches(path, 16, `its table would begin at byte ${table} of ${file.size}`);
      return new PatchBoundaries(file, owner.chunkCount, table);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** @throws CemError `ZPKG_CHUNK_RANGE`, `FILE_READ`; FormatError `PATCHES_MALFORMED` */
  async of(chunk: number): Promise<ChunkPatches> {
    if (!Number.isInteger(chunk) || chunk < 0 || chunk >= this.chunkCount) {
      throw new CemError('ZPKG_CHUNK_RANGE', `${this.path} knows no chunk ${chunk}: its chunks are 0 to ${this.chunkCount - 1}`, {
        details: { path: this.path, chunk },
      });
    }
    const at = this.#table + chunk * POSITION_SIZE;
    const positions = viewOf(await this.#file.read(at, 2 * POSITION_SIZE));
    const [start, end] = [Number(positions.getBigUint64(0, true)), Number(positions.getBigUint64(POSITION_SIZE, true))];
    if (start < HEADER_SIZE || start + CHECKSUM_SIZE > end || end > this.#table)
      throw malformedPatches(this.path, at, `the entry of chunk ${chunk} would lie at bytes ${start} to ${end}`);
    const entry = await this.#file.read(start, end - start);
    const lengths = entry.subarray(0, entry.length - CHECKSUM_SIZE);
    if (viewOf(entry).getUint32(lengths.length, true) !== entryChecksum(chunk, lengths))
      throw malformedPatches(this.path, start, `the checksum of chunk ${chunk} is wrong`);
    return decodeLengths(lengths);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/**
 * Writes the boundaries of a container's chunks, atomically.
 *
 * @param chunks one for each chunk, in the order of the container
 * @returns size of the file in bytes
 * @throws CemError `FILE_CREATE`, `FILE_WRITE`, `PATCHES_INCOMPLETE` when there are not as many as the container has chunks
 */
export async function writePatchBoundaries(
  path: string,
  owner: PatchBoundariesOwner,
  chunks: AsyncIterable<ChunkPatches>,
): Promise<number> {
  const file = await AtomicFile.create(path);
  try {
    await file.append(new Uint8Array(HEADER_SIZE));
    const table = new BigUint64Array(owner.chunkCount + 1);
    let number = 0;
    for await (const patches of chunks) {
      if (number < owner.chunkCount) {
        table[number] = BigInt(file.size);
        await file.append(encodeEntry(number, patches));
      }
      number++;
    }
    if (number !== owner.chunkCount) {
      throw new CemError(
        'PATCHES_INCOMPLETE',
        `${path}: there are boundaries of ${number} chunks, the container has ${owner.chunkCount}: give the whole corpus that was packed`,
        { details: { path, given: number, chunks: owner.chunkCount } },
      );
    }
    const tableAt = file.size;
    table[number] = BigInt(tableAt);
    const bytes = new Uint8Array(table.length * POSITION_SIZE);
    const view = viewOf(bytes);
    table.forEach((position, index) => {
      view.setBigUint64(index * POSITION_SIZE, position, true);
    });
    await file.append(bytes);
    await file.overwrite(encodeHeader(owner, tableAt), 0);
    await file.commit();
    return file.size;
  } catch (error) {
    await file.abort();
    throw error;
  }
}

function encodeHeader({ chunkCount, fingerprint, key }: PatchBoundariesOwner, table: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE);
  const view = viewOf(bytes);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, VERSION, true);
  view.setUint32(8, chunkCount, true);
  view.setUint32(12, fingerprint, true);
  view.setBigUint64(16, BigInt(table), true);
  bytes.set(Buffer.from(key, 'hex'), KEY_AT);
  view.setUint32(HEADER_CHECKSUM_AT, checksum(bytes.subarray(0, HEADER_CHECKSUM_AT)), true);
  return bytes;
}

function keyOf(header: Uint8Array): string {
  return Buffer.from(header.subarray(KEY_AT, KEY_AT + KEY_SIZE)).toString('hex');
}

function encodeEntry(chunk: number, { starts, bytes }: ChunkPatches): Uint8Array {
  const encoded: number[] = [];
  starts.forEach((start, patch) => {
    pushVarint((starts[patch + 1] ?? bytes) - start, encoded);
  });
  const entry = new Uint8Array(encoded.length + CHECKSUM_SIZE);
  entry.set(encoded);
  viewOf(entry).setUint32(encoded.length, entryChecksum(chunk, Uint8Array.from(encoded)), true);
  return entry;
}

function entryChecksum(chunk: number, lengths: Uint8Array): number {
  const number = new Uint8Array(4);
  viewOf(number).setUint32(0, chunk, true);
  return checksum(lengths, checksum(number));
}

/** Lengths whose checksum was right. */
function decodeLengths(encoded: Uint8Array): ChunkPatches {
  const starts: number[] = [];
  let bytes = 0;
  let length = 0;
  let shift = 0;
  for (const byte of encoded) {
    length |= (byte & 0x7f) << shift;
    shift += 7;
    if (byte >= 0x80) continue;
    starts.push(bytes);
    bytes += length;
    length = 0;
    shift = 0;
  }
  return { starts: Uint32Array.from(starts), bytes };
}

function malformedPatches(path: string, position: number, what: string): FormatError {
  return new FormatError('PATCHES_MALFORMED', `${path}: ${what}; the file is damaged: remove it, and it is made anew`, {
    details: { path, position },
  });
}
