import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { readFully, writeFully } from '../../base/index.ts';

/*
 * A segment is what one process has added to a cache: two files that only grow, written by nobody else ever.
 *
 * `segment-<16 hexadecimal digits>.vectors`: vectors one after the other.
 * `segment-<same digits>.keys`: for each vector, in the same order, a record of 24 bytes:
 *   key [16], crc32 of the stored vector (uint32, little-endian), crc32 of the 20 bytes before (uint32, little-endian).
 *
 * A vector is written before its key, so whatever moment a process is killed at, the keys that are there whole have their vectors. A torn record at the
 * end, or one whose checksum is wrong, counts as absent. Since no two processes write one file, no lock is needed.
 */

export const KEY_BYTES = 16;
const RECORD_BYTES = KEY_BYTES + 8;
const SEGMENT_NAME = /^(segment-[0-9a-f]{16})\.keys$/;

/** One vector's place and checksum. */
export interface StoredVector {
  readonly segment: CacheSegment;
  readonly row: number;
  readonly checksum: number;
  /** Where the same text's vector lies as well, for when this one is damaged. */
  readonly spare?: StoredVector;
}

/** The base name that a file of keys belongs to; undefined for every other file. */
export function segmentOf(fileName: string): string | undefined {
  return SEGMENT_NAME.exec(fileName)?.[1];
}

/** What checking a segment against its checksums found. */
export interface SegmentCheck {
  /** Vectors that are as they were written. */
  readonly whole: number;
  /** Rows, ascending, whose key or vector is not what was written or is gone; for a reader they are absent. */
  readonly damaged: readonly number[];
  /** Bytes behind the last whole key and its vector: what a killed process leaves, or a running one has not finished. No damage. */
  readonly unfinishedBytes: number;
}

/** Vectors are checked in pieces of so many bytes. */
const PIECE_BYTES = 2 ** 22;

export class CacheSegment {
  readonly name: string;
  readonly #bytesPerVector: number;
  readonly #vectors: FileHandle;
  readonly #keys: FileHandle | undefined;
  #rows = 0;

  private constructor(name: string, bytesPerVector: number, vectors: FileHandle, keys?: FileHandle) {
    this.name = name;
    this.#bytesPerVector = bytesPerVector;
    this.#vectors = vectors;
    this.#keys = keys;
  }

  /** A new segment for this process to append to. */
  static async create(folder: string, bytesPerVector: number): Promise<CacheSegment> {
    const name = `segment-${randomBytes(8).toString('hex')}`;
    const vectors = await open(join(folder, `${name}.vectors`), 'wx+');
    try {
      return new CacheSegment(name, bytesPerVector, vectors, await open(join(folder, `${name}.keys`), 'wx'));
    } catch (error) {
      await vectors.close();
      throw error;
    }
  }

  /** Opens a segment for reading and hands every whole record to `onRecord`. */
  static async open(
    folder: string,
    name: string,
    bytesPerVector: number,
    onRecord: (key: string, stored: StoredVector) => void,
  ): Promise<CacheSegment> {
    const records = await readFile(join(folder, `${name}.keys`));
    const vectors = await open(join(folder, `${name}.vectors`), 'r');
    const segment = new CacheSegment(name, bytesPerVector, vectors);
    const { size } = await vectors.stat();
    segment.#rows = Math.min(Math.floor(records.length / RECORD_BYTES), Math.floor(size / bytesPerVector));
    for (let row = 0; row < segment.#rows; row++) {
      const position = row * RECORD_BYTES;
      const checked = records.subarray(position, position + RECORD_BYTES - 4);
      if (crc32(checked) !== records.readUInt32LE(position + RECORD_BYTES - 4)) continue;
      const key = records.toString('latin1', position, position + KEY_BYTES);
      onRecord(key, { segment, row, checksum: records.readUInt32LE(position + KEY_BYTES) });
    }
    return segment;
  }

  /**
   * Checks every key and every vector of a segment.
   *
   * @param onProgress is told how many further bytes were read
   */
  static async check(
    folder: string,
    name: string,
    bytesPerVector: number,
    onProgress?: (bytes: number) => void,
  ): Promise<SegmentCheck> {
    const checksums = new Map<number, number>();
    const keysSize = (await stat(join(folder, `${name}.keys`))).size;
    const segment = await CacheSegment.open(folder, name, bytesPerVector, (_key, { row, checksum }) =>
      checksums.set(row, checksum),
    );
    try {
      const { size } = await segment.#vectors.stat();
      const keys = Math.floor(keysSize / RECORD_BYTES);
      const damaged: number[] = [];
      const rowsAtOnce = Math.max(1, Math.floor(PIECE_BYTES / bytesPerVector));
      for (let row = 0; row < segment.#rows; row += rowsAtOnce) {
        const rows = Math.min(rowsAtOnce, segment.#rows - row);
        const bytes = await segment.read(row, rows);
        for (let i = 0; i < rows; i++) {
          const vector = bytes.subarray(i * bytesPerVector, (i + 1) * bytesPerVector);
          if (crc32(vector) !== checksums.get(row + i)) damaged.push(row + i);
        }
        onProgress?.(bytes.length);
      }
      const whole = segment.#rows - damaged.length;
      // A vector is written before its key, so a key whose vector is not there has lost it.
      for (let row = segment.#rows; row < keys; row++) damaged.push(row);
      return { whole, damaged, unfinishedBytes: (keysSize % RECORD_BYTES) + Math.max(0, size - keys * bytesPerVector) };
    } finally {
      await segment.close();
    }
  }

  /** Adds vectors (`stored`: their bytes one after the other) with their keys; both are in the system's hands when it returns. */
  async append(keys: readonly string[], stored: Buffer): Promise<StoredVector[]> {
    assert(this.#keys !== undefined && stored.length === keys.length * this.#bytesPerVector);
    const first = this.#rows;
    const records = Buffer.alloc(keys.length * RECORD_BYTES);
    const added = keys.map((key, i) => {
      const checksum = crc32(stored.subarray(i * this.#bytesPerVector, (i + 1) * this.#bytesPerVector));
      const position = i * RECORD_BYTES;
      records.write(key, position, KEY_BYTES, 'latin1');
      records.writeUInt32LE(checksum, position + KEY_BYTES);
      records.writeUInt32LE(crc32(records.subarray(position, position + RECORD_BYTES - 4)), position + RECORD_BYTES - 4);
      return { segment: this, row: first + i, checksum };
    });
    await writeFully(this.#vectors, stored, first * this.#bytesPerVector);
    await writeFully(this.#keys, records, first * RECORD_BYTES);
    this.#rows += keys.length;
    return added;
  }

  /** The stored bytes of `count` vectors from a row on. A file that was cut meanwhile gives zeros, which no checksum takes for a vector. */
  async read(row: number, count: number): Promise<Buffer> {
    const buffer = Buffer.alloc(count * this.#bytesPerVector);
    await readFully(this.#vectors, buffer, row * this.#bytesPerVector);
    return buffer;
  }

  async close(): Promise<void> {
    try {
      if (this.#keys !== undefined) {
        await this.#vectors.sync();
        await this.#keys.sync();
      }
    } finally {
      await this.#vectors.close();
      await this.#keys?.close();
    }
  }
}
