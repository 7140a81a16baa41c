import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { AtomicFile, FormatError, parseJson, readFully } from '../../base/index.ts';
import { KEY_BYTES } from './cache-segment.ts';
import { createVectorCodec } from './vector-codec.ts';

/*
 * Labels: a teacher's vectors of texts, and of the texts only their keys, as one file that can be carried to another machine.
 *
 *   8 bytes   `CEMLABEL`
 *   uint32    bytes of the header
 *   header    JSON, UTF-8: see `headerSchema`
 *   uint32    crc32 of all before it
 *   blocks    each: uint32 number of records (1 to 4096); their keys, 16 bytes each; their vectors, float16, 2 * dimension bytes each; uint32 crc32 of the block before it
 *   end       uint32 0, uint64 number of all records, uint32 crc32 of these 12 bytes
 *
 * Numbers are little-endian. A key is the first 16 bytes of the sha-256 of `document\0` or `query\0` and the text.
 */

const MAGIC = 'CEMLABEL';
const VERSION = 1;
const RECORDS_A_BLOCK = 4096;
/** Largest header that is read. */
const MOST_HEADER_BYTES = 2 ** 20;

const headerSchema = z.strictObject({
  format: z.literal('cem-labels'),
  version: z.literal(VERSION),
  id: z.string(),
  revision: z.string(),
  dimension: z.number().int().positive().max(65_536),
  settings: z.record(z.string(), z.unknown()),
});

/** Whose vectors a file has. */
export type LabelTeacher = Omit<z.infer<typeof headerSchema>, 'format' | 'version'>;

/** Vectors with their keys. */
export interface LabelBlock {
  /** One character a byte, 16 each. */
  readonly keys: readonly string[];
  /** [keys, dimension] */
  readonly vectors: Float32Array;
}

/** Writes labels; nothing is there under the file's name before `finish`. */
export class LabelFileWriter {
  readonly #file: AtomicFile;
  readonly #dimension: number;
  #records = 0;

  private constructor(file: AtomicFile, dimension: number) {
    this.#file = file;
    this.#dimension = dimension;
  }

  /** @throws CemError `FILE_CREATE`, `FILE_WRITE` */
  static async create(path: string, { id, revision, dimension, settings }: LabelTeacher): Promise<LabelFileWriter> {
    const header = Buffer.from(
      JSON.stringify({ format: 'cem-labels', version: VERSION, id, revision, dimension, settings }),
      'utf8',
    );
    const start = Buffer.concat([Buffer.from(MAGIC, 'latin1'), uint32(header.length), header]);
    const file = await AtomicFile.create(path);
    try {
      await file.append(Buffer.concat([start, uint32(crc32(start))]));
      return new LabelFileWriter(file, dimension);
    } catch (error) {
      await file.abort();
      throw error;
    }
  }

  /** @throws CemError `FILE_WRITE` */
  async append({ keys, vectors }: LabelBlock): Promise<void> {
    const dimension = this.#dimension;
    const codec = createVectorCodec('fp16', dimension);
    for (let from = 0; from < keys.length; from += RECORDS_A_BLOCK) {
      const some = keys.slice(from, from + RECORDS_A_BLOCK);
      const stored = Buffer.alloc(some.length * codec.bytesPerVector);
      some.forEach((_, index) => {
        const row = (from + index) * dimension;
        codec.encode(vectors.subarray(row, row + dimension), stored, index * codec.bytesPerVector);
      });
      const block = Buffer.concat([uint32(some.length), Buffer.from(some.join(''), 'latin1'), stored]);
      await this.#file.append(Buffer.concat([block, uint32(crc32(block))]));
      this.#records += some.length;
    }
  }

