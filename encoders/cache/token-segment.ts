import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { readFully, writeFully } from '../../base/index.ts';

/*
 * A segment is what one process has added to a cache of token vectors: two files that only grow, written by nobody else ever.
 *
 * `segment-<16 hexadecimal digits>.tokens`: records (token-record.ts) one after the other.
 * `segment-<same digits>.places`: for each record 36 bytes: key [16], its begin in the first file (uint64), its bytes (uint32), their crc32 (uint32), crc32 of the 32 bytes before;
 *   numbers little-endian.
 *
 * A record is written before its place, so that the places that are there whole have their records, whatever moment a process is killed at. What does not match its checksum is absent.
 */

export const TOKEN_KEY_BYTES = 16;
const PLACE_BYTES = TOKEN_KEY_BYTES + 20;
const SEGMENT_NAME = /^(segment-[0-9a-f]{16})\.places$/;

/** Where a record lies. */
export interface RecordPlace {
  readonly segment: TokenSegment;
  readonly begin: number;
  readonly bytes: number;
  readonly checksum: number;
}

/** The segment that a file of places belongs to; undefined for every other file. */
export function tokenSegmentOf(fileName: string): string | undefined {
  return SEGMENT_NAME.exec(fileName)?.[1];
}

export class TokenSegment {
  readonly #records: FileHandle;
  readonly #places: FileHandle | undefined;
  #size = 0;
  #count = 0;

  private constructor(records: FileHandle, places?: FileHandle) {
    this.#records = records;
    this.#places = places;
  }

  /** A new segment for this process to append to. */
  static async create(folder: string): Promise<TokenSegment> {
    const name = join(folder, `segment-${randomBytes(8).toString('hex')}`);
    const records = await open(`${name}.tokens`, 'wx+');
    try {
      return new TokenSegment(records, await open(`${name}.places`, 'wx'));
    } catch (error) {
      await records.close();
      throw error;
    }
  }

  /** Opens a segment for reading and hands every whole place to `onPlace`. */
  static async open(folder: string, name: string, onPlace: (key: string, place: RecordPlace) => void): Promise<TokenSegment> {
    const places = await readFile(join(folder, `${name}.places`));
    const segment = new TokenSegment(await open(join(folder, `${name}.tokens`), 'r'));
    for (let at = 0; at + PLACE_BYTES <= places.length; at += PLACE_BYTES) {
      if (crc32(places.subarray(at, at + PLACE_BYTES - 4)) !== places.readUInt32LE(at + PLACE_BYTES - 4)) continue;
      const begin = Number(places.readBigUInt64LE(at + TOKEN_KEY_BYTES));
      const bytes = places.readUInt32LE(at + TOKEN_KEY_BYTES + 8);
      const checksum = places.readUInt32LE(at + TOKEN_KEY_BYTES + 12);
      onPlace(places.toString('latin1', at, at + TOKEN_KEY_BYTES), { segment, begin, bytes, checksum });
    }
    return segment;
  }

  /** Adds records with their keys; both are in the system's hands when it returns. */
  async append(keys: readonly string[], records: readonly Buffer[]): Promise<RecordPlace[]> {
    const places = Buffer.alloc(keys.length * PLACE_BYTES);
    let begin = this.#size;
    const added = records.map((record, index): RecordPlace => {
      const place = { segment: this, begin, bytes: record.length, checksum: crc32(record) };
      const at = index * PLACE_BYTES;
      places.write(keys[index]!, at, TOKEN_KEY_BYTES, 'latin1');
      places.writeBigUInt64LE(BigInt(place.begin), at + TOKEN_KEY_BYTES);
      places.writeUInt32LE(place.bytes, at + TOKEN_KEY_BYTES + 8);
      places.writeUInt32LE(place.checksum, at + TOKEN_KEY_BYTES + 12);
      places.writeUInt32LE(crc32(places.subarray(at, at + PLACE_BYTES - 4)), at + PLACE_BYTES - 4);
      begin += record.length;
      return place;
    });
    await writeFully(this.#records, Buffer.concat(records), this.#size);
    await writeFully(this.#places!, places, this.#count * PLACE_BYTES);
    this.#size = begin;
    this.#count += keys.length;
    return added;
  }

  /** A record's bytes; undefined where they are not what was written. */
  async read({ begin, bytes, checksum }: RecordPlace): Promise<Buffer | undefined> {
    const record = Buffer.alloc(bytes);
    await readFully(this.#records, record, begin);
    return crc32(record) === checksum ? record : undefined;
  }

  async close(): Promise<void> {
    try {
      if (this.#places !== undefined) {
        await this.#records.sync();
        await this.#places.sync();
      }
    } finally {
      await this.#records.close();
      await this.#places?.close();
    }
  }
}
