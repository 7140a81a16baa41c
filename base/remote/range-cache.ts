import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { checksum, viewOf } from '../bytes.ts';
import { readFully, writeFully } from '../files/positioned.ts';

/** `CEMR` in ASCII, little-endian: the start of every record. */
const MAGIC = 0x524d4543;
/** Before a record's bytes: magic, CRC-32 of the bytes, position in the object (8 bytes), length. */
const RECORD_HEADER = 20;
/** A file that has so many bytes gets no more records. */
const FILE_BYTES = 32 << 20;
/** A longer range is not kept; whoever reads an object from end to end asks for as much at once (`RemoteFile.windowBytes`). */
const LONGEST = 8 << 20;

interface Place {
  readonly file: CacheFile;
  /** Of the record's bytes. */
  readonly position: number;
  readonly length: number;
  readonly check: number;
}

interface CacheFile {
  readonly path: string;
  readonly handle: FileHandle;
  size: number;
}

/**
 * Ranges of one state of one object, on disk: files of records, each with its checksum, so that whatever a killed process or another program left is a range that is asked for again. Each process
 * writes files of its own and reads those that were there when it began. `RangeCacheStore` holds the caches of all objects to a number of bytes.
 */
export class RangeCache {
  readonly #folder: string;
  readonly #store: RangeCacheStore;
  readonly #places = new Map<number, Place>();
  readonly #files: CacheFile[] = [];
  #writing: CacheFile | undefined;
  #written: Promise<unknown> = Promise.resolve();

  constructor(folder: string, store: RangeCacheStore) {
    this.#folder = folder;
    this.#store = store;
  }

  /** Finds what earlier processes left. */
  async load(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      const handle = await open(path, 'r').catch(() => undefined);
      if (handle !== undefined) await this.#loadFile({ path, handle, size: (await handle.stat()).size });
    }
  }

  /** Undefined where the range is not kept, or not whole any more. */
  async get(position: number, length: number): Promise<Uint8Array | undefined> {
    const place = this.#places.get(position);
    if (place === undefined || place.length < length) return undefined;
    const bytes = new Uint8Array(place.length);
    const read = await readFully(place.file.handle, bytes, place.position).catch(() => 0);
    if (read === place.length && checksum(bytes) === place.check) return bytes.subarray(0, length);
    this.#places.delete(position);
    return undefined;
  }

  /** Keeps a range. A disk that is full, or a folder that was taken away, means that it is not kept. */
  async put(position: number, bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0 || bytes.length > LONGEST || (this.#places.get(position)?.length ?? 0) >= bytes.length) return;
    this.#written = this.#written.then(() => this.#append(position, bytes)).catch(() => undefined);
    await this.#written;
  }

  async close(): Promise<void> {
    await this.#written;
    this.#places.clear();
    for (const { handle } of this.#files.splice(0)) await handle.close();
    this.#writing = undefined;
  }

  async #append(position: number, bytes: Uint8Array): Promise<void> {
    const record = new Uint8Array(RECORD_HEADER + bytes.length);
    const view = viewOf(record);
    const check = checksum(bytes);
    view.setUint32(0, MAGIC, true);
    view.setUint32(4, check, true);
    view.setBigUint64(8, BigInt(position), true);
    view.setUint32(16, bytes.length, true);
    record.set(bytes, RECORD_HEADER);
    await this.#store.reserve(record.length);
    if (this.#writing === undefined || this.#writing.size + record.length > FILE_BYTES) this.#writing = await this.#newFile();
    const file = this.#writing;
    await writeFully(file.handle, record, file.size);
    this.#places.set(position, { file, position: file.size + RECORD_HEADER, length: bytes.length, check });
    file.size += record.length;
  }

  async #newFile(): Promise<CacheFile> {
    await mkdir(this.#folder, { recursive: true });
    const path = join(this.#folder, `${randomBytes(8).toString('hex')}.ranges`);
    const file = { path, handle: await open(path, 'wx+'), size: 0 };
    this.#files.push(file);
    return file;
  }

  async #loadFile(file: CacheFile): Promise<void> {
    this.#files.push(file);
    const header = new Uint8Array(RECORD_HEADER);
    for (let at = 0; at + RECORD_HEADER <= file.size; ) {
      const read = await readFully(file.handle, header, at).catch(() => 0);
      const view = viewOf(header);
      const length = view.getUint32(16, true);
      const start = at + RECORD_HEADER;
      if (read < RECORD_HEADER || view.getUint32(0, true) !== MAGIC || start + length > file.size) return;
      this.#places.set(Number(view.getBigUint64(8, true)), { file, position: start, length, check: view.getUint32(4, true) });
      at = start + length;
    }
    // Used last now: `RangeCacheStore` takes the files first that were not.
    await utimes(file.path, new Date(), new Date()).catch(() => undefined);
  }
}

/** The caches of all objects, in one folder that takes at most so many bytes: what was used longest ago goes first, whole files of it. */
export class RangeCacheStore {
  readonly #folder: string;
  readonly #limit: number;
  /** Bytes that may be written before the folder is counted again. */
  #left = 0;

  /** @param limit bytes */
  constructor(folder: string, limit: number) {
    this.#folder = folder;
    this.#limit = limit;
  }

  /** The cache of one state of one object. */
  async open(key: string): Promise<RangeCache> {
    const cache = new RangeCache(join(this.#folder, key), this);
    await cache.load();
    return cache;
  }

  /** Makes room for so many bytes: a sixteenth of the limit at a time. */
  async reserve(bytes: number): Promise<void> {
    this.#left -= bytes;
    if (this.#left >= 0) return;
    const step = Math.max(bytes, Math.floor(this.#limit / 16));
    await this.#shrink(this.#limit - step);
    this.#left = step - bytes;
  }

  /** Other processes may write and remove here as well: what is gone is passed over. */
  async #shrink(limit: number): Promise<void> {
    const names = await readdir(this.#folder, { recursive: true, withFileTypes: true }).catch(() => []);
    const files: { path: string; size: number; used: number }[] = [];
    for (const entry of names) {
      const path = join(entry.parentPath, entry.name);
      const status = entry.isFile() ? await stat(path).catch(() => undefined) : undefined;
      if (status !== undefined) files.push({ path, size: status.size, used: status.mtimeMs });
    }
    let total = files.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of files.sort((a, b) => a.used - b.used)) {
      if (total <= limit) return;
      await rm(path, { force: true });
      total -= size;
    }
  }
}