  /** Gives the file its name. */
  async finish(): Promise<number> {
    const end = Buffer.alloc(12);
    end.writeBigUInt64LE(BigInt(this.#records), 4);
    await this.#file.append(Buffer.concat([end, uint32(crc32(end))]));
    await this.#file.commit();
    return this.#records;
  }

  async abort(): Promise<void> {
    await this.#file.abort();
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

/** Reads labels, block by block. */
export class LabelFileReader {
  readonly path: string;
  readonly teacher: LabelTeacher;
  /** Bytes of the file. */
  readonly bytes: number;
  readonly #handle: FileHandle;
  readonly #start: number;

  private constructor(path: string, teacher: LabelTeacher, handle: FileHandle, bytes: number, start: number) {
    this.path = path;
    this.teacher = teacher;
    this.bytes = bytes;
    this.#handle = handle;
    this.#start = start;
  }

  /** @throws FormatError `LABELS_MALFORMED`; and as `fs.open` */
  static async open(path: string): Promise<LabelFileReader> {
    const handle = await open(path, 'r');
    try {
      const { size } = await handle.stat();
      const head = Buffer.alloc(MAGIC.length + 4);
      if (size < head.length) throw malformed(path, 'is no file of labels');
      await readFully(handle, head, 0);
      const length = head.readUInt32LE(MAGIC.length);
      if (head.toString('latin1', 0, MAGIC.length) !== MAGIC) throw malformed(path, 'is no file of labels');
      const start = head.length + length + 4;
      if (length > MOST_HEADER_BYTES || start > size) throw malformed(path, 'ends in its header');
      const whole = Buffer.alloc(start);
      await readFully(handle, whole, 0);
      if (crc32(whole.subarray(0, -4)) !== whole.readUInt32LE(start - 4)) throw malformed(path, 'has a damaged header');
      const {
        format: _format,
        version: _version,
        ...teacher
      } = parseJson(whole.toString('utf8', head.length, start - 4), headerSchema, path, {
        code: 'LABELS_MALFORMED',
        what: 'a header of labels',
        remedy: 'it was made by another version or is damaged: export it again',
      });
      return new LabelFileReader(path, teacher, handle, size, start);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /**
   * The labels from the first on, each block checked before it is given.
   *
   * @throws FormatError `LABELS_MALFORMED` where a block is damaged or the file ends early
   */
  async *blocks(onProgress?: (bytes: number) => void): AsyncGenerator<LabelBlock> {
    const { dimension } = this.teacher;
    const codec = createVectorCodec('fp16', dimension);
    let [position, records] = [this.#start, 0];
    for (;;) {
      const count = (await this.#read(position, 4)).readUInt32LE();
      if (count === 0) break;
      if (count > RECORDS_A_BLOCK) throw malformed(this.path, `has a damaged block at byte ${position}`);
      const length = 4 + count * (KEY_BYTES + codec.bytesPerVector);
      const block = await this.#read(position, length + 4);
      if (crc32(block.subarray(0, length)) !== block.readUInt32LE(length))
        throw malformed(this.path, `has a damaged block at byte ${position}`);
      const vectors = new Float32Array(count * dimension);
      const firstVector = 4 + count * KEY_BYTES;
      const keys = Array.from({ length: count }, (_, index) => {
        codec.decode(
          block,
          firstVector + index * codec.bytesPerVector,
          vectors.subarray(index * dimension, (index + 1) * dimension),
        );
        return block.toString('latin1', 4 + index * KEY_BYTES, 4 + (index + 1) * KEY_BYTES);
      });
      position += length + 4;
      records += count;
      onProgress?.(position);
      yield { keys, vectors };
    }
    const end = await this.#read(position, 16);
    const whole = crc32(end.subarray(0, 12)) === end.readUInt32LE(12) && end.readBigUInt64LE(4) === BigInt(records);
    if (!whole || position + 16 !== this.bytes) throw malformed(this.path, 'has another end than its blocks');
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #read(position: number, length: number): Promise<Buffer> {
    if (position + length > this.bytes) throw malformed(this.path, `ends early, at byte ${this.bytes}`);
    const bytes = Buffer.alloc(length);
    await readFully(this.#handle, bytes, position);
    return bytes;
  }
}

function malformed(path: string, what: string): FormatError {
  return new FormatError('LABELS_MALFORMED', `${path} ${what}: copy or export it again; nothing behind the damage is used`, {
    details: { path },
  });
}
