import assert from 'node:assert/strict';
import { type FileHandle, open } from 'node:fs/promises';
import { CemError, checksum, FormatError, messageOf, readFully, viewOf, writeFully } from '../../base/index.ts';

/** First bytes of the file: what it is, and the version of its records. */
const MAGIC = Buffer.from('CEMVEC01', 'latin1');
const KEY_BYTES = 32;
/** key | rows u32 | dimension u32 | seconds f64, all little-endian; then rows * dimension float32, then CRC-32 of all before it. */
const HEADER_BYTES = KEY_BYTES + 4 + 4 + 8;
const CHECKSUM_BYTES = 4;
/** A record that claims more values is torn: 4 GiB of vectors for one text. */
const LARGEST_RECORD_VALUES = 2 ** 30;

/** The vectors of one text or document. */
export interface LoggedVectors {
  readonly rows: number;
  readonly dimension: number;
  /** [rows, dimension] */
  readonly data: Float32Array;
  /** What it took to make them. */
  readonly seconds: number;
}

interface Place {
  readonly position: number;
  readonly rows: number;
  readonly dimension: number;
}

/**
 * Vectors on disk by the SHA-256 of what they were made of and by whom. The file only grows, and is flushed to the disk after every append: a process
 * that is killed loses at most the append it was in, whose torn end is cut off when the file is opened again. In memory lie the keys, not the vectors.
 * One process at a time may have it open.
 */
export class VectorLog {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #places: Map<string, Place>;
  #end: number;

  private constructor(path: string, handle: FileHandle, places: Map<string, Place>, end: number) {
    this.path = path;
    this.#handle = handle;
    this.#places = places;
    this.#end = end;
  }

  /**
   * Opens a log, or begins one.
   *
   * @throws FormatError `VECTOR_LOG_FORMAT` when the file is something else; CemError `VECTOR_LOG_UNREADABLE`
   */
  static async open(path: string): Promise<VectorLog> {
    const handle = await open(path, 'a+').then(
      // Appending mode ignores positions on Linux: the file exists now, so that it can be opened for both.
      async (created) => {
        await created.close();
        return open(path, 'r+');
      },
      (cause: unknown) => {
        throw new CemError('VECTOR_LOG_UNREADABLE', `cannot open ${path}: ${messageOf(cause)}; its folder must be writable`, {
          cause,
        });
      },
    );
    try {
      const { size } = await handle.stat();
      const magic = await readAt(handle, 0, Math.min(size, MAGIC.length));
      if (!MAGIC.subarray(0, magic.length).equals(magic)) {
        throw new FormatError('VECTOR_LOG_FORMAT', `${path} is no log of vectors of this version; take another folder`, {
          details: { path },
        });
      }
      const places = new Map<string, Place>();
      if (magic.length < MAGIC.length) await handle.write(MAGIC, 0, MAGIC.length, 0);
      const end = await scan(handle, size, places);
      if (size > end) await handle.truncate(end);
      return new VectorLog(path, handle, places, end);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Texts and documents whose vectors it has. */
  get size(): number {
    return this.#places.size;
  }

  /** @param key SHA-256, hexadecimal */
  has(key: string): boolean {
    return this.#places.has(key);
  }

  /** The vectors under a key that it has. */
  async read(key: string): Promise<LoggedVectors> {
    const place = this.#places.get(key);
    assert.ok(place, `vectors of ${key}`);
    const bytes = await readAt(this.#handle, place.position, HEADER_BYTES + 4 * place.rows * place.dimension);
    const data = new Float32Array(place.rows * place.dimension);
    Buffer.from(data.buffer).set(bytes.subarray(HEADER_BYTES));
    return { rows: place.rows, dimension: place.dimension, data, seconds: viewOf(bytes).getFloat64(KEY_BYTES + 8, true) };
  }

  /** Adds vectors under new keys, and returns when they are on the disk. */
  async append(entries: readonly (readonly [key: string, vectors: LoggedVectors])[]): Promise<void> {
    const added: [string, Place][] = [];
    const records: Buffer[] = [];
    let position = this.#end;
    for (const [key, { rows, dimension, data, seconds }] of entries) {
      assert.equal(data.length, rows * dimension);
      const record = Buffer.alloc(HEADER_BYTES + data.byteLength + CHECKSUM_BYTES);
      assert.equal(record.write(key, 'hex'), KEY_BYTES);
      record.writeUInt32LE(rows, KEY_BYTES);
      record.writeUInt32LE(dimension, KEY_BYTES + 4);
      record.writeDoubleLE(seconds, KEY_BYTES + 8);
      record.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), HEADER_BYTES);
      record.writeUInt32LE(checksum(record.subarray(0, -CHECKSUM_BYTES)), record.length - CHECKSUM_BYTES);
      records.push(record);
      added.push([key, { position, rows, dimension }]);
      position += record.length;
    }
    await writeFully(this.#handle, Buffer.concat(records), this.#end);
    await this.#handle.datasync();
    this.#end = position;
    for (const [key, place] of added) this.#places.set(key, place);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** Notes where each whole record lies, and gives the end of the last one. */
async function scan(handle: FileHandle, size: number, places: Map<string, Place>): Promise<number> {
  let position = MAGIC.length;
  while (position + HEADER_BYTES + CHECKSUM_BYTES <= size) {
    const header = await readAt(handle, position, HEADER_BYTES);
    const rows = header.readUInt32LE(KEY_BYTES);
    const dimension = header.readUInt32LE(KEY_BYTES + 4);
    const values = rows * dimension;
    const length = HEADER_BYTES + 4 * values + CHECKSUM_BYTES;
    if (values > LARGEST_RECORD_VALUES || position + length > size) break;
    const record = await readAt(handle, position, length);
    if (record.readUInt32LE(length - CHECKSUM_BYTES) !== checksum(record.subarray(0, -CHECKSUM_BYTES))) break;
    places.set(header.toString('hex', 0, KEY_BYTES), { position, rows, dimension });
    position += length;
  }
  return position;
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, await readFully(handle, bytes, position));
}
